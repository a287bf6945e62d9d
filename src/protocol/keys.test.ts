import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { calculateJwkThumbprint } from 'jose';
import type { Algorithm } from './jws.ts';
import { generateKey, KeyError, publicJwk, readSigningKey, thumbprint } from './keys.ts';

const one = generateKey('ES256').key;
const jwk = one.export({ format: 'jwk' });
const pem = (key: typeof one): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const json = (value: unknown): string => JSON.stringify(value);

test.describe('a signing key', () => {
  for (const alg of ['PS256', 'ES256', 'EdDSA'] as const)
    test(`is read from PEM, its algorithm ${alg} from its kind`, () => {
      const { key } = generateKey(alg);
      const read = readSigningKey(`\n${pem(key)}`);
      expect(read.alg).toBe(alg);
      expect(read).not.toHaveProperty('kid');
      expect(publicJwk(read.key)).toEqual(publicJwk(key));
    });

  test('is read from a JWK', () => {
    const read = readSigningKey(json({ ...jwk, kid: 'k', alg: 'ES256' }));
    expect(read).toMatchObject({ alg: 'ES256', kid: 'k' });
    expect(publicJwk(read.key)).toEqual(publicJwk(one));
  });

  test('is the private one of a JWK Set', () => {
    const others = generateKey('EdDSA').key;
    const set = { keys: [publicJwk(others), { ...jwk, kid: 'mine' }] };
    expect(readSigningKey(json(set))).toMatchObject({ alg: 'ES256', kid: 'mine' });
  });

  test('has either name of its algorithm on Ed25519', () => {
    const { key } = generateKey('Ed25519');
    expect(readSigningKey(pem(key), 'Ed25519').alg).toBe('Ed25519');
    expect(readSigningKey(json({ ...key.export({ format: 'jwk' }), alg: 'Ed25519' })).alg).toBe('Ed25519');
    expect(readSigningKey(pem(key), 'EdDSA').alg).toBe('EdDSA');
  });
});

test.describe('no signing key', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const p384 = generateKey('ES384').key;
  const x25519 = generateKeyPairSync('x25519').privateKey;
  const unreadable = 'unreadable-key';
  const unsuitable = 'unsuitable-key';

  const rows: readonly (readonly [
    what: string,
    text: string,
    named: Algorithm | undefined,
    code: KeyError['code'],
    says: string,
  ])[] = [
    ['no key at all', 'not a key', undefined, unreadable, 'no private key'],
    ['JSON that was cut off', json(jwk).slice(0, -20), undefined, unreadable, 'does not parse'],
    ['a public JWK', json(publicJwk(one)), undefined, unreadable, 'no private key'],
    ['a set of public JWKs', json({ keys: [publicJwk(one)] }), undefined, unreadable, 'no private key'],
    [
      'a public key in PEM',
      createPublicKey(one).export({ type: 'spki', format: 'pem' }).toString(),
      undefined,
      unreadable,
      'no private key',
    ],
    ['a secret', json({ kty: 'oct', k: 'c2VjcmV0' }), undefined, unreadable, 'no private key'],
    ['a spoilt JWK', json({ ...jwk, x: 'AAAA' }), undefined, unreadable, 'no private key'],
    ['a curve that is not permitted', pem(p384), undefined, unsuitable, 'secp384r1'],
    ['that curve under its own algorithm', pem(p384), 'ES384', unsuitable, 'secp384r1'],
    ['a key for agreement', pem(x25519), undefined, unsuitable, 'x25519'],
    ['an RSA key that is too short', pem(small), undefined, unsuitable, '1024 bits'],
    ['a JWK for a forbidden algorithm', json({ ...jwk, alg: 'RS256' }), undefined, unsuitable, 'RS256'],
    ['a key of another kind than the file says', pem(one), 'PS256', unsuitable, 'PS256'],
  ];
  for (const [what, text, named, code, says] of rows)
    test(`is ${what}`, () => {
      const error = caught(() => readSigningKey(text, named));
      expect(error).toMatchObject({ code, fault: 'configuration' });
      expect(error.message).toContain(says);
      // Errors end in reports: they never quote the key, nor carry a cause that does.
      expect(error.cause).toBeUndefined();
      for (const part of secrets(text)) expect(error.message + String(error.stack)).not.toContain(part);
    });
});

test('a thumbprint is that of RFC 7638, section 3.1', () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
  expect(thumbprint({ kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' })).toBe(
    'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
  );
});

for (const alg of ['PS256', 'ES256', 'EdDSA'] as const)
  test(`a thumbprint of a key for ${alg} is the one that others compute`, async () => {
    const { key } = generateKey(alg);
    const own = thumbprint(key.export({ format: 'jwk' }));
    expect(own).toBe(await calculateJwkThumbprint({ ...publicJwk(key) }));
  });

function caught(act: () => unknown): KeyError {
  try {
    act();
  } catch (error) {
    if (error instanceof KeyError) return error;
    throw error;
  }
  throw new Error('expected a KeyError');
}

/** The parts of a text that a message must not hold. */
function secrets(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line.length > 20 && !line.includes('-----'));
  return [...lines, ...Array.from(text.matchAll(/"[dk]":"([^"]+)"/gu), ([, value = '']) => value)];
}
