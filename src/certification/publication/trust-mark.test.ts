import {
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
  SignJWT,
} from 'jose';
import * as fc from 'fast-check';
import { expect, test } from '@playwright/test';
import { generateKey, signerOf } from '../../evidence/signer.ts';
import { forceOf } from './force.ts';
import { entityConfiguration, entityOf, integrationOf, typeUnder, type TrustMarkIssuer } from './issuer.ts';
import { published, signJwt } from './jwt.ts';
import { certified, edition, forces, inHours, now, standingOf } from './sample.ts';
import { delegate, trustMark, validateTrustMark, type TrustMarkReader } from './trust-mark.ts';

const id = 'https://marks.example';
const signer = signerOf(generateKey('ES256'), 'the operator');
const owner = { id: 'https://owner.example', signer: signerOf(generateKey('Ed25519'), 'the owner') };
const type = typeUnder(id, edition, 'production');
const issuer: TrustMarkIssuer = { id, name: 'Marks', signer, types: [type] };
const foreign = { ...type, type: 'https://owner.example/marks/fapi2' };
const sub = `${id}/integrations/bank`;
const reader: TrustMarkReader = { issuer: id, keys: [published(signer)], sub, now };

const make = (...[given = type, standing = standingOf('bank', [certified])]: Partial<MarkArguments>) =>
  trustMark(issuer, given, standing, now);
type MarkArguments = [typeof type, ReturnType<typeof standingOf>];

async function made(...args: Partial<MarkArguments>): Promise<string> {
  const token = await make(...args);
  if (token === undefined) throw new Error('no trust mark was issued');
  return token;
}

const refusal = (code: string) => expect.objectContaining({ name: 'PublicationError', code });
/** Seconds since the epoch, some hours from now. */
const at = (hours: number): number => Math.floor(Date.parse(inHours(hours)) / 1000);

test('a trust mark has the claims of the specification, and another library verifies it', async () => {
  const token = await made({
    ...type,
    ref: 'https://marks.example/about',
    logo_uri: 'https://marks.example/logo.svg',
  });
  const { payload, protectedHeader } = await jwtVerify(token, await importJWK(signer.jwk, 'ES256'), {
    currentDate: now,
  });
  expect(protectedHeader).toEqual({ alg: 'ES256', kid: signer.id, typ: 'trust-mark+jwt' });
  expect(payload).toEqual({
    iss: id,
    sub,
    trust_mark_type: `${id}/trust-marks/${edition}/production`,
    iat: at(0),
    exp: at(24),
    ref: 'https://marks.example/about',
    logo_uri: 'https://marks.example/logo.svg',
  });
  expect(await validateTrustMark(token, { ...reader, type: type.type })).toMatchObject({ sub, exp: at(24) });
});

for (const [what, [certification, force]] of Object.entries(forces))
  test(`a certification that is ${what} is ${force}, and has a trust mark only if valid`, async () => {
    const standing = standingOf('bank', [certification]);
    expect(forceOf(standing, certified, now)).toBe(force);
    expect((await make(type, standing)) !== undefined).toBe(force === 'valid');
  });

test('what closes all of an environment or an edition closes a certification too', () => {
  const hold = {
    environment: 'production',
    act: 'suspend',
    actor: 'ada',
    reason: 'r',
    since: inHours(-1),
  } as const;
  const force = (rest: Parameters<typeof standingOf>[2]) =>
    forceOf(standingOf('bank', [certified], rest), certified, now);
  expect(force({ holds: [hold] })).toBe('suspended');
  expect(force({ holds: [{ ...hold, act: 'offboard' }] })).toBe('invalid');
  expect(force({ holds: [{ ...hold, ended: inHours(-0.5) }] })).toBe('valid');
  expect(force({ holds: [{ ...hold, environment: 'sandbox' }] })).toBe('valid');
  expect(force({ retired: [edition] })).toBe('suspended');
});

test('another environment, edition or integration gives no trust mark', async () => {
  expect(await make(typeUnder(id, edition, 'sandbox'))).toBeUndefined();
  expect(await make(typeUnder(id, 'fapi2-sp-flows-1', 'production'))).toBeUndefined();
  expect(await make(type, standingOf('bank', []))).toBeUndefined();
});

