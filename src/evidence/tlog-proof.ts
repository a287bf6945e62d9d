import {
  decodeHash,
  encodeHash,
  openCheckpoint,
  parseSize,
  trustOf,
  type LogTrust,
  type SignedCheckpoint,
} from './checkpoint.ts';
import { printEntry, type Entry } from './entry.ts';
import { EvidenceError } from './error.ts';
import { leafHash, verifyInclusion, type Hash } from './merkle.ts';
import type { Verifiers } from './verifiers.ts';

/** All that shows offline that a log has an entry (C2SP tlog-proof). */
export interface Proof {
  readonly index: number;
  /** The inclusion path, the entry's sibling first. */
  readonly path: readonly Hash[];
  /** The signed checkpoint. */
  readonly checkpoint: string;
}

const header = 'c2sp.org/tlog-proof@v1';
/** No tree whose size a number holds is higher. */
const highest = 53;

export const printProof = ({ index, path, checkpoint }: Proof): string =>
  `${[header, `index ${index}`, ...path.map(encodeHash)].join('\n')}\n\n${checkpoint}`;

/**
 * Reads what `printProof` prints, and nothing else: the line of extra data, which nothing authenticates, is refused.
 * @throws EvidenceError `malformed`
 */
export function parseProof(text: string): Proof {
  const end = text.indexOf('\n\n');
  const [first, index = '', ...path] = text.slice(0, Math.max(end, 0)).split('\n');
  if (first !== header || !index.startsWith('index ') || path.length > highest)
    throw new EvidenceError(
      'malformed',
      `expected ${header}, an index, up to ${highest} hashes, an empty line and a checkpoint`,
    );
  return {
    index: parseSize(index.slice('index '.length)),
    path: path.map(decodeHash),
    checkpoint: text.slice(end + 2),
  };
}

/** Where a log has an entry, and the checkpoint that shows it. */
export interface Inclusion {
  readonly index: number;
  readonly checkpoint: SignedCheckpoint;
}

/**
 * Verifies offline that a log has an entry.
 * @throws EvidenceError as `openCheckpoint` does; `malformed`, and `not-logged` when the path does not lead to the root.
 */
export function verifyProof(
  text: string,
  entry: Entry,
  log: Verifiers['log'],
  witnesses?: Verifiers['witnesses'],
): Inclusion {
  return verifyProofWith(text, entry, trustOf(log, witnesses));
}

/** The same, with keys that have been read once for many proofs. */
export function verifyProofWith(text: string, entry: Entry, trust: LogTrust): Inclusion {
  const { index, path, checkpoint: signed } = parseProof(text);
  const checkpoint = openCheckpoint(signed, trust);
  const leaf = leafHash(Buffer.from(printEntry(entry)));
  if (!verifyInclusion(leaf, index, path, checkpoint.size, checkpoint.root))
    throw new EvidenceError(
      'not-logged',
      `expected a path from the entry of ${entry.digest} at index ${index} to the root of ${checkpoint.size} entries of ${checkpoint.origin}, got one that leads elsewhere`,
    );
  return { index, checkpoint };
}
