import { expect, test } from '@playwright/test';
import { createAuthority, selfSigned, type CertificateOptions } from '../../fixtures/pki/authority.ts';
import { makeKey } from '../../fixtures/pki/keys.ts';
import { X509Certificate } from 'node:crypto';
import { drift, type Documents, type Observation } from './drift.ts';
import type { Change } from './drift-change.ts';
import { certificateFacts, certificateJudgement, keyFacts, type KeyFacts } from './drift-credentials.ts';
import type { Fingerprint } from '../evidence/fingerprint.ts';

const fingerprint: Fingerprint = {
  metadata: 'metadata',
  keys: [],
  certificates: {},
  descriptions: {},
  registration: { digest: 'registration', clients: ['one'] },
  profile: { edition: 'fapi2-sp-final', digest: 'edition' },
};

const seen = (parts: Partial<Fingerprint>, documents: Partial<Documents> = {}): Observation => ({
  fingerprint: { ...fingerprint, ...parts },
  documents: { certificates: {}, ...documents },
});

const told = (changes: readonly Change[]) =>
  changes.map(({ member, how, weight }) => `${member} ${how} ${weight}`);

const endpoint = 'https://as.example/token';

test.describe('a member of the metadata', () => {
  for (const [name, was, is, expected] of [
    ['token_endpoint', endpoint, 'https://as.example/other', 'changed material'],
    ['token_endpoint', endpoint, 'https://elsewhere.example/token', 'changed material'],
    ['registration_endpoint', undefined, endpoint, 'added material'],
    ['revocation_endpoint', endpoint, undefined, 'removed material'],
    ['issuer', 'https://as.example', 'https://as.example/', 'changed material'],
    ['scopes_supported', ['a'], ['a', 'b'], 'changed benign'],
    ['scopes_supported', ['a', 'b'], ['b', 'a'], 'changed benign'],
    ['scopes_supported', ['a', 'b'], ['a'], 'changed material'],
    ['scopes_supported', ['a'], 'a', 'changed material'],
    ['claims_supported', undefined, ['sub'], 'added benign'],
    ['token_endpoint_auth_signing_alg_values_supported', ['PS256'], ['PS256', 'ES256'], 'changed benign'],
    ['token_endpoint_auth_signing_alg_values_supported', ['PS256'], ['PS256', 'RS256'], 'changed material'],
    ['id_token_signing_alg_values_supported', ['PS256', 'RS256'], ['PS256'], 'changed benign'],
    ['id_token_signing_alg_values_supported', ['PS256', 'ES256'], ['PS256'], 'changed material'],
    ['request_object_signing_alg_values_supported', undefined, ['none'], 'added material'],
    ['id_token_encryption_alg_values_supported', ['RSA-OAEP'], ['RSA-OAEP', 'RSA1_5'], 'changed material'],
    [
      'token_endpoint_auth_methods_supported',
      ['private_key_jwt'],
      ['private_key_jwt', 'none'],
      'changed material',
    ],
    ['code_challenge_methods_supported', ['S256'], ['S256', 'plain'], 'changed material'],
    ['code_challenge_methods_supported', ['S256', 'plain'], ['S256'], 'changed benign'],
    ['grant_types_supported', ['authorization_code'], ['authorization_code', 'password'], 'changed material'],
    ['require_pushed_authorization_requests', undefined, true, 'added benign'],
    ['require_pushed_authorization_requests', true, false, 'changed material'],
    ['service_documentation', 'a', 'b', 'changed benign'],
    ['anything_else', undefined, 1, 'added material'],
    ['constructor', undefined, {}, 'added material'],
  ] as const)
    test(`${name}: ${JSON.stringify(was)} to ${JSON.stringify(is)}`, () => {
      const [before, after] = [was, is].map((value) => ({
        same: 1,
        ...(value !== undefined && { [name]: value }),
      }));
      const changes = drift(
        seen({}, { metadata: before ?? {} }),
        seen({ metadata: 'other' }, { metadata: after ?? {} }),
      );
      expect(told(changes)).toEqual([`/${name} ${expected}`]);
    });
});

