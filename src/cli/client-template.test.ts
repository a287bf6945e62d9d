import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { examine } from '../directory/load.ts';
import { renderClientIntegration, type ClientAnswers } from './client-template.ts';
import { initCommand, type InitOptions } from './init.ts';

const now = new Date('2026-11-22T12:00:00Z');
const start = 'https://app.acme.example/start?issuer={issuer}&api={api}&scenario={scenario}';

const answers: ClientAnswers = {
  schema: './integration.schema.json',
  partner: 'acme',
  integration: 'acme-app',
  environment: 'sandbox',
  profile: {
    edition: 'fapi2-clients-1',
    client_authentication: 'private_key_jwt',
    sender_constraint: 'dpop',
    protocol: 'openid',
  },
  trust: [],
  clientId: 'app',
  redirectUri: 'https://app.acme.example/callback',
  scope: 'openid accounts',
  call: { name: 'accounts', path: '/accounts', scope: 'accounts' },
  trigger: { driver: 'command', run: ['node', 'app.js'] },
};

test('a rendered file is without mistakes in every variant, with every driver', () => {
  const triggers: readonly ClientAnswers['trigger'][] = [
    answers.trigger,
    { driver: 'http', start },
    { driver: 'browser', start },
    { driver: 'manual' },
  ];
  for (const client_authentication of [
    'private_key_jwt',
    'tls_client_auth',
    'self_signed_tls_client_auth',
  ] as const)
    for (const sender_constraint of ['dpop', 'mtls'] as const)
      for (const protocol of ['openid', 'oauth'] as const)
        for (const trigger of triggers) {
          const profile = { ...answers.profile, client_authentication, sender_constraint, protocol };
          const scope = protocol === 'openid' ? 'openid accounts' : 'accounts';
          const text = renderClientIntegration({ ...answers, profile, scope, trigger });
          const { problems, value } = examine(text, 'f', now);
          expect(problems).toEqual([]);
          expect(value).toMatchObject({ profile, trigger, client: { scope } });
        }
});

test('hostile answers stay the texts that they are, and each member is explained', () => {
  const partner = `acme: "{#}"\n- 'x' &a *b !c %d @e \`f\``;
  const run = ['a b', '--c={d}, [e]'];
  const text = renderClientIntegration({
    ...answers,
    partner,
    clientId: '42',
    trigger: { driver: 'command', run },
    schema: 'a\nb: c',
  });
  expect(examine(text, 'f', now).value).toMatchObject({ partner, client: { id: '42' }, trigger: { run } });
  const lines = text.split('\n');
  for (const [index, line] of lines.entries())
    if (/^[a-z]/u.test(line)) expect(lines[index - 1], line).toMatch(/^#/u);
});

test.describe('assay init --client', () => {
  let directory = '';
  test.beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'assay-init-'));
  });
  test.afterEach(() => rm(directory, { recursive: true }));

  async function written(options: InitOptions): Promise<{ said: string; value: unknown }> {
    let said = '';
    const fetchMetadata = async (): Promise<never> => {
      throw new Error('expected nothing to be fetched');
    };
    const io = { write: (text: string) => void (said += text), fetchMetadata, now };
    const file = await initCommand(io, { about: 'client', out: join(directory, 'c.yaml'), ...options });
    return { said, value: examine(await readFile(file, 'utf8'), file, now).value };
  }

  test('needs no answers, and says what is left to do', async () => {
    const { said, value } = await written({});
    expect(value).toMatchObject({
      roles: ['client'],
      client: { id: 'acme-app', jwks: { file: 'jwks.json' } },
      trigger: { driver: 'command', run: ['node', 'app.js'] },
    });
    expect(said).toContain('ASSAY_ISSUER');
  });

  test('takes answers from flags, and refuses those that are no file of a client', async () => {
    const flags = { driver: 'http', start, clientAuthentication: 'tls_client_auth', protocol: 'oauth' };
    expect((await written(flags)).value).toMatchObject({
      hosts: ['app.acme.example'],
      client: { scope: 'accounts', certificate: { file: 'client.pem' } },
      trigger: { driver: 'http', start },
    });
    for (const [options, says] of [
      [{ driver: 'automatic' }, 'command, http, browser, manual'],
      [{ ...flags, start: 'https://app.acme.example/start' }, '/trigger/start'],
      [{ resourcePath: 'accounts' }, 'starts with /'],
      [{ redirectUri: '/callback' }, 'absolute URL'],
    ] as const)
      await expect(written({ ...options, existing: 'replace' })).rejects.toMatchObject({
        code: 'bad-answer',
        message: expect.stringContaining(says),
      });
  });
});
