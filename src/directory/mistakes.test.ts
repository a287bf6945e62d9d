import { expect, test } from '@playwright/test';
import { examine } from './load.ts';
import { IntegrationError } from './problem.ts';
import { changed, now, sample } from './sample.ts';

const one = '    key: { file: keys/one.jwk }';

type Mistake = readonly [
  what: string,
  from: string,
  to: string,
  /** line:column, code and pointer */
  place: string,
  says: string,
  meant?: string,
];

const mistakes: readonly Mistake[] = [
  [
    'a mistyped member',
    'partner:',
    'parner:',
    '2:1 unknown-member /parner',
    'unknown member parner',
    'partner',
  ],
  [
    'a mistyped inner member',
    'sender_constraint',
    'sender_constrain',
    '9:3 unknown-member /profile/sender_constrain',
    'unknown member',
    'sender_constraint',
  ],
  [
    'another spelling of a member',
    'redirect_uri',
    'redirectURI',
    '17:5 unknown-member /clients/0/redirectURI',
    'unknown member',
    'redirect_uri',
  ],
  [
    'a member unlike any other',
    'partner: acme',
    'partner: acme\nzzzzzz: 1',
    '3:1 unknown-member /zzzzzz',
    'known here: $schema, partner',
  ],
  [
    'a missing member',
    'environment: sandbox\n',
    '',
    '2:1 missing-member /environment',
    'Where the software runs',
  ],
  [
    'a missing inner member',
    '  protocol: openid\n',
    '',
    '6:1 missing-member /profile/protocol',
    'missing member protocol',
  ],
  [
    'a number for text',
    'partner: acme',
    'partner: 5',
    '2:10 wrong-type /partner',
    'expected text, found a number; put it in quotes',
  ],
  [
    'text for a list',
    '[refresh-token]',
    'refresh-token',
    '34:11 wrong-type /features',
    'expected a list, found text',
  ],
  [
    'an empty member',
    'issuer: https://as.acme.example',
    'issuer:',
    '11:8 wrong-type /issuer',
    'found nothing',
  ],
  ['an empty text', 'partner: acme', "partner: ''", '2:10 bad-format /partner', 'expected some text'],
  [
    'a mistyped value',
    'protocol: openid',
    'protocol: opneid',
    '10:13 bad-value /profile/protocol',
    'expected one of openid, oauth, found "opneid"',
    'openid',
  ],
  [
    'a value unlike any other',
    'environment: sandbox',
    'environment: moon',
    '4:14 bad-value /environment',
    'expected one of sandbox, production',
  ],
  [
    'an unknown requirement',
    'fapi2-sp/5.3.2.1-1',
    'fapi2-sp/5.3.2.1.1',
    '41:18 bad-value /waivers/0/requirement',
    'known values',
    'fapi2-sp/5.3.2.1-1',
  ],
  [
    'a list that is too short',
    '[authorization-server, resource-server]',
    '[]',
    '5:8 missing-member /roles',
    'expected at least 1',
  ],
  [
    'an entry twice',
    '[refresh-token]',
    '[refresh-token, refresh-token]',
    '34:27 bad-value /features/1',
    'twice',
  ],
  ['an http issuer', 'issuer: https', 'issuer: http', '11:9 bad-format /issuer', 'absolute https URL'],
  [
    'a relative redirect URI',
    'https://client.example/callback',
    '/callback',
    '17:19 bad-format /clients/0/redirect_uri',
    'absolute URL',
  ],
  [
    'a host with a path',
    "'api.acme.example:8443'",
    "'api.acme.example:8443', x.example/y",
    '13:51 bad-format /hosts/2',
    'host:port',
  ],
  ['an unreal date', '2026-12-31', '2026-02-30', '45:14 bad-format /waivers/0/expires', 'real date'],
  [
    'an unknown driver',
    'driver: http',
    'driver: browsr',
    '36:11 bad-value /user/driver',
    'http, browser, automatic',
    'browser',
  ],
  ['no driver', '  driver: http\n', '', '35:1 missing-member /user/driver', 'http, browser, automatic'],
  [
    'a member of the driver that is meant',
    'button: Allow',
    'buton: Allow',
    '38:13 unknown-member /user/accept/buton',
    'unknown member',
    'button',
  ],
  [
    'a mistyped reference',
    'env: PASSWORD',
    'evn: PASSWORD',
    '37:39 unknown-member /user/fields/password/evn',
    'unknown member',
    'env',
  ],
  [
    'a value for a reference',
    '{ file: keys/one.jwk }',
    'hunter2',
    '18:10 wrong-type /clients/0/key',
    'expected { file: … } or { env: … }, found text',
  ],
  [
    'a reference to both',
    '{ file: keys/one.jwk }',
    '{ file: a, env: A }',
    '18:10 conflict /clients/0/key',
    'exclude each other',
  ],
  [
    'no name of a variable',
    '{ env: KEY_TWO }',
    '{ env: hunter-2 }',
    '22:17 bad-format /clients/1/key/env',
    'name of an environment variable, found another text',
  ],
  [
    'a PEM key',
    one,
    '    key: |\n      -----BEGIN PRIVATE KEY-----\n      hunter2\n      -----END PRIVATE KEY-----',
    '18:10 secret /clients/0/key',
    'a private key (PEM) stands in this file',
  ],
  [
    'a PEM key as a file name',
    'keys/one.jwk',
    '"-----BEGIN EC PRIVATE KEY-----\\nhunter2"',
    '18:18 secret /clients/0/key/file',
    'a private key (PEM)',
  ],
  [
    'a JWK as text',
    one,
    `    key: '{"kty":"EC","crv":"P-256","d":"hunter2"}'`,
    '18:10 secret /clients/0/key',
    'a private key (JWK)',
  ],
  [
    'a JWK as members',
    one,
    '    key: { kty: OKP, crv: Ed25519, d: hunter2 }',
    '18:10 secret /clients/0/key',
    'a private key (JWK)',
  ],
  [
    'a certificate',
    one,
    `${one}\n    certificate: "-----BEGIN CERTIFICATE-----"\n    certificate_key: { env: K }`,
    '19:18 secret /clients/0/certificate',
    'PEM text stands in this file',
  ],
  [
    'a PEM key in a comment',
    'partner: acme',
    'partner: acme # -----BEGIN RSA PRIVATE KEY----- hunter2',
    '2:1 secret',
    'a private key (PEM)',
  ],
  [
    'neither issuer nor discovery',
    'issuer: https://as.acme.example\n',
    '',
    '2:1 missing-member /issuer',
    'issuer (or discovery)',
  ],
  [
    'an issuer with a query',
    'https://as.acme.example',
    'https://as.acme.example?a=b',
    '11:9 conflict /issuer',
    'RFC 8414',
  ],
  [
    'private_key_jwt without a key',
    `${one}\n`,
    '',
    '15:5 missing-member /clients/0/key',
    'private_key_jwt needs it',
  ],
  [
    'a certificate without its key',
    one,
    `${one}\n    certificate: { env: C }`,
    '15:5 missing-member /clients/0/certificate_key',
    'the certificate beside it',
  ],
  ['one client twice', 'id: two', 'id: one', '19:9 conflict /clients/1/id', 'both clients have this id'],
  [
    'an undeclared host',
    'api.acme.example:8443/payments',
    'pay.acme.example/payments',
    '31:10 conflict /resources/1/url',
    'the host pay.acme.example is not in hosts',
  ],
  [
    'an undeclared port',
    'api.acme.example:8443/payments',
    'api.acme.example/payments',
    '31:10 conflict /resources/1/url',
    'is not in hosts',
  ],
  [
    'an undeclared host of a description',
    'openapi: openapi.yaml',
    'openapi: https://docs.example/api.yaml',
    '28:14 conflict /resources/0/openapi',
    'docs.example is not in hosts',
  ],
  [
    'credentials in a URL',
    'https://as.',
    'https://u:hunter2@as.',
    '11:9 conflict /issuer',
    'no user name and no password',
  ],
  [
    'a scope beyond the registration',
    'scope: payments',
    'scope: payment',
    '32:12 conflict /resources/1/scope',
    'does not contain payment',
    'payments',
  ],
  [
    'OpenID Connect without openid',
    'scope: openid accounts\n',
    'scope: accounts\n',
    '20:12 conflict /clients/1/scope',
    'needs the scope openid',
  ],
  [
    'a resource name twice',
    'name: payments',
    'name: accounts',
    '29:11 conflict /resources/1/name',
    'names are unique',
  ],
  [
    'a waiver approved by its owner',
    'approver: omar',
    'approver: Maria',
    '44:15 conflict /waivers/0/approver',
    'somebody else',
  ],
  [
    'an expired waiver',
    '2026-12-31',
    '2026-11-21',
    '45:14 conflict /waivers/0/expires',
    'expired on 2026-11-21',
  ],
  [
    'a member twice',
    'partner: acme',
    'partner: acme\npartner: acme',
    '3:1 duplicate-member /partner',
    'second time',
  ],
  ['a tab', '  protocol', '\tprotocol', '10:1 syntax', 'a tab indents this line'],
  ['a second document', 'user:', '---\nuser:', '35:1 syntax', 'a second document'],
  ['an open quote', 'id: one', 'id: "one', '15:9 syntax', 'is not closed'],
  ['an open bracket', '[refresh-token]', '[refresh-token', '34:11 syntax', 'is not closed'],
  ['a missing colon', 'environment: sandbox', 'environment sandbox', '4:1 syntax', 'is a colon missing'],
  ['a dangling alias', 'partner: acme', 'partner: *acme', '2:10 syntax', 'no anchor'],
  ['a tag', 'partner: acme', 'partner: !secret acme', '2:10 syntax', 'tags'],
];

