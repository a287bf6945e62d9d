import { decodeProtectedHeader, UnsecuredJWT } from 'jose';
import { expect, test } from '@playwright/test';
import { sampleKey } from '../evidence/sample.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import { defaultPolicy } from './policy.ts';
import { sampleNow, soundRegistered, soundStanding } from './sample.ts';
import { issueToken, verifyToken, type TokenDemands } from './token.ts';

const { signer } = sampleKey('ES256');
const certificate = soundRegistered.certificates[0] ?? '';
const terms = {
  signer,
  issuer: 'https://gate.example',
  audience: 'https://api.example',
  lifetime: 60,
  certificates: [certificate],
};
const demands: TokenDemands = {
  keys: [signer],
  issuer: terms.issuer,
  audience: terms.audience,
  now: sampleNow,
  environment: 'production',
  action: 'access',
  certificate,
};

let decision: Decision;
test.beforeAll(async () => {
  decision = decide({
    standing: soundStanding,
    environment: 'production',
    action: 'access',
    now: sampleNow,
    completeness: 'complete',
    policy: await defaultPolicy(),
  });
});

for (const alg of ['ES256', 'Ed25519'] as const)
  test(`a token that ${alg} signed says the decision`, async () => {
    const own = sampleKey(alg).signer;
    const token = await issueToken(decision, { ...terms, signer: own });
    expect(decodeProtectedHeader(token)).toEqual({ typ: 'assay-decision+jwt', alg, kid: own.id });
    const seconds = sampleNow.getTime() / 1000;
    expect(await verifyToken(token, { ...demands, keys: [signer, own] })).toEqual({
      iss: 'https://gate.example',
      aud: 'https://api.example',
      sub: 'acme-1',
      iat: seconds,
      exp: seconds + 60,
      environment: 'production',
      action: 'access',
      decision: 'allow',
      mode: 'enforce',
      rule: 'production-access',
      cnf: { 'x5t#S256': certificate },
    });
  });

test('of several certificates each is good, and where there is none, none', async () => {
  const other = 'B'.repeat(43);
  const two = await issueToken(decision, { ...terms, certificates: [certificate, other] });
  expect(await verifyToken(two, { ...demands, certificate: other })).toMatchObject({ decision: 'allow' });
  const none = await issueToken(decision, { ...terms, certificates: [] });
  await expect(verifyToken(none, demands)).rejects.toThrow(/not for the certificate/u);
});

test('a denial is verified like an allowance', async () => {
  const token = await issueToken({ ...decision, decision: 'deny', rule: 'no-rule' }, terms);
  expect(await verifyToken(token, demands)).toMatchObject({ decision: 'deny', rule: 'no-rule' });
});

for (const [what, change] of [
  ['its end', { now: new Date(sampleNow.getTime() + 60_000) }],
  ['another environment', { environment: 'sandbox' }],
  ['another action', { action: 'promote' }],
  ['another audience', { audience: 'https://other.example' }],
  ['another issuer', { issuer: 'https://other.example' }],
  ['another certificate', { certificate: 'C'.repeat(43) }],
  ['no keys', { keys: [] }],
  ['keys of others', { keys: [sampleKey('ES256').signer] }],
] as const)
  test(`a token is refused after or for ${what}`, async () => {
    const token = await issueToken(decision, terms);
    await expect(verifyToken(token, { ...demands, ...change })).rejects.toMatchObject({
      name: 'GateError',
      code: 'bad-token',
      fault: 'configuration',
    });
  });

test('a token that was altered, or that nobody signed, is refused', async () => {
  const token = await issueToken({ ...decision, decision: 'deny' }, terms);
  const [header = '', claims = '', signature = ''] = token.split('.');
  const { typ, ...rest } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, string>;
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const allowed = Buffer.from(
    Buffer.from(claims, 'base64url').toString().replace('"deny"', '"allow"'),
  ).toString('base64url');
  expect(typ).toBe('assay-decision+jwt');
  for (const altered of [
    `${header}.${allowed}.${signature}`,
    `${encode({ ...rest, typ: 'JWT' })}.${claims}.${signature}`,
    `${encode({ typ, alg: 'none' })}.${allowed}.`,
    `${header}.${claims}.`,
    new UnsecuredJWT({ decision: 'allow' }).encode(),
    'not a token',
  ])
    await expect(verifyToken(altered, demands), altered).rejects.toMatchObject({ code: 'bad-token' });
});
