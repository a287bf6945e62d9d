import { createHash } from 'node:crypto';

/**
 * The left half of a hash, as at_hash, c_hash and s_hash are made (OpenID Connect Core, section 3.1.3.6), by the hash
 * function of a signature algorithm; Ed25519 is made with SHA-512 (RFC 8032). Undefined for other algorithms.
 */
export function halfHash(alg: string, value: string): string | undefined {
  const bits =
    alg === 'EdDSA' || alg === 'Ed25519' ? '512' : /^(?:RS|PS|ES|HS)(256|384|512)$/u.exec(alg)?.[1];
  if (bits === undefined) return undefined;
  const hash = createHash(`sha${bits}`).update(value, 'ascii').digest();
  return hash.subarray(0, hash.length / 2).toString('base64url');
}
