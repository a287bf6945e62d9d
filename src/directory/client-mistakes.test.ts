import { expect, test } from '@playwright/test';
import { parse } from 'yaml';
import { examine } from './load.ts';
import { changedClient, clientSample, commandTrigger, now } from './sample.ts';

const jwks = '  jwks: { file: jwks.json }\n';
const start = 'https://localhost:4000/start?issuer={issuer}';
const http = (url = start): string => `  driver: http\n  start: ${url}\n`;

type Mistake = readonly [
  what: string,
  changes: readonly (readonly [from: string, to: string])[],
  /** line:column, code and pointer */
  place: string,
  says: string,
  meant?: string,
];

const mistakes: readonly Mistake[] = [
  [
    'a mistyped role',
    [['[client]', '[clinet]']],
    '5:9 bad-value /roles/0',
    'expected one of client',
    'client',
  ],
  [
    'a server and a client in one',
    [['[client]', '[authorization-server, client]']],
    '5:8 conflict /roles',
    'describe each in a file of its own',
  ],
  [
    'a member of servers',
    [['trust:', 'issuer: https://as.acme.example\ntrust:']],
    '11:1 unknown-member /issuer',
    'known here: $schema, partner',
  ],
  [
    'no client',
    [[/client:\n[^]*?(?=trigger)/u.exec(clientSample)?.[0] ?? '', '']],
    '2:1 missing-member /client',
    'The client under test',
  ],
  [
    'a mistyped member of the client',
    [['redirect_uris', 'redirect_uri']],
    '15:3 unknown-member /client/redirect_uri',
    'unknown member',
    'redirect_uris',
  ],
  ['no trigger', [[`trigger:\n${commandTrigger}`, '']], '2:1 missing-member /trigger', 'how it ended'],
  [
    'an unknown driver',
    [['driver: command', 'driver: comand']],
    '20:11 bad-value /trigger/driver',
    'command, http, browser, manual',
    'command',
  ],
  [
    'no driver',
    [['  driver: command\n', '']],
    '19:1 missing-member /trigger/driver',
    'command, http, browser, manual',
  ],
  [
    'a member of another driver',
    [['timeout: 20', `start: ${start}`]],
    '23:3 unknown-member /trigger/start',
    'known here: driver, run',
  ],
  [
    'a program as one text',
    [['[node, app.js]', 'node app.js']],
    '21:8 wrong-type /trigger/run',
    'expected a list',
  ],
  ['no program', [['[node, app.js]', '[]']], '21:8 missing-member /trigger/run', 'expected at least 1'],
  ['no patience', [['timeout: 20', 'timeout: 0']], '23:12 bad-value /trigger/timeout', 'must be > 0'],
  [
    'a relative path of a call',
    [['path: /accounts', 'path: accounts']],
    '30:11 bad-format /resources/0/path',
    'a path that starts with /',
  ],
  [
    'a mistyped way to have issuers',
    [['issuer: each', 'issuer: fixd']],
    '25:11 bad-value /sandbox/issuer',
    'each, fixed',
    'fixed',
  ],
  [
    'the code grant without redirect URIs',
    [['  redirect_uris: [https://app.acme.example/callback]\n', '']],
    '13:1 missing-member /client/redirect_uris',
    'the authorization code grant',
  ],
  [
    'private_key_jwt without keys',
    [[jwks, '']],
    '13:1 missing-member /client/jwks',
    'private_key_jwt (profile/client_authentication)',
  ],
  [
    'signed requests without keys',
    [
      [jwks, '  certificate: { file: client.pem }\n'],
      ['private_key_jwt', 'tls_client_auth'],
      ['[refresh-token, userinfo]', '[signed-request]'],
    ],
    '13:1 missing-member /client/jwks',
    'the feature signed-request needs',
  ],
  [
    'keys at two places',
    [[jwks, `${jwks}  jwks_uri: https://keys.acme.example/jwks\n`]],
    '18:13 conflict /client/jwks_uri',
    'exclude each other (RFC 7591, section 2)',
  ],
  [
    'an http jwks_uri',
    [[jwks, '  jwks_uri: http://keys.acme.example/jwks\n']],
    '17:13 bad-format /client/jwks_uri',
    'absolute https URL',
  ],
  [
    'an undeclared jwks_uri',
    [[jwks, '  jwks_uri: https://key.acme.example/jwks\n']],
    '17:13 conflict /client/jwks_uri',
    'is not in hosts',
    'keys.acme.example',
  ],
  [
    'tls_client_auth without a certificate',
    [['private_key_jwt', 'tls_client_auth']],
    '13:1 missing-member /client/certificate',
    'tls_client_auth (profile/client_authentication)',
  ],
  [
    'self_signed_tls_client_auth without a certificate',
    [['private_key_jwt', 'self_signed_tls_client_auth']],
    '13:1 missing-member /client/certificate',
    'self_signed_tls_client_auth (profile/client_authentication)',
  ],
  [
    'mtls without a certificate',
    [['sender_constraint: dpop', 'sender_constraint: mtls']],
    '13:1 missing-member /client/certificate',
    'mtls (profile/sender_constraint)',
  ],
  [
    'OpenID Connect without openid',
    [['scope: openid accounts', 'scope: accounts']],
    '16:10 conflict /client/scope',
    'needs the scope openid',
  ],
  [
    'openid without OpenID Connect',
    [
      ['protocol: openid', 'protocol: oauth'],
      ['[refresh-token, userinfo]', '[]'],
    ],
    '16:10 conflict /client/scope',
    'asks for OpenID Connect',
  ],
  [
    'userinfo without OpenID Connect',
    [
      ['protocol: openid', 'protocol: oauth'],
      ['openid accounts', 'accounts'],
    ],
    '38:27 conflict /features/1',
    'is a part of OpenID Connect',
  ],
  [
    'signed ID tokens without OpenID Connect',
    [
      ['protocol: openid', 'protocol: oauth'],
      ['openid accounts', 'accounts'],
      ['[refresh-token, userinfo]', '[signed-id-token]'],
    ],
    '38:12 conflict /features/0',
    'is a part of OpenID Connect',
  ],
  ...['introspection', 'client-jwks-uri', 'expired-certificate', 'dpop-nonce'].map((feature): Mistake => [
    `${feature}, which only servers have`,
    [['[refresh-token, userinfo]', `[${feature}]`]],
    '38:12 conflict /features/0',
    `${feature} is a feature of servers`,
  ]),
  [
    'a scope beyond the use case',
    [['    scope: payments', '    scope: payment']],
    '36:12 conflict /resources/1/scope',
    "the client's scope does not contain payment",
    'payments',
  ],
  [
    'a name of a call twice',
    [['name: payments', 'name: accounts']],
    '33:11 conflict /resources/1/name',
    'names are unique',
  ],
  [
    'an app of an undeclared host',
    [[commandTrigger, http('https://app.acme.example/start?issuer={issuer}')]],
    '21:10 conflict /trigger/start',
    'is not in hosts',
  ],
  [
    'an undeclared host of a status',
    [[commandTrigger, `${http()}  status: https://app.acme.example/status\n`]],
    '22:11 conflict /trigger/status',
    'is not in hosts',
  ],
  [
    'an app without hosts',
    [
      [commandTrigger, http()],
      ["hosts: ['localhost:4000', keys.acme.example]\n", ''],
    ],
    '2:1 missing-member /hosts',
    'trigger/start is a URL',
  ],
  [
    'a relative start',
    [[commandTrigger, http('/start?issuer={issuer}')]],
    '21:10 bad-format /trigger/start',
    'absolute http or https URL',
  ],
  [
    'an unknown placeholder',
    [[commandTrigger, http(`${start}&r={redirect_url}`)]],
    '21:10 conflict /trigger/start',
    '{redirect_url} is not known',
    '{redirect_uri}',
  ],
  [
    'an app that is not told the issuer',
    [[commandTrigger, http('https://localhost:4000/start')]],
    '21:10 conflict /trigger/start',
    'not told which issuer to use',
  ],
  [
    'an app that cannot know the issuer',
    [
      [commandTrigger, http('https://localhost:4000/start')],
      ['issuer: each', 'issuer: fixed'],
    ],
    '22:1 missing-member /sandbox/port',
    'an app that is not told the issuer',
  ],
  [
    'a relay without a token',
    [['host: localhost', 'relay: https://sandbox.example']],
    '24:1 missing-member /sandbox/token',
    'a relay takes only runs with a token',
  ],
  [
    'a token without a relay',
    [['host: localhost', 'token: { env: RELAY_TOKEN }']],
    '24:1 missing-member /sandbox/relay',
    'the token is for a relay',
  ],
  [
    'a relay and a host',
    [['host: localhost', 'host: a.example\n  relay: https://sandbox.example\n  token: { env: T }']],
    '26:9 conflict /sandbox/host',
    'the relay says where',
  ],
  [
    'an app that does not learn its address at a relay',
    [
      [commandTrigger, http('https://localhost:4000/start')],
      ['issuer: each', 'issuer: fixed'],
      ['host: localhost', 'relay: https://sandbox.example\n  token: { env: T }'],
    ],
    '24:10 conflict /sandbox/relay',
    'put {issuer} into trigger/start',
  ],
  [
    'a port for many issuers',
    [['host: localhost', 'port: 4433']],
    '26:9 conflict /sandbox/port',
    'a port belongs to one issuer',
  ],
  [
    'several issuers behind one',
    [
      ['issuer: each', 'issuer: fixed'],
      ['[refresh-token, userinfo]', '[several-issuers]'],
    ],
    '38:12 conflict /features/0',
    'sandbox/issuer is fixed',
  ],
  [
    'a key in the file',
    [['file: jwks.json', `file: '{"kty":"EC","d":"hunter2"}'`]],
    '17:17 secret /client/jwks/file',
    'a private key (JWK)',
  ],
  [
    'an expired waiver',
    [['2026-12-31', '2026-11-21']],
    '44:14 conflict /waivers/0/expires',
    'expired on 2026-11-21',
  ],
];

