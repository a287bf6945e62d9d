import { hash, type KeyObject } from 'node:crypto';
import { EvidenceError } from './error.ts';
import { importPublic, verifySignature } from './keys.ts';

/** What a key of a note signs: the note itself (signed-note), or that a witness saw it (tlog-cosignature). */
export const keyTypes = { log: 0x01, witness: 0x04 } as const;
export type KeyType = keyof typeof keyTypes;

/** A public Ed25519 key that verifies notes, under a name. */
export interface NoteKey {
  readonly type: KeyType;
  readonly name: string;
  /** The key ID, 8 digits of lower case hexadecimal: an identifier, which others can collide with. */
  readonly id: string;
  readonly raw: Uint8Array;
  readonly key: KeyObject;
}

/** A signature line: whose it says it is, and its bytes after the key ID. */
export interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** A text with signatures that nobody has verified. The text ends with a newline. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Signatures that a note may have; 16 is the least that signed-note allows for. */
const most = 64;

/**
 * A key by its name and its 32 bytes (C2SP signed-note, "Signatures").
 * @throws EvidenceError `malformed` for a name that notes cannot hold, `unusable-key` for bytes that are no key.
 */
export function noteKey(type: KeyType, name: string, raw: Uint8Array): NoteKey {
  if (!isName(name))
    throw new EvidenceError(
      'malformed',
      `expected the name of a key, without spaces and plus signs, got ${JSON.stringify(name)}`,
    );
  if (raw.length !== 32)
    throw new EvidenceError(
      'unusable-key',
      `expected an Ed25519 key of 32 bytes for ${name}, got ${raw.length}`,
    );
  const key = importPublic({ kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') });
  const hashed = Buffer.concat([Buffer.from(`${name}\n`), Uint8Array.of(keyTypes[type]), raw]);
  return { type, name, id: hash('sha256', hashed, 'hex').slice(0, 8), raw, key };
}

/** A verifier key: name, key ID and base64 of type and key, with plus signs between. */
export const printVerifierKey = ({ type, name, id, raw }: NoteKey): string =>
  `${name}+${id}+${Buffer.from([keyTypes[type], ...raw]).toString('base64')}`;

/**
 * Reads a verifier key of one type.
 * @throws EvidenceError `malformed`, `unusable-key`
 */
export function parseVerifierKey(text: string, type: KeyType): NoteKey {
  const [name, , encoded] = splitKey(text);
  const bytes = encoded === undefined ? Buffer.of() : Buffer.from(encoded, 'base64');
  if (name !== undefined && bytes[0] === keyTypes[type]) {
    const key = noteKey(type, name, bytes.subarray(1));
    if (printVerifierKey(key) === text) return key;
  }
  throw new EvidenceError(
    'malformed',
    `expected a verifier key <name>+<hash>+<base64> of an Ed25519 key of a ${type} (type ${keyTypes[type]}), got ${JSON.stringify(text)}`,
  );
}

/** The first two plus signs part a verifier key; base64 may have more of them. */
const splitKey = (text: string): readonly (string | undefined)[] =>
  /^([^+]+)\+([^+]+)\+(.+)$/su.exec(text)?.slice(1) ?? [];

/** A note as it is published. */
export const printNote = ({ text, signatures }: Note): string =>
  `${text}\n${signatures.map(printSignature).join('')}`;

/** One signature line of a note. */
export const printSignature = ({ name, id, bytes }: NoteSignature): string =>
  `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), bytes]).toString('base64')}\n`;

/**
 * Reads a note, and no other spelling of it. Two signatures of one name and key ID are refused, which signed-note allows:
 * of two, one would be of nobody.
 * @throws EvidenceError `malformed`, `not-canonical`
 */
export function parseNote(note: string): Note {
  const end = note.lastIndexOf('\n\n');
  if (end < 0)
    throw new EvidenceError('malformed', 'expected a signed note: a text, an empty line and signature lines');
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0 || lines.length > most)
    throw new EvidenceError(
      'malformed',
      `expected a note with 1 to ${most} signature lines, each with a line end`,
    );
  // oxlint-disable-next-line no-control-regex
  if (!note.isWellFormed() || /[\u0000-\u0009\u000B-\u001F]/u.test(note))
    throw new EvidenceError('malformed', 'expected a note without control characters');
  const parsed = { text, signatures: lines.map(parseSignature) };
  if (printNote(parsed) !== note)
    throw new EvidenceError(
      'not-canonical',
      'expected signatures in base64 with padding, got another spelling',
    );
  const names = new Set(parsed.signatures.map(({ name, id }) => `${name}+${id}`));
  if (names.size !== parsed.signatures.length)
    throw new EvidenceError('malformed', 'expected one signature of each key, got two of one');
  return parsed;
}

/**
 * Reads one signature line, without its line end.
 * @throws EvidenceError `malformed`
 */
export function parseSignature(line: string): NoteSignature {
  const [dash, name = '', encoded = '', more] = line.split(' ');
  const bytes = Buffer.from(encoded, 'base64');
  if (dash !== '—' || more !== undefined || !isName(name) || bytes.length < 5)
    throw new EvidenceError(
      'malformed',
      `expected a signature line "— <name> <base64>", got ${JSON.stringify(line)}`,
    );
  return { name, id: bytes.subarray(0, 4).toString('hex'), bytes: bytes.subarray(4) };
}

/**
 * The keys that signed a note. Signatures of other keys are skipped, as signed-note demands; a bad one of a key that
 * counts refuses the whole note.
 * @param signed The bytes that a signature covers, and the raw signature; undefined where its form is wrong.
 * @throws EvidenceError `bad-signature`
 */
export function signersOf(
  note: Note,
  keys: readonly NoteKey[],
  signed: (signature: Uint8Array) => { readonly bytes: Uint8Array; readonly raw: Uint8Array } | undefined,
): readonly { readonly key: NoteKey; readonly signature: NoteSignature }[] {
  return note.signatures.flatMap((signature) => {
    const key = keys.find(({ name, id }) => name === signature.name && id === signature.id);
    if (key === undefined) return [];
    const parts = signed(signature.bytes);
    if (parts === undefined || !verifySignature('Ed25519', key.key, parts.bytes, parts.raw))
      throw new EvidenceError(
        'bad-signature',
        `the signature of ${key.name} (key ${key.id}) does not fit the note that it stands under`,
      );
    return [{ key, signature }];
  });
}

/** Unicode spaces and the plus sign would make a verifier key or a signature line ambiguous. */
const isName = (name: string): boolean =>
  name !== '' && name.isWellFormed() && !/[\s\u0085+\p{Cc}]/u.test(name);
