import { expect, test } from '@playwright/test';
import { halfHash } from './half-hash.ts';

test('takes the left half of the hash that belongs to the algorithm', () => {
  // OpenID Connect Core, appendix A.3: an access token and the at_hash of an ID token signed with RS256.
  const token = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y';
  expect(halfHash('RS256', token)).toBe('77QmUPtjPfzWtF2AnpK9RQ');
  for (const alg of ['PS256', 'ES256']) expect(halfHash(alg, token)).toBe(halfHash('RS256', token));
  expect(halfHash('ES384', token)).toHaveLength(32);
  // RFC 8032, section 5.1: Ed25519 hashes with SHA-512.
  for (const alg of ['EdDSA', 'Ed25519']) expect(halfHash(alg, token)).toBe(halfHash('ES512', token));
  expect(halfHash('none', token)).toBeUndefined();
});