test('a trust mark never outlives the evidence, the deadline or the delegation', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        evidence: fc.double({ min: -2, max: 60, noNaN: true }),
        deadline: fc.option(fc.double({ min: -2, max: 60, noNaN: true }), { nil: undefined }),
        lifetime: fc.integer({ min: 1, max: 200_000 }),
      }),
      async ({ evidence, deadline, lifetime }) => {
        const standing = standingOf('bank', [
          {
            ...certified,
            basis: { ...certified.basis, expires: inHours(evidence) },
            ...(deadline === undefined ? {} : { state: 'conditional', deadline: inHours(deadline) }),
          },
        ]);
        const token = await trustMark({ ...issuer, lifetime }, type, standing, now);
        const until = Math.min(evidence, deadline ?? Infinity);
        // A second's rest is none: NumericDate is cut to whole seconds.
        if (token === undefined) return until * 3600 <= 1;
        const { exp = Infinity } = decodeJwt(token);
        return exp <= Date.parse(inHours(until)) / 1000 && exp <= at(0) + lifetime && exp > at(0);
      },
    ),
    { numRuns: 100 },
  );
});

test('a reader refuses what is not a trust mark for what it asks', async () => {
  const token = await made();
  const other = signerOf(generateKey('ES256'), 'somebody');
  const [header, claims] = token.split('.');
  const pretended = { ...other, id: signer.id };
  const body = { ...decodeJwt(token) };
  const rows: readonly (readonly [string, string, Partial<TrustMarkReader>])[] = [
    ['expired', token, { now: new Date(inHours(24)) }],
    ['not-yet-valid', token, { now: new Date(inHours(-1)) }],
    ['wrong-subject', token, { sub: `${id}/integrations/other` }],
    ['wrong-subject', token, { type: foreign.type }],
    ['wrong-issuer', token, { issuer: 'https://else.example' }],
    ['unknown-key', token, { keys: [published(other)] }],
    ['unknown-key', token, { keys: [] }],
    ['bad-signature', await signJwt(pretended, 'trust-mark+jwt', body), {}],
    ['wrong-type', await signJwt(signer, 'JWT', body), {}],
    ['wrong-type', await entityConfiguration(issuer, now), {}],
    ['malformed', await signJwt(signer, 'trust-mark+jwt', { ...body, trust_mark_type: undefined }), {}],
    ['malformed', await signJwt(signer, 'trust-mark+jwt', { ...body, iat: undefined }), {}],
    [
      'malformed',
      `${Buffer.from('{"alg":"none","typ":"trust-mark+jwt"}').toString('base64url')}.${claims}.`,
      {},
    ],
    ['bad-signature', `${header}.${claims}.${'A'.repeat(86)}`, {}],
    ['malformed', '', {}],
    ['malformed', 'not a token', {}],
  ];
  const seen: string[] = [];
  for (const [, jwt, changes] of rows)
    seen.push(
      await validateTrustMark(jwt, { ...reader, ...changes }).then(
        () => 'accepted',
        (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'threw'),
      ),
    );
  // Without a key id nobody knows which key should have signed it.
  expect(seen).toEqual(rows.map(([code], row) => (row === 12 ? 'unknown-key' : code)));
});

test('a reader takes no algorithm that nobody signs with here', async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const header = { alg: 'RS256', kid: 'rsa', typ: 'trust-mark+jwt' };
  const token = await new SignJWT(decodeJwt(await made())).setProtectedHeader(header).sign(privateKey);
  const { n, e } = await exportJWK(publicKey);
  const keys = [{ kty: 'RSA', n: n ?? '', e: e ?? '', kid: 'rsa' }];
  await expect(validateTrustMark(token, { ...reader, keys })).rejects.toEqual(refusal('malformed'));
});

