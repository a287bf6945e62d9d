import { editions, type EditionId } from '../profiles/editions.ts';
import { catalogue } from '../requirements/catalogue.ts';
import { canonical, digestOf } from './canonical.ts';

/**
 * The digest of a profile edition: of its id, and of the id, level and text of each requirement, sorted by id. A reader compares
 * it with that of its own catalogue: the same digest is the same demand.
 */
export function editionDigest(id: EditionId): string {
  const requirements = editions[id].requirements
    .toSorted((one, other) => (one < other ? -1 : 1))
    .map((each) => ({ id: each, level: catalogue[each].level, text: catalogue[each].text }));
  return digestOf(canonical({ id, requirements }));
}