for (const [what, from, to, place, says, meant] of mistakes)
  test(`names ${what}, and nothing else`, () => {
    const { value, problems } = examine(changed([from, to]), 'file.yaml', now);
    const [line, column, code, pointer = ''] = place.split(/[: ]/u);
    const found = { file: 'file.yaml', line: Number(line), column: Number(column), code, pointer };
    expect(problems).toEqual([expect.objectContaining({ ...found, message: expect.stringContaining(says) })]);
    expect(problems[0]?.suggestion).toBe(meant);
    expect(value).toBeUndefined();
    expect(new IntegrationError(problems).message).not.toContain('hunter2');
  });

test('names what mutual TLS needs, of each client', () => {
  for (const change of [
    ['sender_constraint: dpop', 'sender_constraint: mtls'],
    ['private_key_jwt', 'tls_client_auth'],
    ['private_key_jwt', 'self_signed_tls_client_auth'],
  ] as const)
    expect(examine(changed(change), 'f', now).problems.map(({ pointer }) => pointer)).toEqual([
      '/clients/0/certificate',
      '/clients/0/certificate_key',
      '/clients/1/certificate',
      '/clients/1/certificate_key',
    ]);
});

test('names openid and userinfo where the protocol is plain OAuth', () => {
  const text = changed(['protocol: openid', 'protocol: oauth'], ['[refresh-token]', '[userinfo]']);
  expect(examine(text, 'f', now).problems.map(({ code, pointer }) => [code, pointer])).toEqual([
    ['conflict', '/clients/0/scope'],
    ['conflict', '/clients/1/scope'],
    ['conflict', '/features/0'],
  ]);
});

