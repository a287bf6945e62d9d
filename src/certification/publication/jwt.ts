import { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import type { PublicJwk } from '../../evidence/keys.ts';
import type { Signer } from '../../evidence/signing.ts';
import { PublicationError, type PublicationErrorCode } from './error.ts';

/** The names of JWS for the algorithms of signers. Readers know EdDSA (RFC 8037) better than its new name, Ed25519. */
const names = { ES256: 'ES256', Ed25519: 'EdDSA' } as const;

/** The public key of a signer as a member of a JWK Set, with the key id that its JWTs name. */
export const published = ({ jwk, id, alg }: Pick<Signer, 'jwk' | 'id' | 'alg'>): PublicJwk => ({
  ...jwk,
  kid: id,
  use: 'sig',
  alg: names[alg],
});

/** Whole seconds since the epoch (NumericDate of RFC 7519). */
export const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);

/** A JWT (RFC 7519) with an explicit type (RFC 8725, section 3.11), in compact form. */
export async function signJwt(
  signer: Signer,
  typ: string,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const input = `${encode({ alg: names[signer.alg], kid: signer.id, typ })}.${encode(claims)}`;
  return `${input}.${Buffer.from(await signer.sign(Buffer.from(input))).toString('base64url')}`;
}

/**
 * Reads a JWT of one type that one of the keys has signed, and whose time it is. It must name its key, and when it was issued.
 * @throws PublicationError `malformed`, `wrong-type`, `unknown-key`, `bad-signature`, `expired` or `not-yet-valid`.
 */
export async function readJwt(
  token: string,
  { typ, keys, now }: { readonly typ: string; readonly keys: readonly PublicJwk[]; readonly now: Date },
): Promise<JWTPayload & { readonly iat: number }> {
  const { kid, typ: own } = headerOf(token);
  if (own !== typ)
    throw new PublicationError('wrong-type', `expected a JWT of the type ${typ}, got ${shown(own)}`);
  const named = keys.filter((key) => key['kid'] === kid);
  if (kid === undefined || named.length === 0)
    throw new PublicationError('unknown-key', `expected a key id of the signer in kid, got ${shown(kid)}`);
  const { payload } = await jwtVerify(
    token,
    createLocalJWKSet({ keys: named.map((key) => ({ kty: '', ...key })) }),
    {
      algorithms: ['ES256', 'EdDSA', 'Ed25519'],
      currentDate: now,
      requiredClaims: ['iat'],
    },
  ).catch((cause: unknown) => {
    throw refusal(typ, cause);
  });
  const { iat } = payload;
  if (iat === undefined || iat > seconds(now))
    throw new PublicationError(
      'not-yet-valid',
      `expected a ${typ} issued before ${now.toISOString()}, got iat ${iat}`,
    );
  return { ...payload, iat };
}

/**
 * The header of a JWT that nobody has verified.
 * @throws PublicationError `malformed`
 */
function headerOf(token: string): { readonly kid?: string | undefined; readonly typ?: string | undefined } {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new PublicationError('malformed', 'expected a signed JWT in compact form, got something else', {
      cause,
    });
  }
}

function refusal(typ: string, cause: unknown): PublicationError {
  const code: PublicationErrorCode =
    cause instanceof errors.JWTExpired
      ? 'expired'
      : cause instanceof errors.JWSSignatureVerificationFailed
        ? 'bad-signature'
        : cause instanceof errors.JWTClaimValidationFailed &&
            cause.claim === 'nbf' &&
            cause.reason === 'check_failed'
          ? 'not-yet-valid'
          : cause instanceof errors.JWKSNoMatchingKey
            ? 'unknown-key'
            : 'malformed';
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PublicationError(code, `expected a valid ${typ}, got one that is not: ${why}`, { cause });
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const shown = (value: unknown): string =>
  value === undefined ? 'none' : JSON.stringify(String(value).slice(0, 100));
