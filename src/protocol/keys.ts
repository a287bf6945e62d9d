import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { sha256, type Algorithm } from './jws.ts';

/** A private key with what a JOSE header says of it. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly alg: Algorithm;
  readonly kid?: string;
}

/** A key that cannot be used as the integration file says. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly fault = 'configuration';
  readonly code: 'unreadable-key' | 'unsuitable-key';

  constructor(code: KeyError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The algorithm of FAPI 2.0 that a key is made for, or undefined. */
function algorithmOf(key: KeyObject): Algorithm | undefined {
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? 'PS256' : undefined;
    case 'ec':
      return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined;
    case 'ed25519':
      return 'EdDSA';
    default:
      return undefined;
  }
}

/** The kind of a key for people, such as `ec secp384r1` or `rsa, 1024 bits`. */
function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const { namedCurve, modulusLength } = asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined) return `${asymmetricKeyType}, ${modulusLength} bits,`;
  return namedCurve === undefined ? String(asymmetricKeyType) : `${asymmetricKeyType} ${namedCurve}`;
}

/**
 * Reads a private key from a JWK, a JWK Set with one private key, or PEM.
 * @param named The algorithm that the integration file demands, if any.
 * @throws KeyError when it is no private key, or none that FAPI 2.0 permits.
 */
export function readSigningKey(text: string, named?: Algorithm): SigningKey {
  const parsed = parse(text);
  const alg = named ?? parsed.alg ?? algorithmOf(parsed.key);
  const natural = algorithmOf(parsed.key);
  if (
    natural === undefined ||
    alg === undefined ||
    (alg !== natural && !(alg === 'Ed25519' && natural === 'EdDSA'))
  )
    throw new KeyError(
      'unsuitable-key',
      `expected a private key for PS256 (2048 bits), ES256 (P-256) or Ed25519, got ${kindOf(parsed.key)} for ${alg ?? 'no algorithm'}; make another key and register its public half`,
    );
  return { key: parsed.key, alg, ...(parsed.kid === undefined ? {} : { kid: parsed.kid }) };
}

function parse(text: string): { key: KeyObject; alg?: Algorithm; kid?: string } {
  try {
    if (!text.trimStart().startsWith('{')) return { key: createPrivateKey(text) };
    const value = JSON.parse(text) as JsonWebKey & { keys?: JsonWebKey[]; alg?: Algorithm; kid?: string };
    const jwk: typeof value = value.keys?.find((key) => key.d !== undefined) ?? value;
    const key = createPrivateKey({ key: jwk, format: 'jwk' });
    return { key, ...(jwk.alg ? { alg: jwk.alg } : {}), ...(jwk.kid ? { kid: jwk.kid } : {}) };
  } catch (cause) {
    // The cause may quote the key: it is not passed on.
    const kind = cause instanceof SyntaxError ? 'its JSON does not parse' : 'it is no private key';
    throw new KeyError('unreadable-key', `expected a private key as JWK or PEM, but ${kind}`);
  }
}

/** The public half as a JWK, with only the members that RFC 7638 needs. */
export function publicJwk(key: KeyObject): JsonWebKey {
  return createPublicKey(key).export({ format: 'jwk' });
}

/** RFC 7638 thumbprint, SHA-256, base64url. */
export function thumbprint(jwk: JsonWebKey): string {
  const members =
    { EC: ['crv', 'kty', 'x', 'y'], RSA: ['e', 'kty', 'n'], OKP: ['crv', 'kty', 'x'] }[jwk.kty ?? ''] ?? [];
  return sha256(JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]]))));
}

/** A fresh key for an algorithm. */
export function generateKey(alg: Exclude<Algorithm, 'HS256' | 'none'>): SigningKey {
  switch (alg) {
    case 'ES256':
      return { alg, key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey };
    case 'ES384':
      return { alg, key: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey };
    case 'EdDSA':
    case 'Ed25519':
      return { alg, key: generateKeyPairSync('ed25519').privateKey };
    case 'PS256':
    case 'RS256':
      return { alg, key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey };
  }
}
