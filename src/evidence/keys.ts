import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { canonical } from './canonical.ts';
import { EvidenceError } from './error.ts';
import type { Signer } from './signing.ts';

export type Algorithm = Signer['alg'];
/** A JWK (RFC 7517) with the members that make it a public key, and no others. */
export type PublicJwk = Signer['jwk'];
/** The same with the private member `d`. */
export type PrivateJwk = PublicJwk & { readonly d: string };

/** Members of a public key, in the order of RFC 7638, section 3.2; RFC 8037, section 2 for Ed25519. */
const members: Readonly<Record<Algorithm, readonly string[]>> = {
  ES256: ['crv', 'kty', 'x', 'y'],
  Ed25519: ['crv', 'kty', 'x'],
};

/** A fresh private key. */
export function generateKey(alg: Algorithm): PrivateJwk {
  const { privateKey } =
    alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'jwk' }) as PrivateJwk;
}

/**
 * For which algorithm a key is.
 * @throws EvidenceError `unusable-key` for keys of other kinds.
 */
export function algorithmOf(jwk: PublicJwk): Algorithm {
  const { kty, crv } = jwk;
  if (kty === 'EC' && crv === 'P-256') return 'ES256';
  if (kty === 'OKP' && crv === 'Ed25519') return 'Ed25519';
  throw new EvidenceError(
    'unusable-key',
    `expected a JWK of P-256 (for ES256) or Ed25519, got kty ${String(kty)} with crv ${String(crv)}`,
  );
}

/**
 * The public half of a JWK: its public members only.
 * @throws EvidenceError `unusable-key` when it is no point of its curve, or not spelt as RFC 7518 spells it.
 */
export function publicJwk(jwk: PublicJwk): PublicJwk {
  const own = Object.fromEntries(members[algorithmOf(jwk)].map((name) => [name, jwk[name] ?? '']));
  // Another spelling of the same key would have another thumbprint.
  if (canonical(importKey(own).export({ format: 'jwk' })) !== canonical(own))
    throw new EvidenceError(
      'unusable-key',
      'expected a JWK in base64url without padding, got another spelling',
    );
  return own;
}

/** The id of a key: its thumbprint by RFC 7638, SHA-256, base64url. */
export const keyId = (jwk: PublicJwk): string =>
  createHash('sha256')
    .update(canonical(publicJwk(jwk)))
    .digest('base64url');

/**
 * A public key that can verify.
 * @throws EvidenceError `unusable-key`
 */
export const importPublic = (jwk: PublicJwk): KeyObject => importKey(publicJwk(jwk));

/**
 * A private key that can sign.
 * @throws EvidenceError `unusable-key`, also when its two halves do not belong together.
 */
export function importPrivate(jwk: PrivateJwk): KeyObject {
  const alg = algorithmOf(jwk);
  const own = { ...publicJwk(jwk), d: jwk.d };
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: own, format: 'jwk' });
  } catch {
    // The cause may quote the key: it is not passed on.
    throw new EvidenceError('unusable-key', 'expected a private JWK, but its member d is not usable');
  }
  // Nothing compares d with x and y of an EC key when it is read.
  if (!verifySignature(alg, importPublic(own), probe, signBytes(alg, key, probe)))
    throw new EvidenceError(
      'unusable-key',
      'expected a private JWK, but its members d and x are of two keys',
    );
  return key;
}

const probe = Buffer.from('whether both halves are of one key');

/** The raw signature: 64 bytes; of ES256 the one of the two with the lower s. */
export const signBytes = (alg: Algorithm, key: KeyObject, bytes: Uint8Array): Uint8Array =>
  alg === 'ES256'
    ? withLowS(sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }))
    : sign(null, bytes, key);

/**
 * Whether a raw signature is good. With (r, s) also (r, n - s) fits an ES256 signature, so that anybody could make a second
 * envelope of a signed statement: only the lower s counts. Ed25519 excludes the like by itself (RFC 8032, section 5.1.7).
 */
export function verifySignature(
  alg: Algorithm,
  key: KeyObject,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== 64) return false;
  if (alg === 'Ed25519') return verify(null, bytes, key, signature);
  return (
    sOf(signature) <= p256Order / 2n && verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature)
  );
}

/** The order n of P-256 (SP 800-186, section 3.2.1.3). */
export const p256Order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const sOf = (signature: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);

/** Of the two ES256 signatures with the same r, the one that counts. */
export function withLowS(signature: Uint8Array): Uint8Array {
  const s = sOf(signature);
  if (s <= p256Order / 2n || s >= p256Order) return signature;
  const low = (p256Order - s).toString(16).padStart(64, '0');
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(low, 'hex')]);
}

function importKey(jwk: PublicJwk): KeyObject {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch (cause) {
    throw new EvidenceError('unusable-key', 'expected a public JWK, but its members x and y are no point', {
      cause,
    });
  }
}
