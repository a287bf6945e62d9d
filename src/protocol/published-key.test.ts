import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { createAuthority } from '../../fixtures/pki/authority.ts';
import { bitsOf, mistakesIn } from './published-key.ts';

const jwkOf = (key: ReturnType<typeof generateKeyPairSync>['publicKey']) =>
  ({ ...key.export({ format: 'jwk' }) }) as Record<string, string>;
const rsa = jwkOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);
const ec = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
const ed = jwkOf(generateKeyPairSync('ed25519').publicKey);

/** The same modulus, and another one that is shorter, with bytes of zeros before them. */
const padded = (bytes: Buffer) => Buffer.concat([Buffer.alloc(64), bytes]).toString('base64url');
const modulus = Buffer.from(rsa['n'] ?? '', 'base64url');

test('counts the bits of keys without leading zeros', () => {
  expect(bitsOf(rsa)).toBe(2048);
  expect(bitsOf({ kty: 'RSA', n: padded(modulus) })).toBe(2048);
  expect(bitsOf({ kty: 'RSA', n: padded(modulus.subarray(64)) })).toBeLessThanOrEqual(1536);
  // 2047 bits are written in as many bytes as 2048.
  expect(bitsOf({ kty: 'RSA', n: Buffer.from([0x7f, ...modulus.subarray(1)]).toString('base64url') })).toBe(
    2047,
  );
  expect(bitsOf(ec)).toBe(256);
  expect(bitsOf({ kty: 'EC', crv: 'P-192' })).toBe(192);
  expect(bitsOf({ kty: 'RSA' })).toBe(0);
});

test('finds nothing wrong with good keys, and with those that it does not know', () => {
  for (const jwk of [
    { ...rsa, alg: 'PS256', use: 'sig' },
    { ...rsa, alg: 'RSA-OAEP', use: 'enc' },
    { ...ec, alg: 'ES256' },
    { ...ed, alg: 'EdDSA' },
    { ...ed, alg: 'Ed25519' },
    { ...ec, alg: 'ECDH-ES' },
    { kty: 'EC', crv: 'secp256k1', x: 'a', y: 'b', alg: 'ES256K' },
    { kty: 'OKP', crv: 'X25519', x: 'a' },
    { kty: 'AKP', alg: 'ML-DSA-44', pub: 'a' },
  ])
    expect(mistakesIn(jwk), JSON.stringify(jwk)).toEqual([]);
});

test('finds what is wrong with a key', async () => {
  const [x, y] = [ec['x'] ?? '', ec['y'] ?? ''];
  const authority = await createAuthority({ now: new Date() });
  const { certificate } = await authority.issue({ commonName: 'other', usage: 'server', names: ['other'] });
  const foreign = certificate.replaceAll(/-----.*?-----|\s/gu, '');
  for (const [jwk, mistake] of [
    [{}, 'no kty'],
    [{ kty: 'RSA', n: rsa['n'] ?? '' }, 'no e'],
    [{ ...rsa, e: 'AQ' }, 'an exponent that is even or less than 3'],
    [{ ...rsa, e: 'AQAA' }, 'an exponent that is even or less than 3'],
    [{ ...ec, x: y, y: x }, 'no key of its type and curve'],
    [{ ...ed, x: ed['x']?.slice(4) ?? '' }, 'no key of its type and curve'],
    [{ ...rsa, alg: 'ES256' }, 'alg ES256 for another key'],
    [{ ...ec, alg: 'ES384' }, 'alg ES384 for another key'],
    [{ ...ec, x5c: [foreign] }, 'x5c of another key'],
    [{ ...ec, x5c: [] }, 'x5c of another key'],
  ] as const)
    expect(mistakesIn(jwk), JSON.stringify(jwk)).toContain(mistake);
});