for (const [what, changes, place, says, meant] of mistakes)
  test(`names ${what}, and nothing else`, () => {
    const { value, problems } = examine(changedClient(...changes), 'file.yaml', now);
    const [line, column, code, pointer] = place.split(/[: ]/u);
    const found = { file: 'file.yaml', line: Number(line), column: Number(column), code, pointer };
    expect(problems).toEqual([expect.objectContaining({ ...found, message: expect.stringContaining(says) })]);
    expect(problems[0]?.suggestion).toBe(meant);
    expect(value).toBeUndefined();
    expect(problems[0]?.message).not.toContain('hunter2');
  });

test('names what has no place without a user', () => {
  const text = changedClient(
    ['protocol: openid', 'protocol: oauth\n  grant: client_credentials'],
    ['openid accounts', 'accounts'],
    ['  redirect_uris: [https://app.acme.example/callback]\n', ''],
    ['[refresh-token, userinfo]', '[refresh-token, revocation, signed-request, signed-response]'],
  );
  expect(examine(text, 'f', now).problems.map(({ code, pointer }) => [code, pointer])).toEqual([
    ['conflict', '/features/0'],
    ['conflict', '/features/2'],
    ['conflict', '/features/3'],
  ]);
  const plain = text.replace('refresh-token, revocation, signed-request, signed-response', 'revocation');
  expect(examine(plain, 'f', now).problems).toEqual([]);
});

