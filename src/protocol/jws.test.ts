import { createPublicKey, createSecretKey, verify } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { compactVerify, errors, importJWK, type CompactVerifyResult } from 'jose';
import {
  permittedAlgorithms,
  rewritten,
  sha256,
  signJws,
  signUnnamed,
  withBrokenSignature,
  type Algorithm,
} from './jws.ts';
import { generateKey, publicJwk, type SigningKey } from './keys.ts';

const claims = { iss: 'partner-one', text: 'käse ~ ?' };

const signed = ({ key, alg }: SigningKey, header: Readonly<Record<string, unknown>> = {}): string =>
  signJws({ header: { alg, kid: 'one', ...header }, claims, key });

/** What jose, a library of others, makes of a JWS. */
const verified = async (jws: string, { key, alg }: SigningKey): Promise<CompactVerifyResult> =>
  compactVerify(jws, await importJWK({ ...publicJwk(key) }, alg));

const algorithms = ['PS256', 'ES256', 'EdDSA', 'Ed25519', 'RS256', 'ES384'] as const;

for (const alg of algorithms)
  test(`signs with ${alg}, and breaks the signature`, async () => {
    const key = generateKey(alg);
    const jws = signed(key);
    const { payload, protectedHeader } = await verified(jws, key);
    expect(protectedHeader).toEqual({ alg, kid: 'one' });
    expect(JSON.parse(Buffer.from(payload).toString('utf8'))).toEqual(claims);

    const broken = withBrokenSignature(jws);
    expect(broken.split('.').slice(0, 2)).toEqual(jws.split('.').slice(0, 2));
    expect(broken).toHaveLength(jws.length);
    await expect(verified(broken, key)).rejects.toThrow(errors.JWSSignatureVerificationFailed);
    await expect(verified(jws, generateKey(alg))).rejects.toThrow(errors.JWSSignatureVerificationFailed);
  });

test('makes what a correct library refuses: unsigned', async () => {
  const key = generateKey('ES256');
  const unsigned = signed(key, { alg: 'none' });
  expect(unsigned).toMatch(/^[\w-]+\.[\w-]+\.$/u);
  await expect(verified(unsigned, key)).rejects.toThrow(errors.JOSEError);
});

test('makes what a correct library refuses: an HMAC that is no signature', async () => {
  const secret = createSecretKey(Buffer.from('a secret of thirty-two characters'));
  const jws = signJws({ header: { alg: 'HS256' }, claims, key: secret });
  expect((await compactVerify(jws, secret)).protectedHeader).toEqual({ alg: 'HS256' });
  const key = generateKey('ES256');
  await expect(verified(jws, key)).rejects.toThrow();
});

test('makes what a correct library refuses: a signature of no named algorithm', async () => {
  const { key, alg } = generateKey('ES256');
  const unnamed = signUnnamed({ header: { alg, kid: 'one' }, claims, key });
  const [header = '', payload, signature = ''] = unnamed.split('.');
  expect(Buffer.from(header, 'base64url').toString()).toBe('{"kid":"one"}');
  const made = { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' } as const;
  const input = Buffer.from(`${header}.${payload}`);
  expect(verify('sha256', input, made, Buffer.from(signature, 'base64url'))).toBe(true);
  await expect(verified(unnamed, { key, alg })).rejects.toThrow(errors.JOSEError);
});

test('permits the algorithms of FAPI 2.0 only', () => {
  const forbidden: readonly Algorithm[] = ['RS256', 'ES384', 'HS256', 'none'];
  for (const alg of ['PS256', 'ES256', 'EdDSA', 'Ed25519']) expect(permittedAlgorithms).toContain(alg);
  for (const alg of forbidden) expect(permittedAlgorithms).not.toContain(alg);
});

test('makes the S256 code challenge of RFC 7636, appendix B', () => {
  expect(sha256('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  );
});

test('rewrites parts of a JWS, and leaves the others to the byte', () => {
  const jws = signed(generateKey('ES256'));
  const [header, payload, signature] = jws.split('.');
  expect(rewritten(jws, {})).toBe(jws);
  expect(rewritten(jws, { signature: '' })).toBe(`${header}.${payload}.`);
  const other = rewritten(jws, { claims: (members) => ({ ...members, sub: 'one' }) });
  expect(other.split('.')[0]).toBe(header);
  expect(other.split('.')[2]).toBe(signature);
  expect(JSON.parse(Buffer.from(other.split('.')[1] ?? '', 'base64url').toString())).toEqual({
    ...claims,
    sub: 'one',
  });
});
