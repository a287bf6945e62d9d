import { clientFoundations } from './client-foundations.ts';
import { fapi2ms } from './fapi2-ms.ts';
import { fapi2sp } from './fapi2-sp.ts';
import { foundations } from './foundations.ts';
import type { Requirement } from './specification.ts';

/** Every requirement that Assay knows, by its id. */
export const catalogue = { ...fapi2sp, ...fapi2ms, ...foundations, ...clientFoundations };

/** The id of a requirement: `<specification>/<clause>-<position in its list>`. */
export type RequirementId = keyof typeof catalogue;

/** All ids, in the order of the specifications. */
export const requirementIds = Object.keys(catalogue) as readonly RequirementId[];

/** The requirement with an id, or undefined for a text that is no id. */
export function findRequirement(id: string): Requirement | undefined {
  return Object.hasOwn(catalogue, id) ? catalogue[id as RequirementId] : undefined;
}
