import { generateKey, signerOf, verifierKey, type PrivateJwk } from './signer.ts';
import type { Signer } from './signing.ts';
import type { Statement } from './statement.ts';
import type { VerifierKey, Verifiers } from './verifiers.ts';

/** A key with both of its sides. */
export interface SampleKey {
  readonly jwk: PrivateJwk;
  readonly signer: Signer;
  readonly key: VerifierKey;
}

/** A fresh key that may sign runs from the beginning of 2026 on, unless `rights` say something else. */
export function sampleKey(
  alg: Signer['alg'] = 'Ed25519',
  rights: Partial<Omit<VerifierKey, 'id' | 'alg' | 'jwk'>> = {},
): SampleKey {
  const jwk = generateKey(alg);
  const key = verifierKey(jwk, { holder: 'Ada', may: ['run'], from: '2026-01-01T00:00:00.000Z', ...rights });
  return { jwk, signer: signerOf(jwk, key.holder), key };
}

/** Verifiers to whom these keys count. */
export const sampleVerifiers = (keys: readonly SampleKey[]): Verifiers => ({
  format: 'assay-verifiers/1',
  keys: keys.map(({ key }) => key),
  log: { origin: 'log.example/assay', keys: ['log.example/assay+00000000+AAAA'] },
});

/** A statement with a predicate. */
export const sampleStatement = (predicate: unknown = { note: 'sample' }): Statement => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'northbank/accounts/sandbox', digest: { sha256: 'ab'.repeat(32) } }],
  predicateType: 'https://assay.dev/attestation/sample/v1',
  predicate,
});
