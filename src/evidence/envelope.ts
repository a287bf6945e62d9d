import type { KeyObject } from 'node:crypto';
import { Type, type Static, type TSchema } from 'typebox';
import { canonical, checkCanonical, digestOf, parseCanonical, parseJson } from './canonical.ts';
import { EvidenceError } from './error.ts';
import { algorithmOf, importPublic, keyId, verifySignature } from './keys.ts';
import { shaped } from './shape.ts';
import type { Signer } from './signing.ts';
import { isInstant, statementOf, type Statement } from './statement.ts';
import type { Entitlement, VerifierKey, Verifiers } from './verifiers.ts';

/** What the payload is (in-toto's own media type). */
export const payloadType = 'application/vnd.in-toto+json';

/** Characters of an envelope; a run of a thousand checks has about 200,000. */
const longest = 16 * 1024 * 1024;

const closed = { additionalProperties: false } as const;
const Base64 = Type.String({ minLength: 1, pattern: '^[A-Za-z0-9+/]+={0,2}$' });

const Envelope = Type.Object(
  {
    payload: Base64,
    payloadType: Type.Literal(payloadType),
    signatures: Type.Array(Type.Object({ keyid: Type.String(), sig: Base64 }, closed), {
      minItems: 1,
      maxItems: 16,
    }),
  },
  closed,
);
type Envelope = Static<typeof Envelope>;

const AnyStatement = Type.Object(
  { ...statementOf('', Type.Unknown()).properties, predicateType: Type.String({ minLength: 1 }) },
  closed,
);

/** A statement that keys which count have signed. */
export interface Opened<S> {
  readonly statement: S;
  /** Digest of the envelope: its name in the log and in the evidence directory. */
  readonly digest: string;
  readonly keys: readonly VerifierKey[];
}

