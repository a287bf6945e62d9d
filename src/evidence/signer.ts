import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { Reference } from '../directory/common.ts';
import { resolveReference, SecretReferenceError } from '../directory/reference.ts';
import { canonical } from './canonical.ts';
import { EvidenceError } from './error.ts';
import {
  algorithmOf,
  importPrivate,
  importPublic,
  keyId,
  publicJwk,
  signBytes,
  verifySignature,
  withLowS,
  type PrivateJwk,
  type PublicJwk,
} from './keys.ts';
import { shaped } from './shape.ts';
import { signByCommand } from './sign-command.ts';
import { Signing, type KeyReference, type Signer } from './signing.ts';
import { Verifiers, type VerifierKey } from './verifiers.ts';

export { generateKey, keyId, publicJwk, type PrivateJwk } from './keys.ts';

/** What a signer takes from its surroundings. */
export interface SignerOptions {
  /** Default: that of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds that a signing command may take for one signature. Default: 10,000. */
  readonly patience?: number;
}

/**
 * Opens the key that a reference leads to.
 * @param base The directory that paths start from: that of signing.yaml.
 * @throws EvidenceError `unusable-key`; of a command only when it first signs.
 */
export async function openSigner(
  reference: KeyReference,
  holder: string,
  base: string,
  options: SignerOptions = {},
): Promise<Signer> {
  return 'command' in reference
    ? commandSigner(reference, holder, base, options.patience ?? 10_000)
    : signerOf(await readPrivate(reference, base, options.environment), holder);
}

/**
 * A signer with a key that is at hand.
 * @throws EvidenceError `unusable-key`
 */
export function signerOf(jwk: PrivateJwk, holder: string): Signer {
  const key = importPrivate(jwk);
  const alg = algorithmOf(jwk);
  return {
    id: keyId(jwk),
    alg,
    holder,
    jwk: publicJwk(jwk),
    sign: (bytes) => Promise.resolve(signBytes(alg, key, bytes)),
  };
}

type CommandReference = Extract<KeyReference, { command: readonly string[] }>;

function commandSigner(
  { command, jwk }: CommandReference,
  holder: string,
  cwd: string,
  patience: number,
): Signer {
  if (jwk['d'] !== undefined)
    throw new EvidenceError(
      'unusable-key',
      'expected the public key beside a signing command, got a private one; remove d',
    );
  const [program = '', ...args] = command;
  const key = importPublic(jwk);
  const alg = algorithmOf(jwk);
  return {
    id: keyId(jwk),
    alg,
    holder,
    jwk: publicJwk(jwk),
    async sign(bytes) {
      const raw = await signByCommand({ program, args, cwd, patience }, bytes);
      const signature = alg === 'ES256' && raw.length === 64 ? withLowS(raw) : raw;
      // A wrong key id, or DER instead of r and s, would make evidence that nobody can read.
      if (!verifySignature(alg, key, bytes, signature))
        throw new EvidenceError(
          'unusable-key',
          `expected 64 bytes that the public key ${keyId(jwk)} verifies (${alg === 'ES256' ? 'r and s, not DER' : alg}), got ${raw.length} bytes from the signing command that it does not`,
        );
      return signature;
    },
  };
}

async function readPrivate(
  reference: Reference,
  base: string,
  environment: SignerOptions['environment'],
): Promise<PrivateJwk> {
  const place =
    'env' in reference ? `the variable ${reference.env}` : `the file ${resolve(base, reference.file)}`;
  const refuse = (what: string, cause?: unknown): EvidenceError =>
    new EvidenceError(
      'unusable-key',
      `expected a private key as JWK in ${place}, but ${what}`,
      cause === undefined ? {} : { cause },
    );
  let value: unknown;
  try {
    value = JSON.parse(await resolveReference(reference, base, environment));
  } catch (error) {
    if (error instanceof SecretReferenceError) throw refuse(leads[error.code], error);
    // The cause quotes the text, and so a part of the key: it is not passed on.
    throw refuse('it is no JSON');
  }
  if (!isPrivate(value)) throw refuse('its member d, the private one, is not there');
  return value;
}

const leads: Readonly<Record<SecretReferenceError['code'], string>> = {
  'missing-file': 'there is no such file',
  'unreadable-file': 'it cannot be read',
  'missing-variable': 'it is not set',
  empty: 'it is empty',
};

const isPrivate = (value: unknown): value is PrivateJwk =>
  typeof value === 'object' && value !== null && 'd' in value && typeof value.d === 'string';

/** The entry of verifiers.json that makes a key count. */
export const verifierKey = (
  jwk: PublicJwk,
  rights: Omit<VerifierKey, 'id' | 'alg' | 'jwk'>,
): VerifierKey => ({ ...rights, id: keyId(jwk), alg: algorithmOf(jwk), jwk: { ...publicJwk(jwk) } });

/**
 * Reads signing.yaml. Paths in it start from its directory.
 * @throws EvidenceError `unusable-key` when it cannot be read, `malformed` when it says something else.
 */
export async function loadSigning(path: string): Promise<Signing> {
  const document = parseDocument(await readText(path), { uniqueKeys: true });
  const [mistake] = document.errors;
  // The parser's own messages may quote a secret.
  if (mistake !== undefined)
    throw new EvidenceError(
      'malformed',
      `expected YAML in ${path}, got something else in line ${mistake.linePos?.[0].line ?? 1}`,
    );
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new EvidenceError('malformed', `expected YAML without aliases in ${path}; write each value out`);
  }
  return shaped(Signing, value, `the keys to sign with in ${path}`);
}

/**
 * Reads verifiers.json: whose signatures count.
 * @throws EvidenceError `unusable-key` when it cannot be read or a key in it is not usable, `malformed` when it says something else.
 */
export async function readVerifiers(path: string): Promise<Verifiers> {
  const text = await readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EvidenceError('malformed', `expected JSON in ${path}, got something else`, { cause });
  }
  const verifiers = shaped(Verifiers, value, `the keys that count in ${path}`);
  const ids = verifiers.keys.map((key) => key.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined)
    throw new EvidenceError('malformed', `expected each key of ${path} once, got ${twice} twice`);
  for (const key of verifiers.keys) checkKey(key, path);
  return verifiers;
}

function checkKey({ id, alg, jwk, from, until }: VerifierKey, path: string): void {
  if (canonical(publicJwk(jwk)) !== canonical(jwk))
    throw new EvidenceError(
      'unusable-key',
      `expected only the public members of the key ${id} in ${path}; remove the others, and replace the key if d was among them`,
    );
  if (keyId(jwk) !== id || algorithmOf(jwk) !== alg)
    throw new EvidenceError(
      'unusable-key',
      `expected id and alg of the key ${id} in ${path} to be ${keyId(jwk)} and ${algorithmOf(jwk)}`,
    );
  if (until !== undefined && until < from)
    throw new EvidenceError(
      'malformed',
      `expected the key ${id} in ${path} to count until after ${from}, got ${until}`,
    );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new EvidenceError('unusable-key', `${path} cannot be read; expected a file there`, { cause });
  }
}
