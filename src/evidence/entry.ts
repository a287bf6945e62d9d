import { Type, type Static } from 'typebox';
import { canonical, parseCanonical } from './canonical.ts';
import { envelopeDigest, unverifiedStatement } from './envelope.ts';
import { EvidenceError } from './error.ts';
import { shaped } from './shape.ts';
import { Digest } from './statement.ts';

const name = (description: string) => Type.String({ minLength: 1, description });

/** What the log says of an envelope: enough to find it, and to know whom it concerns. */
export const Entry = Type.Object(
  {
    digest: Digest,
    environment: name('Or * where the statement names none.'),
    integration: name('Or * for all.'),
    predicate: name('The predicate type.'),
  },
  { additionalProperties: false },
);
export type Entry = Static<typeof Entry>;

/** Bytes that an entry may have: its length is a uint16 in the log (C2SP tlog-tiles). */
const longest = 0xff_ff;

/**
 * The entry of an envelope. Its signatures are not verified: who appends has done so before.
 * @throws EvidenceError `malformed`, `not-canonical`
 */
export function entryOf(envelope: string): Entry {
  const { predicate, predicateType } = unverifiedStatement(envelope);
  const said: Readonly<Record<string, unknown>> = isRecord(predicate) ? predicate : {};
  // A transition says its environment in the certification that it leads to.
  const inner = isRecord(said['certification']) ? said['certification']['environment'] : undefined;
  const { integration, environment = inner ?? '*' } = said;
  return parseEntry(
    canonical({ digest: envelopeDigest(envelope), environment, integration, predicate: predicateType }),
  );
}

/** An entry as it stands in the log: canonical JSON. */
export const printEntry = (entry: Entry): string => canonical(entry);

/**
 * Reads what `printEntry` prints, and nothing else.
 * @throws EvidenceError `malformed`, `not-canonical`
 */
export function parseEntry(text: string): Entry {
  const entry = shaped(Entry, parseCanonical(text), 'an entry of the log');
  const length = Buffer.byteLength(text);
  if (length > longest)
    throw new EvidenceError('malformed', `expected an entry of at most ${longest} bytes, got ${length}`);
  return entry;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