/** The bytes that are signed: DSSE v1, PAE(type, body). */
export function preAuthenticationEncoding(type: string, body: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `;
  return Buffer.concat([Buffer.from(head), body]);
}

/**
 * Signs a statement, and prints the envelope.
 * @throws EvidenceError `malformed` for what is no statement, `unusable-key` without signers, or with one twice.
 */
export async function seal(statement: Statement, signers: readonly Signer[]): Promise<string> {
  const ids = signers.map(({ id }) => id);
  if (ids.length === 0 || new Set(ids).size !== ids.length)
    throw new EvidenceError(
      'unusable-key',
      `expected one signer or several different ones, got ${ids.length}`,
    );
  const payload = Buffer.from(canonical(shaped(AnyStatement, statement, 'an in-toto Statement')));
  const bytes = preAuthenticationEncoding(payloadType, payload);
  const signatures = await Promise.all(
    signers.map(async (signer) => ({ keyid: signer.id, sig: encode(await signer.sign(bytes)) })),
  );
  const envelope: Envelope = {
    payload: encode(payload),
    payloadType,
    signatures: signatures.toSorted(byKeyid),
  };
  return canonical(envelope);
}

/** The name of an envelope: SHA-256 of its text. */
export const envelopeDigest = (text: string): string => digestOf(text);

/**
 * Opens an envelope that `seal` printed. Each of its signatures must be good and of a key that counts: with one that nobody
 * can check, anybody could make a second envelope of a signed statement. Stricter than DSSE asks for, which skips such
 * signatures. To leave out one of several signatures stays possible: what must happen once is told apart by the statement.
 * @throws EvidenceError `not-canonical`, `malformed`, `unknown-key`, `bad-signature`
 */
export function openEnvelope(text: string, verifiers: Verifiers): Opened<Statement> {
  const { payload, signatures } = parseEnvelope(text);
  const bytes = preAuthenticationEncoding(payloadType, payload);
  const keys = signatures.map(({ keyid, sig }) => {
    const key = verifiers.keys.find(({ id }) => id === keyid);
    if (key === undefined)
      throw new EvidenceError(
        'unknown-key',
        `expected a signature of a key that counts, got one of ${keyid}`,
      );
    if (!verifySignature(key.alg, usable(key), bytes, sig))
      throw new EvidenceError(
        'bad-signature',
        `the signature of ${key.holder} (key ${keyid}) does not fit what it stands under`,
      );
    return key;
  });
  return { statement: parseStatement(payload), digest: envelopeDigest(text), keys };
}

/** Of what kind a statement must be, and who may have made it. */
export interface Rights<S> {
  readonly may: Entitlement;
  /** When the statement says that it was made. */
  readonly at: (statement: S) => string;
  /** late: what was due before the key counted is told by it all the same. */
  readonly told?: 'late';
}

/**
 * Opens an envelope with a statement of one kind. Of its keys are told those that were entitled to it when it was made.
 * @throws EvidenceError as `openEnvelope` does; `malformed` for another kind, `key-not-entitled` without an entitled key.
 */
export function readStatement<S extends TSchema>(
  text: string,
  schema: S,
  verifiers: Verifiers,
  { may, at, told }: Rights<Static<S>>,
): Opened<Static<S>> {
  const opened = openEnvelope(text, verifiers);
  const statement = shaped(schema, opened.statement, 'a statement of its kind');
  const made = at(statement);
  if (!isInstant(made)) throw new EvidenceError('malformed', `expected an instant, got ${made}`);
  const keys = opened.keys.filter(
    (key) =>
      key.may.includes(may) &&
      covers(key, statement) &&
      (told === 'late' || key.from <= made) &&
      (key.until === undefined || made <= key.until),
  );
  if (keys.length === 0)
    throw new EvidenceError(
      'key-not-entitled',
      `expected a key that may ${may} at ${made}, got ${opened.keys.map((key) => `${key.id} of ${key.holder} (${spell(key)})`).join(', ')}`,
    );
  return { ...opened, statement, keys };
}

/**
 * The statement of an envelope that nobody has verified: to find out what it is about, and for nothing else.
 * @throws EvidenceError `not-canonical`, `malformed`
 */
export const unverifiedStatement = (text: string): Statement => parseStatement(parseEnvelope(text).payload);

function parseEnvelope(text: string): {
  payload: Uint8Array;
  signatures: { keyid: string; sig: Uint8Array }[];
} {
  if (text.length > longest)
    throw new EvidenceError(
      'malformed',
      `expected an envelope of at most ${longest} characters, got ${text.length}`,
    );
  const { payload, signatures } = checkCanonical(text, shaped(Envelope, parseJson(text), 'a DSSE envelope'));
  if (signatures.some((each, index) => index > 0 && byKeyid(signatures[index - 1] ?? each, each) >= 0))
    throw new EvidenceError(
      'not-canonical',
      'expected the signatures in the order of their keyids, each once',
    );
  return {
    payload: decode(payload),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: decode(sig) })),
  };
}

function parseStatement(payload: Uint8Array): Statement {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
  } catch (cause) {
    throw new EvidenceError('malformed', 'expected a payload in UTF-8, got other bytes', { cause });
  }
  return shaped(AnyStatement, parseCanonical(text), 'an in-toto Statement');
}

const byKeyid = (one: { keyid: string }, other: { keyid: string }): number =>
  one.keyid === other.keyid ? 0 : one.keyid < other.keyid ? -1 : 1;

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Only what `encode` prints: full padding, and no bits left over. */
function decode(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (encode(bytes) !== text)
    throw new EvidenceError(
      'not-canonical',
      'expected base64 with padding (RFC 4648, section 4), got another spelling',
    );
  return bytes;
}

/** Keys that were found to be what their ids say. */
const imported = new WeakMap<VerifierKey, KeyObject>();

function usable(key: VerifierKey): KeyObject {
  const known = imported.get(key);
  if (known !== undefined) return known;
  if (keyId(key.jwk) !== key.id || algorithmOf(key.jwk) !== key.alg)
    throw new EvidenceError(
      'unusable-key',
      `expected the key ${key.id} to be what its id says, got ${keyId(key.jwk)}`,
    );
  const fresh = importPublic(key.jwk);
  imported.set(key, fresh);
  return fresh;
}

/** Whether a key counts for what a statement is about. What names no environment is about all of them. */
function covers(
  { integrations, environments }: VerifierKey,
  { predicate }: { readonly predicate: unknown },
): boolean {
  const { integration, environment, certification } = predicate as {
    readonly integration?: unknown;
    readonly environment?: unknown;
    /** A transition names its environment there. */
    readonly certification?: { readonly environment?: unknown };
  };
  const where = environment ?? certification?.environment;
  return (
    (integrations === undefined || integrations.some((each) => each === integration)) &&
    (environments === undefined || environments.some((each) => each === where))
  );
}

const spell = ({ may, integrations, environments, from, until }: VerifierKey): string =>
  [
    may.join(', '),
    ...(integrations === undefined ? [] : [`for ${integrations.join(', ')}`]),
    ...(environments === undefined ? [] : [`in ${environments.join(', ')}`]),
    `from ${from}${until === undefined ? '' : ` until ${until}`}`,
  ].join('; ');