test('endpoints for mutual TLS are compared one by one, and what is signed anew is not', () => {
  const metadata = (host: string, signed: string) => ({
    signed_metadata: signed,
    mtls_endpoint_aliases: { token_endpoint: `https://${host}/token`, userinfo_endpoint: endpoint },
  });
  const [change, ...others] = drift(
    seen({}, { metadata: metadata('a.example', 'one') }),
    seen({ metadata: 'other' }, { metadata: metadata('b.example', 'two') }),
  );
  expect(others).toEqual([]);
  expect(change).toMatchObject({
    member: '/mtls_endpoint_aliases/token_endpoint',
    what: 'token_endpoint was "https://a.example/token", and is "https://b.example/token"',
    reason: 'requests go to another host, which nobody tested',
  });
});

test('what fingerprints alone tell is material, and equal ones tell of nothing', () => {
  const other = seen({
    metadata: 'other',
    keys: ['key'],
    certificates: { 'https://as.example': ['other'] },
    descriptions: { 'api.yaml': 'other' },
    registration: { digest: 'other', clients: ['one'] },
    profile: { edition: 'fapi2-sp-final', digest: 'other' },
  });
  const before = seen({ certificates: { 'https://as.example': ['one'] } });
  const changes = drift(before, other);
  expect(changes.map(({ part, weight }) => `${part} ${weight}`)).toEqual(
    ['metadata', 'keys', 'certificates', 'descriptions', 'registration', 'profile'].map(
      (part) => `${part} material`,
    ),
  );
  expect(drift(before, before)).toEqual([]);
  expect(drift(before, { ...before, documents: { certificates: {}, metadata: { other: 1 } } })).toEqual([]);
  // Documents that are the same do not explain why the digests differ.
  expect(told(drift(seen({}, { metadata: {} }), seen({ metadata: 'other' }, { metadata: {} })))).toEqual([
    ' changed material',
  ]);
});

test('a stranger cannot make the list endless, or its sentences', () => {
  const names = Array.from({ length: 1000 }, (_, at) => [
    `member_${at}_${'x'.repeat(1000)}`,
    'y'.repeat(10_000),
  ]);
  const changes = drift(
    seen({}, { metadata: { scopes_supported: [] } }),
    seen({ metadata: 'other' }, { metadata: { scopes_supported: ['a'], ...Object.fromEntries(names) } }),
  );
  expect(changes).toHaveLength(101);
  expect(changes.at(-1)).toMatchObject({ weight: 'material', what: '901 more members changed' });
  for (const { what } of changes) expect(what.length).toBeLessThan(250);
});

test('each member of a registration is told', () => {
  const registration = { profile: { sender_constraint: 'dpop' }, resources: [1], features: [] };
  const changed = { ...registration, profile: { sender_constraint: 'mtls' }, resources: [2] };
  expect(
    told(
      drift(
        seen({}, { registration }),
        seen({ registration: { digest: 'other', clients: [] } }, { registration: changed }),
      ),
    ),
  ).toEqual(['/profile/sender_constraint changed material', '/resources changed material']);
});

