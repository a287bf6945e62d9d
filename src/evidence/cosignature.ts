import { EvidenceError } from './error.ts';
import { noteKey, printSignature, signersOf, type Note, type NoteKey } from './note.ts';
import type { Signer } from './signing.ts';

/** That a witness saw a checkpoint, and nothing that contradicts it, up to a time. */
export interface Cosignature {
  readonly witness: NoteKey;
  /** Seconds since 1970. */
  readonly time: number;
}

/** What a witness signs: when it saw which note text (C2SP tlog-cosignature, "Ed25519 signed message"). */
const message = (text: string, time: bigint): Uint8Array =>
  Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);

/**
 * The signature line of a witness for a note text. A witness has made sure before that the log only grew.
 * @param witness Its name, and the Ed25519 key that it uses for nothing else.
 * @param time Seconds since 1970.
 * @throws EvidenceError `unusable-key`, `malformed`
 */
export async function cosign(
  text: string,
  witness: { name: string; signer: Signer },
  time: number,
): Promise<string> {
  const { name, signer } = witness;
  const { id } = noteKey('witness', name, Buffer.from(signer.jwk['x'] ?? '', 'base64url'));
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(time));
  const signature = await signer.sign(message(text, BigInt(time)));
  return printSignature({ name, id, bytes: Buffer.concat([stamp, signature]) });
}

/**
 * The cosignatures of witnesses that count.
 * @throws EvidenceError `bad-signature` when one of them is bad.
 */
export function cosignaturesOf(note: Note, witnesses: readonly NoteKey[]): readonly Cosignature[] {
  const timeOf = (bytes: Uint8Array): bigint => Buffer.from(bytes).readBigUInt64BE();
  const signed = (bytes: Uint8Array) => {
    // A time up to 2^63 - 1; one that a number cannot hold exactly is no time of this planet.
    if (bytes.length !== 72 || timeOf(bytes) > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
    return { bytes: message(note.text, timeOf(bytes)), raw: bytes.subarray(8) };
  };
  return signersOf(note, witnesses, signed).map(({ key, signature }) => ({
    witness: key,
    time: Number(timeOf(signature.bytes)),
  }));
}

/**
 * Demands that enough different witnesses saw a note. A key that stands under two names is one witness.
 * @throws EvidenceError `not-logged`
 */
export function demandQuorum(cosignatures: readonly Cosignature[], quorum: number): void {
  const seen = new Map(
    cosignatures.map(({ witness }) => [Buffer.from(witness.raw).toString('hex'), witness.name]),
  );
  if (seen.size < quorum)
    throw new EvidenceError(
      'not-logged',
      `expected cosignatures of ${quorum} witnesses on the checkpoint, got ${seen.size}${seen.size > 0 ? ` (${[...seen.values()].join(', ')})` : ''}`,
    );
}