test('names what the code grant needs, and what has no place without a user', () => {
  const without = sample.replace(/user:\n[^]*waivers:/u, 'waivers:').replaceAll(/ +redirect_uri: .*\n/gu, '');
  expect(examine(without, 'f', now).problems.map(({ code, pointer }) => [code, pointer])).toEqual([
    ['missing-member', '/user'],
    ['missing-member', '/clients/0/redirect_uri'],
    ['missing-member', '/clients/1/redirect_uri'],
  ]);
  const own = (text: string): string =>
    text.replace('protocol: openid', 'protocol: openid\n  grant: client_credentials');
  expect(examine(own(without), 'f', now).problems.map(({ code, pointer }) => [code, pointer])).toEqual([
    ['conflict', '/profile/protocol'],
    ['conflict', '/features/0'],
  ]);
  const plain = own(without)
    .replace('protocol: openid', 'protocol: oauth')
    .replaceAll('scope: openid ', 'scope: ')
    .replace('[refresh-token]', '[]');
  expect(examine(plain, 'f', now).problems).toEqual([]);
});

test('names the mistakes of browser steps by the step that was meant', () => {
  const user = `user:
  driver: browser
  accept:
    - { fill: '#login', with: alice }
    - { fill: '#password' }
    - { clik: button }
    - { wait: h1, click: a }
    - { click: 5 }
waivers:`;
  const text = sample.replace(/user:\n[^]*waivers:/u, user);
  expect(examine(text, 'f', now).problems.map(({ code, pointer }) => [code, pointer])).toEqual([
    ['missing-member', '/user/reject'],
    ['missing-member', '/user/accept/1/with'],
    ['unknown-member', '/user/accept/2/clik'],
    ['conflict', '/user/accept/3'],
    ['wrong-type', '/user/accept/4/click'],
  ]);
});