test('accepts each driver, and each way to have issuers', () => {
  const steps = `  steps: [{ fill: '#pin', with: { env: PIN } }, { click: button }]\n`;
  for (const changes of [
    [],
    [[commandTrigger, http()]],
    [
      [
        commandTrigger,
        `${http().replace('http', 'browser')}${steps}  completed: '#done'\n  failed: '#failed'\n`,
      ],
    ],
    [[commandTrigger, '  driver: manual\n']],
    [['issuer: each', 'issuer: fixed\n  port: 4433']],
    [
      ['issuer: each', 'issuer: fixed\n  port: 4433'],
      [commandTrigger, http('http://localhost:4000/start')],
    ],
  ] as const)
    expect(examine(changedClient(...changes), 'f', now).problems).toEqual([]);
});

test('names the mistakes of steps by the step that was meant', () => {
  const trigger = `${http().replace('http', 'browser')}  completed: '#done'
  steps:
    - { fill: '#password' }
    - { clik: button }
    - { wait: h1, click: a }
`;
  const { problems } = examine(changedClient([commandTrigger, trigger]), 'f', now);
  expect(problems.map(({ code, pointer }) => [code, pointer])).toEqual([
    ['missing-member', '/trigger/failed'],
    ['missing-member', '/trigger/steps/0/with'],
    ['unknown-member', '/trigger/steps/1/clik'],
    ['conflict', '/trigger/steps/2'],
  ]);
});

test('knows the files that are referred to, and no variable that is named as a reference is', () => {
  const text = changedClient(
    [commandTrigger, '  driver: command\n  run: [app]\n  env: { file: plain, KEY: { file: k.pem } }\n'],
    ['host: localhost', 'authority: { certificate: { file: a.pem }, key: { env: A_KEY } }'],
    [jwks, `${jwks}  certificate: { file: c.pem }\n`],
  );
  const { files, problems } = examine(text, 'f', now);
  expect(problems).toEqual([]);
  expect(files.map(({ pointer, path }) => `${pointer} ${path}`)).toEqual([
    '/trust/0 ca.pem',
    '/client/jwks/file jwks.json',
    '/client/certificate/file c.pem',
    '/trigger/env/KEY/file k.pem',
    '/sandbox/authority/certificate/file a.pem',
    '/resources/0/openapi openapi.yaml',
  ]);
});

test('examines JSON as well', () => {
  expect(examine(JSON.stringify(parse(clientSample)), 'f.json', now).problems).toEqual([]);
});