test.describe('keys', () => {
  const keys: Record<string, KeyFacts> = {};
  test.beforeAll(async () => {
    for (const [name, alg, more] of [
      ['a', 'ES256', {}],
      ['b', 'ES256', {}],
      ['c', 'ES256', {}],
      ['d', 'Ed25519', {}],
      ['weak', 'ES256', { alg: 'ES384' }],
    ] as const) {
      const { d: _, ...key } = await makeKey(alg, name);
      keys[name] = await keyFacts({ ...key, ...more });
    }
    const { ...secret } = await makeKey('ES256', 'secret');
    keys['secret'] = await keyFacts({ ...secret });
    keys['short'] = await keyFacts({
      kty: 'RSA',
      e: 'AQAB',
      n: Buffer.alloc(128, 255).toString('base64url'),
    });
  });
  for (const [was, is, expected] of [
    ['a', 'a b', 'b added benign'],
    ['a b', 'b', 'a removed benign'],
    ['a b', 'b c', 'c added benign, a removed benign'],
    ['a', 'b', 'b added material, a removed material'],
    ['a d', 'b d', 'b added material, a removed material'],
    ['a', 'a d', 'd added benign'],
    ['a d', 'd', 'a removed material'],
    ['a', '', 'a removed material'],
    ['', 'a', 'a added material'],
    ['a', 'a weak', 'weak added material'],
    ['a', 'a secret', 'secret added material'],
    ['a', 'a short', 'short added material'],
    ['a short', 'a', 'short removed benign'],
  ] as const)
    test(`from "${was}" to "${is}"`, () => {
      const observation = (names: string): Observation => {
        const facts = names.split(' ').flatMap((name) => keys[name] ?? []);
        return seen({ keys: facts.map(({ thumbprint }) => thumbprint).toSorted() }, { keys: facts });
      };
      const nameOf = (thumbprint: string) =>
        Object.keys(keys).find((name) => keys[name]?.thumbprint === thumbprint);
      const changes = drift(observation(was), observation(is));
      expect(changes.map(({ member, how, weight }) => `${nameOf(member)} ${how} ${weight}`).join(', ')).toBe(
        expected,
      );
    });
});

test.describe('certificates', () => {
  const options: CertificateOptions = { commonName: 'as.example', names: ['as.example'], usage: 'server' };
  const facts = (pem: string, refusal?: string) => {
    const found = certificateFacts([new X509Certificate(pem).raw], refusal);
    if (found === undefined) throw new Error('expected a certificate');
    return found;
  };
  const now = new Date();

  test('a renewed one is benign, and one of other names, another issuer or nobody is material', async () => {
    const [authority, other] = [
      await createAuthority({ now }),
      await createAuthority({ now, commonName: 'Another Root' }),
    ];
    const before = facts((await authority.issue(options)).certificate);
    const renewed = (await authority.issue(options)).certificate;
    expect(certificateJudgement(before, facts(renewed)).weight).toBe('benign');
    expect(certificateJudgement(before, facts(renewed, 'CERT_HAS_EXPIRED'))).toEqual({
      weight: 'material',
      reason: 'callers would refuse it (CERT_HAS_EXPIRED)',
    });
    const named = (await authority.issue({ ...options, names: ['as.example', 'b.example'] })).certificate;
    expect(certificateJudgement(before, facts(named)).reason).toContain('it names ["DNS:as.example"');
    const foreign = (await other.issue(options)).certificate;
    expect(certificateJudgement(before, facts(foreign)).reason).toContain('CN=Another Root');
    const own = (await selfSigned({ ...options, now })).certificate;
    expect(certificateJudgement(before, facts(own, 'not-asked')).weight).toBe('material');
  });

  test('intermediate authorities take turns under one root', () => {
    const before = {
      digest: 'one',
      names: ['DNS:as.example'],
      issuer: 'C=US\nO=An Authority\nCN=R10',
      above: 'C=US\nO=An Authority\nCN=Root',
      vouched: 'accepted',
      expires: '2030-01-01T00:00:00.000Z',
    };
    const after = { ...before, digest: 'two', issuer: 'C=US\nO=An Authority\nCN=R11' };
    const { above: _, ...rootless } = after;
    expect(certificateJudgement(before, after).weight).toBe('benign');
    for (const other of [
      { ...after, vouched: 'not-asked' },
      { ...after, issuer: 'C=US\nO=Another\nCN=R11' },
      { ...after, above: 'C=US\nO=An Authority\nCN=Another Root' },
      rootless,
    ])
      expect(certificateJudgement(before, other).weight).toBe('material');
  });
});
