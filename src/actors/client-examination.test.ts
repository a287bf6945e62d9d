import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { parse, stringify } from 'yaml';
import { temporaryClientEcosystem } from '../../fixtures/client/ecosystem.ts';
import type { ClientIntegration } from '../directory/client-integration.ts';
import { createRedactor } from '../transport/redact.ts';
import { examineClient } from './client-examination.ts';
import { ClientSession } from './client-session.ts';
import type { Finding } from './finding.ts';
import type { Connection } from './sandbox/connection.ts';

test.describe.configure({ mode: 'default' });

let sample: Awaited<ReturnType<typeof temporaryClientEcosystem>>;

test.beforeAll(async () => {
  sample = await temporaryClientEcosystem({
    app: 'plain',
    trigger: 'command',
    clientAuthentication: 'private_key_jwt',
    senderConstraint: 'dpop',
    protocol: 'openid',
  });
});
test.afterAll(() => sample[Symbol.asyncDispose]());

let copies = 0;

/** What is found of flows of the sample with other members. */
async function flowsOf(
  change: (value: ClientIntegration) => object = () => ({}),
): Promise<readonly Finding[]> {
  const value = parse(await readFile(sample.integrationFile, 'utf8'));
  copies += 1;
  const file = join(dirname(sample.integrationFile), `changed-${copies}.yaml`);
  await writeFile(file, stringify({ ...value, ...change(value) }));
  const connections: Connection[] = [];
  const session = new ClientSession({
    file,
    privateNetwork: 'refused',
    redactor: createRedactor('salt'),
    clock: Date.now,
    onConnection: (connection) => connections.push(connection),
  });
  try {
    const findings = await examineClient(session, process.env, connections);
    return findings.filter(({ what }) => what.startsWith('flow'));
  } finally {
    await session.close();
  }
}

/** The one finding on a program instead of the sample: it cannot be driven. */
async function driven(script: string, more: object = {}): Promise<Finding | undefined> {
  const findings = await flowsOf(() => ({
    trigger: { driver: 'command', run: [process.execPath, '-e', script], ...more },
  }));
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ what: 'flow connect', state: 'problem' });
  return findings[0];
}

/** A script that asks for something below the issuer, trusting the authority that it is told. */
const asking = (path: string, end: string): string => `
  const ca = require('node:fs').readFileSync(process.env.ASSAY_CA_FILE);
  require('node:https').get(process.env.ASSAY_ISSUER + '${path}', { ca }, (answer) => {
    answer.resume();
    answer.on('end', () => { ${end} });
  });`;

test('a client that can be driven completes each of its scenarios', async () => {
  const findings = await flowsOf();
  expect(findings.map(({ what, state }) => `${what} ${state}`)).toEqual([
    'flow connect ok',
    'flow refresh ok',
    'flow disconnect ok',
  ]);
  expect(findings[0]?.detail).toMatch(/^completed: metadata request, pushed .* API call$/u);
});

test('a program of which nothing arrives is told apart by what it said', async () => {
  const failed = await driven(`console.error('no configuration'); process.exit(3)`);
  expect(failed).toMatchObject({
    fault: 'configuration',
    detail: expect.stringMatching(/^nothing arrived at the sandbox; .*3.*no configuration/u),
    advice: expect.stringContaining('ASSAY_ISSUER'),
  });
  expect((await driven(''))?.detail).toContain('nothing arrived at the sandbox');
  expect(await driven('setInterval(() => {}, 1000)', { timeout: 0.5 })).toMatchObject({
    fault: 'configuration',
    advice: expect.stringContaining('trigger/timeout'),
  });
});

test('a client that does not trust the authority, or speaks no TLS, is told so', async () => {
  expect(await driven('fetch(process.env.ASSAY_ISSUER)')).toMatchObject({
    fault: 'configuration',
    detail: expect.stringContaining('it refused the certificate of the sandbox'),
    advice: expect.stringContaining('ASSAY_CA_FILE'),
  });
  const plain = `fetch(process.env.ASSAY_ISSUER.replace('https', 'http')).then(() => process.exit(1))`;
  expect((await driven(plain))?.detail).toContain('HTTP without TLS');
});

test('a client that asks elsewhere, or only for the metadata, is told how far it came', async () => {
  const elsewhere = asking(
    `'.replace(/[^/]*$/u, '') + 'nobody/.well-known/openid-configuration`,
    'process.exit(1)',
  );
  expect(await driven(elsewhere)).toMatchObject({
    detail: expect.stringContaining('addresses that belong to no issuer'),
  });
  const metadata = asking('/.well-known/openid-configuration', 'process.exit(1)');
  expect(await driven(metadata)).toMatchObject({
    fault: 'subject',
    detail: expect.stringContaining('it came as far as the metadata request (metadata request)'),
    advice: expect.stringContaining('takes the issuer as it is told'),
  });
});

test('a client that stops is told what was refused, and what it showed, without secrets', async () => {
  const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.c2lnbmF0dXJlLXRoYXQtaXMtc2VjcmV0';
  const refused = asking('/api/accounts', `console.log('one ${jwt}\\ntwo ${jwt}'); process.exit(1)`);
  const finding = await driven(refused);
  expect(finding).toMatchObject({
    fault: 'subject',
    detail: expect.stringMatching(/it came as far as the API call .*refused was: API call \(401/u),
  });
  expect(finding?.detail).toContain('it showed: one ');
  expect(finding?.detail).not.toContain(jwt);
});

test('a client that completes without doing what its file says is told what is missing', async () => {
  const more = { name: 'more', method: 'GET', path: '/more/{id}', scope: 'accounts' };
  const [unmade] = await flowsOf(({ resources }) => ({ resources: [...resources, more] }));
  expect(unmade).toMatchObject({
    state: 'problem',
    fault: 'configuration',
    detail: expect.stringContaining('it did not call GET /more/{id}'),
  });
  const metadata = asking('/.well-known/openid-configuration', 'process.exit(0)');
  expect(await driven(metadata)).toMatchObject({
    fault: 'configuration',
    detail: expect.stringContaining('there was no userinfo request'),
    advice: expect.stringContaining('take userinfo out of features'),
  });
});
