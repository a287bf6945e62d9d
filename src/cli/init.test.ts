import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from '@playwright/test';
import { examine, loadIntegration } from '../directory/load.ts';
import { discover, readOffer } from './discovery.ts';
import { initCommand, openQuestions, type InitIo } from './init.ts';
import { renderIntegration, type Answers } from './integration-template.ts';

const now = new Date('2026-11-22T12:00:00Z');
const issuer = 'https://as.sandbox.acme.example/realms/open-banking';
const at = 'https://as.sandbox.acme.example/realms/open-banking/protocol/openid-connect';
const secure = 'https://mtls.as.sandbox.acme.example:8443/realms/open-banking/protocol/openid-connect';

const metadata = {
  issuer,
  authorization_endpoint: `${at}/auth`,
  token_endpoint: `${at}/token`,
  pushed_authorization_request_endpoint: `${at}/par`,
  introspection_endpoint: `${at}/token/introspect`,
  revocation_endpoint: `${at}/revoke`,
  userinfo_endpoint: `${at}/userinfo`,
  jwks_uri: 'https://keys.acme.example/jwks',
  service_documentation: 'https://docs.acme.example/',
  mtls_endpoint_aliases: { token_endpoint: `${secure}/token`, userinfo_endpoint: `${secure}/userinfo` },
  response_types_supported: ['code'],
  grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'tls_client_auth', 'private_key_jwt'],
  dpop_signing_alg_values_supported: ['ES256', 'PS256'],
  tls_client_certificate_bound_access_tokens: true,
  id_token_signing_alg_values_supported: ['PS256'],
  scopes_supported: ['openid', 'accounts'],
};

test.describe('the offer of a metadata document', () => {
  test('names hosts, methods, sender constraints, protocol and features', () => {
    expect(readOffer(metadata, issuer)).toEqual({
      hosts: ['as.sandbox.acme.example', 'keys.acme.example', 'mtls.as.sandbox.acme.example:8443'],
      clientAuthentication: ['private_key_jwt', 'tls_client_auth'],
      senderConstraint: ['dpop', 'mtls'],
      protocol: 'openid',
      features: ['refresh-token', 'introspection', 'revocation', 'userinfo'],
      userinfo: { usual: `${at}/userinfo`, mtls: `${secure}/userinfo` },
      notes: [],
    });
  });

  test('of a plain OAuth server without FAPI 2.0 says what is missing', () => {
    const plain = {
      issuer: `${issuer}/`,
      token_endpoint: `${at}/token`,
      userinfo_endpoint: `${at}/userinfo`,
    };
    const offer = readOffer(plain, issuer);
    expect(offer).toMatchObject({ protocol: 'oauth', features: [], hosts: ['as.sandbox.acme.example'] });
    expect(offer.notes).toEqual([
      expect.stringContaining('does not name this issuer'),
      expect.stringContaining('no client authentication of FAPI 2.0'),
      expect.stringContaining('neither DPoP nor certificate-bound tokens'),
      expect.stringContaining('no pushed_authorization_request_endpoint'),
    ]);
  });

  test('of hostile members is read without them', () => {
    const hostile = {
      issuer,
      jwks_uri: 'http://10.0.0.1/',
      token_endpoint: ['https://a.example'],
      mtls_endpoint_aliases: 'x',
      revocation_endpoint: 'https://[',
      grant_types_supported: 'refresh_token',
    };
    expect(readOffer(hostile, issuer)).toMatchObject({ hosts: ['as.sandbox.acme.example'], features: [] });
  });

  test('is looked for where OpenID Connect and RFC 8414 put it', async () => {
    const asked: string[] = [];
    const { offer, notes } = await discover(issuer, async (url) => {
      asked.push(url);
      if (url.includes('openid-configuration')) throw new Error('404');
      return metadata;
    });
    expect(asked).toEqual([
      `${issuer}/.well-known/openid-configuration`,
      'https://as.sandbox.acme.example/.well-known/oauth-authorization-server/realms/open-banking',
    ]);
    expect(offer?.protocol).toBe('openid');
    expect(notes).toEqual([`read the metadata at ${asked[1]}`]);
    const none = await discover(issuer, async () => 'a page');
    expect(none).toMatchObject({ offer: undefined, notes: [expect.any(String), expect.any(String)] });
  });
});

