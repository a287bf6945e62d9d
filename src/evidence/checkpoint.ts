import { cosignaturesOf, demandQuorum, type Cosignature } from './cosignature.ts';
import { EvidenceError } from './error.ts';
import type { Hash, Head } from './merkle.ts';
import { noteKey, parseNote, parseVerifierKey, printNote, signersOf, type NoteKey } from './note.ts';
import type { Signer } from './signing.ts';
import type { Verifiers } from './verifiers.ts';

/** The head of a log: how many entries it has, and the root of the tree over them. */
export interface Checkpoint extends Head {
  readonly origin: string;
}

/** A checkpoint that the log signed, and enough witnesses with it. */
export interface SignedCheckpoint extends Checkpoint {
  readonly text: string;
  readonly cosignatures: readonly Cosignature[];
}

/** Whose checkpoints count: the log's keys, and how many of which witnesses must have seen them. */
export interface LogTrust {
  readonly origin: string;
  readonly keys: readonly NoteKey[];
  readonly witnesses: readonly NoteKey[];
  readonly quorum: number;
}

/**
 * Reads what verifiers.json says of the log.
 * @throws EvidenceError `malformed`, `unusable-key`
 */
export function trustOf(log: Verifiers['log'], witnesses?: Verifiers['witnesses']): LogTrust {
  const { keys = [], quorum = 0 } = witnesses ?? {};
  if (quorum > keys.length)
    throw new EvidenceError(
      'malformed',
      `expected a quorum of at most the ${keys.length} witnesses, got ${quorum}`,
    );
  return {
    origin: log.origin,
    keys: log.keys.map((key) => parseVerifierKey(key, 'log')),
    witnesses: keys.map((key) => parseVerifierKey(key, 'witness')),
    quorum,
  };
}

/** The verifier key by which readers know a log that signs with this Ed25519 key. Its name is the origin. */
export function logKey(origin: string, { alg, jwk }: Pick<Signer, 'alg' | 'jwk'>): NoteKey {
  if (alg !== 'Ed25519')
    throw new EvidenceError('unusable-key', `expected an Ed25519 key for the log ${origin}, got ${alg}`);
  return noteKey('log', origin, Buffer.from(jwk['x'] ?? '', 'base64url'));
}

/** The note text of a checkpoint: origin, size and root (C2SP tlog-checkpoint); no extension lines. */
export const printCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${encodeHash(root)}\n`;

/**
 * Reads the note text of a checkpoint, and no other spelling of it. Extension lines are refused: nobody could audit them.
 * @throws EvidenceError `malformed`, `not-canonical`
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', end, more] = text.split('\n');
  if (origin === '' || end !== '' || more !== undefined)
    throw new EvidenceError(
      'malformed',
      `expected a checkpoint of origin, size and root, got ${JSON.stringify(text)}`,
    );
  return { origin, size: parseSize(size), root: decodeHash(root) };
}

/** A checkpoint signed by the log. */
export async function signCheckpoint(checkpoint: Checkpoint, signer: Signer): Promise<string> {
  const { name, id } = logKey(checkpoint.origin, signer);
  const text = printCheckpoint(checkpoint);
  return printNote({ text, signatures: [{ name, id, bytes: await signer.sign(Buffer.from(text)) }] });
}

/**
 * Opens a signed checkpoint of one log.
 * @throws EvidenceError `malformed`, `not-canonical`; `wrong-subject` for another log's, `unknown-key` or `bad-signature`
 * when the log has not signed it, `not-logged` when too few witnesses have.
 */
export function openCheckpoint(text: string, trust: LogTrust): SignedCheckpoint {
  const note = parseNote(text);
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin !== trust.origin)
    throw new EvidenceError(
      'wrong-subject',
      `expected a checkpoint of the log ${trust.origin}, got one of ${checkpoint.origin}`,
    );
  if (signersOf(note, trust.keys, (raw) => ({ bytes: Buffer.from(note.text), raw })).length === 0)
    throw new EvidenceError(
      'unknown-key',
      `expected a checkpoint signed by ${trust.keys.map(({ name, id }) => `${name}+${id}`).join(' or ')}, got one signed by ${note.signatures.map(({ name, id }) => `${name}+${id}`).join(', ')}`,
    );
  const cosignatures = cosignaturesOf(note, trust.witnesses);
  demandQuorum(cosignatures, trust.quorum);
  return { ...checkpoint, text, cosignatures };
}

/** A size or an index as decimal digits without leading zeroes. */
export function parseSize(text: string): number {
  const size = Number(text);
  if (!/^(?:0|[1-9]\d{0,15})$/u.test(text) || !Number.isSafeInteger(size))
    throw new EvidenceError(
      'malformed',
      `expected a number in decimal digits below 2^53, got ${JSON.stringify(text)}`,
    );
  return size;
}

/** A hash in base64 with padding. */
export const encodeHash = (hash: Hash): string => Buffer.from(hash).toString('base64');

/** Reads what `encodeHash` prints, and nothing else. */
export function decodeHash(text: string): Hash {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32 || encodeHash(bytes) !== text)
    throw new EvidenceError(
      'malformed',
      `expected a SHA-256 hash in base64 with padding, got ${JSON.stringify(text)}`,
    );
  return bytes;
}