test.describe('a type of another owner', () => {
  const owners = { [foreign.type]: { sub: owner.id, jwks: { keys: [published(owner.signer)] } } };
  const terms = { owner: owner.id, issuer: id, type: foreign.type, now };
  const by = async (jwt: Promise<string>) => ({
    ...foreign,
    delegation: { owner: owner.id, keys: [published(owner.signer)], jwt: await jwt },
  });

  test('is issued by its delegation, which has the claims of the specification', async () => {
    const jwt = await delegate(owner.signer, { ...terms, expires: new Date(inHours(5)) });
    expect(decodeProtectedHeader(jwt)).toEqual({
      alg: 'EdDSA',
      kid: owner.signer.id,
      typ: 'trust-mark-delegation+jwt',
    });
    expect(decodeJwt(jwt)).toEqual({
      iss: owner.id,
      sub: id,
      trust_mark_type: foreign.type,
      iat: at(0),
      exp: at(5),
    });
    const token = await made(await by(Promise.resolve(jwt)));
    expect(decodeJwt(token)).toMatchObject({ delegation: jwt, exp: at(5) });
    expect(await validateTrustMark(token, { ...reader, owners })).toMatchObject({
      trust_mark_type: foreign.type,
    });
  });

  test('is refused to a reader whose trust anchor knows another owner, or none', async () => {
    const token = await made(await by(delegate(owner.signer, terms)));
    const stranger = signerOf(generateKey('Ed25519'), 'a stranger');
    const known = (sub: string, key = owner.signer) => ({
      [foreign.type]: { sub, jwks: { keys: [published(key)] } },
    });
    await expect(validateTrustMark(token, reader)).rejects.toEqual(refusal('not-delegated'));
    await expect(
      validateTrustMark(token, { ...reader, owners: known('https://else.example') }),
    ).rejects.toEqual(refusal('wrong-issuer'));
    await expect(validateTrustMark(token, { ...reader, owners: known(owner.id, stranger) })).rejects.toEqual(
      refusal('unknown-key'),
    );
    await expect(
      validateTrustMark(token, { ...reader, owners: known(owner.id, { ...stranger, id: owner.signer.id }) }),
    ).rejects.toEqual(refusal('bad-signature'));
  });

  test('is refused without a delegation', async () => {
    await expect(validateTrustMark(await made(foreign), { ...reader, owners })).rejects.toEqual(
      refusal('not-delegated'),
    );
  });

  for (const [what, changed] of Object.entries({
    'another issuer': { issuer: 'https://else.example' },
    'another type': { type: type.type },
  }))
    test(`is neither issued nor believed with a delegation to ${what}`, async () => {
      const delegation = await delegate(owner.signer, { ...terms, ...changed });
      await expect(make(await by(Promise.resolve(delegation)))).rejects.toEqual(refusal('not-delegated'));
      const token = await signJwt(signer, 'trust-mark+jwt', {
        ...decodeJwt(await made(foreign)),
        delegation,
      });
      await expect(validateTrustMark(token, { ...reader, owners })).rejects.toEqual(refusal('not-delegated'));
    });

  test('is not issued by a foreign delegation, nor after its end', async () => {
    const stranger = signerOf(generateKey('Ed25519'), 'a stranger');
    await expect(make(await by(delegate(stranger, terms)))).rejects.toEqual(refusal('unknown-key'));
    const ended = delegate(owner.signer, {
      ...terms,
      now: new Date(inHours(-2)),
      expires: new Date(inHours(-1)),
    });
    expect(await make(await by(ended))).toBeUndefined();
  });
});

test('an integration has one entity identifier, and an entity identifier one integration', () => {
  const entities = new Map([['bank', 'https://as.bank.example']]);
  const named = { ...issuer, entities };
  expect(entityOf(named, 'bank')).toBe('https://as.bank.example');
  expect(integrationOf(named, 'https://as.bank.example')).toBe('bank');
  expect(integrationOf(named, `${id}/integrations/bank`)).toBeUndefined();
  for (const other of [
    'https://as.bank.example/',
    `${id}/integrations/%E0%A4%A`,
    `${id}/integrations/a/b`,
    '',
  ])
    expect(integrationOf(named, other)).toBeUndefined();
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (integration) => {
      expect(integrationOf(issuer, entityOf(issuer, integration))).toBe(integration);
    }),
    { numRuns: 200 },
  );
});