const answers: Answers = {
  schema: './integration.schema.json',
  partner: 'acme',
  integration: 'acme-sandbox',
  environment: 'sandbox',
  roles: ['authorization-server', 'resource-server'],
  profile: {
    edition: 'fapi2-sp-flows-1',
    client_authentication: 'private_key_jwt',
    sender_constraint: 'dpop',
    protocol: 'openid',
  },
  issuer,
  trust: [],
  hosts: ['as.sandbox.acme.example', 'api.acme.example'],
  clientIds: ['one', 'two'],
  scope: 'openid accounts',
  redirectUri: 'https://client.example/callback',
  resource: { name: 'accounts', method: 'GET', url: 'https://api.acme.example/accounts', scope: 'accounts' },
  features: ['refresh-token'],
  driver: 'http',
};

test.describe('a rendered integration file', () => {
  test('is without mistakes in every variant', () => {
    for (const client_authentication of [
      'private_key_jwt',
      'tls_client_auth',
      'self_signed_tls_client_auth',
    ] as const)
      for (const sender_constraint of ['dpop', 'mtls'] as const)
        for (const protocol of ['openid', 'oauth'] as const)
          for (const driver of ['http', 'browser', 'automatic'] as const) {
            const profile = { ...answers.profile, client_authentication, sender_constraint, protocol };
            const scope = protocol === 'openid' ? 'openid accounts' : 'accounts';
            const { problems, value } = examine(
              renderIntegration({ ...answers, profile, scope, driver }),
              'f',
              now,
            );
            expect(problems).toEqual([]);
            expect(value).toMatchObject({ profile, user: { driver }, clients: [{ scope }, { scope }] });
          }
  });

  test('keeps hostile answers as the texts that they are', () => {
    const partner = `acme: "{#}"\n- 'x' &a *b !c %d @e \`f\``;
    const clientIds = ['yes', '42'] as const;
    const trust = ['a, b].pem'];
    const { value } = examine(
      renderIntegration({ ...answers, partner, clientIds, trust, schema: 'a\nb: c' }),
      'f',
      now,
    );
    expect(value).toMatchObject({ partner, clients: [{ id: 'yes' }, { id: '42' }], trust });
  });

  test('explains each of its members', () => {
    const lines = renderIntegration(answers).split('\n');
    expect(lines[0]).toBe('# yaml-language-server: $schema=./integration.schema.json');
    for (const [index, line] of lines.entries())
      if (/^[a-z]/u.test(line)) expect(lines[index - 1], line).toMatch(/^#/u);
  });
});

test.describe('assay init', () => {
  let directory = '';
  let written = '';
  const io = (): InitIo => ({
    write: (text) => {
      written += text;
    },
    fetchMetadata: async () => metadata,
    now,
  });
  test.beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'assay-init-'));
    written = '';
  });
  test.afterEach(() => rm(directory, { recursive: true }));

  test('needs only an issuer, and writes a file that loads once its keys exist', async () => {
    const file = await initCommand(io(), { issuer, out: join(directory, 'acme', 'integration.yaml') });
    for (const key of ['keys/client-1.jwk', 'keys/client-2.jwk']) {
      await mkdir(join(dirname(file), 'keys'), { recursive: true });
      await writeFile(join(dirname(file), key), '{}');
    }
    const { value } = await loadIntegration(file, now);
    expect(value).toMatchObject({
      partner: 'acme',
      integration: 'acme-sandbox',
      issuer,
      hosts: ['as.sandbox.acme.example', 'keys.acme.example', 'mtls.as.sandbox.acme.example:8443'],
      profile: { client_authentication: 'private_key_jwt', sender_constraint: 'dpop', protocol: 'openid' },
      resources: [{ name: 'userinfo', url: `${at}/userinfo`, scope: 'openid' }],
      features: ['refresh-token', 'introspection', 'revocation', 'userinfo'],
    });
    expect(written).toContain(`read the metadata at ${issuer}/.well-known/openid-configuration`);
    expect(written).toContain(`${file} is written`);
  });

  test('writes a file of flags alone where the issuer cannot be reached', async () => {
    const file = await initCommand(
      {
        ...io(),
        fetchMetadata: async () => {
          throw new Error('connection refused');
        },
      },
      {
        issuer,
        out: join(directory, 'f.yaml'),
        clientAuthentication: 'tls_client_auth',
        senderConstraint: 'mtls',
        protocol: 'oauth',
        resourceUrl: 'https://api.acme.example:8443/v1/accounts?all=1',
        resourceScope: 'accounts balances',
        driver: 'automatic',
        trust: ['ca.pem'],
      },
    );
    expect(examine(await readFile(file, 'utf8'), file, now).value).toMatchObject({
      hosts: ['as.sandbox.acme.example', 'api.acme.example:8443'],
      clients: [{ scope: 'accounts balances', certificate: {} }, { certificate_key: {} }],
      resources: [{ name: 'accounts', scope: 'accounts balances' }],
      trust: ['ca.pem'],
      features: [],
    });
    expect(written).toContain('connection refused');
  });

  test('asks what is not given, offers what discovery told, and asks again after a bad answer', async () => {
    const questions: string[] = [];
    const replies: Record<string, string[]> = {
      Issuer: ['as.acme.example', issuer],
      'Who logs in': ['brwser', 'browser'],
    };
    const ask = async (question: string, fallback: string): Promise<string> => {
      questions.push(`${question} [${fallback}]`);
      const about = Object.keys(replies).find((start) => question.startsWith(start));
      return replies[about ?? '']?.shift() ?? fallback;
    };
    const file = await initCommand(
      { ...io(), ask },
      { out: join(directory, 'f.yaml'), senderConstraint: 'mtls' },
    );
    expect(questions).toContain(
      'How the test clients authenticate (private_key_jwt, tls_client_auth, self_signed_tls_client_auth) [private_key_jwt]',
    );
    expect(questions.filter((question) => question.startsWith('How access tokens'))).toEqual([]);
    expect(written).toContain('expected an absolute https URL');
    expect(written).toContain('expected one of http, browser, automatic');
    expect(await readFile(file, 'utf8')).toContain(`url: ${secure}/userinfo`);
  });

  test('never overwrites a file unless it is told to', async () => {
    const out = join(directory, 'f.yaml');
    await writeFile(out, 'mine');
    await expect(initCommand(io(), { issuer, out })).rejects.toMatchObject({
      code: 'exists',
      fault: 'configuration',
    });
    expect(await readFile(out, 'utf8')).toBe('mine');
    await initCommand(io(), { issuer, out, existing: 'replace' });
    expect(await readFile(out, 'utf8')).toContain(issuer);
  });

  test('refuses missing and unusable answers, and writes nothing', async () => {
    const out = join(directory, 'f.yaml');
    for (const [options, code, says] of [
      [{}, 'no-answer', 'Issuer URL'],
      [{ issuer: 'http://as.example' }, 'bad-answer', 'absolute https URL'],
      [{ issuer, protocol: 'oidc' }, 'bad-answer', 'expected one of openid, oauth'],
      [{ issuer, integration: 'Acme' }, 'bad-answer', 'lower case'],
      [{ issuer, clientId: 'a', otherClientId: 'a' }, 'bad-answer', 'another client'],
      [{ issuer, protocol: 'oauth', resourceScope: 'openid' }, 'bad-answer', '/clients/0/scope'],
    ] as const)
      await expect(initCommand(io(), { ...options, out })).rejects.toMatchObject({
        code,
        message: expect.stringContaining(says),
      });
    await expect(readFile(out)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('reads answers from a terminal, and says so when it ends', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const { ask, close } = openQuestions(input, output);
    input.write('first\n');
    expect(await ask('One', 'a')).toBe('first');
    input.write('\n');
    expect(await ask('Two', 'b')).toBe('b');
    const third = ask('Three', 'c');
    input.end();
    await expect(third).rejects.toMatchObject({ code: 'no-answer' });
    close();
    expect(String(output.read())).toContain('Two [b]: ');
  });
});
