import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { altered, assay } from '../../fixtures/command-line.ts';
import { startEcosystem, type Ecosystem } from '../../fixtures/ecosystem.ts';
import type { Results } from '../report/results.ts';

/**
 * A mistake in the file, or a server that is not there, must end as what it is: never as a failure of the subject, which
 * did nothing wrong here.
 */
test.describe.configure({ mode: 'default' });

let directory = '';
let keys: Ecosystem;
let certificates: Ecosystem;

test.beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'assay-faults-'));
  const common = { protocol: 'openid', senderConstraint: 'dpop' } as const;
  keys = await startEcosystem({
    ...common,
    clientAuthentication: 'private_key_jwt',
    directory: join(directory, 'keys'),
  });
  certificates = await startEcosystem({
    ...common,
    clientAuthentication: 'tls_client_auth',
    directory: join(directory, 'certificates'),
  });
});

test.afterAll(async () => {
  await Promise.all([keys.stop(), certificates.stop()]);
  await rm(directory, { recursive: true });
});

/** Runs the checks on a file; the results of every run that was made, of which none may hold a failure. */
async function run(
  file: string,
  ...more: readonly string[]
): Promise<{ code: number | null; notes: string; runs: readonly Results[] }> {
  const out = await mkdtemp(join(directory, 'reports-'));
  const { code, notes } = await assay(
    ['run', file, '--allow-private-network', '--out', out, ...more],
    directory,
  );
  const paths = (await readdir(out, { recursive: true })).filter((path) => path.endsWith('results.json'));
  const runs = await Promise.all(
    paths.map(async (path): Promise<Results> => JSON.parse(await readFile(join(out, path), 'utf8'))),
  );
  for (const { verdict, checks, requirements } of runs)
    expect([verdict, ...[...checks, ...requirements].map((each) => each.verdict)]).not.toContain('fail');
  return { code, notes, runs };
}

test('a wrong client id is a matter of configuration', async () => {
  const file = await altered(keys.integrationFile, 'client', ({ clients }) => {
    for (const client of clients.slice(0, 1)) client.id = 'partner-nobody';
  });
  const { code, notes, runs } = await run(file);
  expect({ code, runs }).toEqual({ code: 2, runs: [] });
  expect(notes).toMatch(/registration of partner-nobody .*invalid_client.*\[configuration\]/u);
});

test('a scope that the client may not have is a matter of configuration', async () => {
  const registered = await keys.authorizationServer.provider.Client.find('partner-two');
  if (!registered) throw new Error('expected partner-two to be registered');
  const { scope } = registered;
  Object.assign(registered, { scope: 'openid accounts' });
  const { code, notes, runs } = await run(keys.integrationFile);
  Object.assign(registered, { scope });
  expect({ code, runs }).toEqual({ code: 2, runs: [] });
  expect(notes).toMatch(/registration of partner-two .*invalid_scope.*\[configuration\]/u);
});

test('a scope that the server does not know, and passes over, is a matter of configuration', async () => {
  const file = await altered(keys.integrationFile, 'scope', ({ clients }) => {
    for (const client of clients) client.scope += ' administration';
  });
  const doctor = await assay(['doctor', file, '--allow-private-network'], directory);
  expect(doctor).toMatchObject({ code: 2, output: expect.stringContaining('administration') });
  const { runs } = await run(file, '--grep', 'names of the client and the scopes');
  const executed = runs.flatMap(({ checks }) => checks).filter((check) => check.executed);
  expect(executed).toMatchObject([{ verdict: 'inconclusive', fault: 'configuration' }]);
});

test('the key of another client is a matter of configuration', async () => {
  const file = await altered(keys.integrationFile, 'key', ({ clients: [one, two] }) => {
    if (one?.key && two) two.key = one.key;
  });
  const { code, notes, runs } = await run(file);
  expect({ code, runs }).toEqual({ code: 2, runs: [] });
  expect(notes).toMatch(/registration of partner-two .*invalid_client.*\[configuration\]/u);
});

test('an expired client certificate is a matter of configuration', async () => {
  const { certificate, key } = await certificates.authority.issue({
    commonName: 'partner-one',
    usage: 'client',
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2026-02-01T00:00:00Z'),
  });
  const base = dirname(certificates.integrationFile);
  await writeFile(join(base, 'expired.pem'), certificate);
  await writeFile(join(base, 'expired-key.pem'), key);
  const file = await altered(certificates.integrationFile, 'expired', ({ clients: [one] }) => {
    if (!one) return;
    one.certificate = { file: 'expired.pem' };
    one.certificate_key = { file: 'expired-key.pem' };
  });
  const { code, notes, runs } = await run(file);
  expect({ code, runs }).toEqual({ code: 2, runs: [] });
  expect(notes).toMatch(/certificate of partner-one .*expired on 2026-02-01.*\[configuration\]/u);
});

test('a host of the metadata that is not declared is a matter of configuration', async () => {
  const { host } = new URL(keys.authorizationServer.mtlsOrigin);
  const file = await altered(keys.integrationFile, 'hosts', (integration) => {
    integration.hosts = integration.hosts.filter((each) => each !== host);
  });
  const { code, notes, runs } = await run(file);
  expect({ code, runs }).toEqual({ code: 2, runs: [] });
  expect(notes).toContain(host);
});

test('an expired waiver is a matter of configuration', async () => {
  const file = await altered(keys.integrationFile, 'waiver', (integration) => {
    integration.waivers = [
      {
        requirement: 'fapi2-sp/5.3.2.2-5',
        reason: 'being mended',
        owner: 'maria',
        approver: 'omar',
        expires: '2026-01-31',
      },
    ];
  });
  const { code, notes, runs } = await run(file);
  expect({ code, runs }).toEqual({ code: 2, runs: [] });
  expect(notes).toMatch(/waiver\.yaml:\d+:\d+ {2}\/waivers\/0\/expires .*expired/u);
});

test('a stale waiver is a matter of configuration, in a narrowed run as well', async () => {
  const file = await altered(keys.integrationFile, 'stale', (integration) => {
    integration.waivers = [
      {
        requirement: 'fapi2-sp/5.3.2.2-6',
        reason: 'being mended',
        owner: 'maria',
        approver: 'omar',
        expires: '9999-12-31',
      },
    ];
  });
  const out = join(directory, 'stale');
  const args = ['--only', 'fapi2-sp/5.3.2.2-6', '--allow-private-network', '--out', out];
  expect(await assay(['run', file, ...args], directory)).toMatchObject({ code: 2 });
});

test('a private network that is not allowed is a matter of configuration', async () => {
  const { code, notes } = await assay(['run', keys.integrationFile], directory);
  expect(code).toBe(2);
  expect(notes).toContain('--allow-private-network');
});

test('a wrong password is a matter of configuration', async () => {
  await writeFile(join(dirname(keys.integrationFile), 'wrong.txt'), 'not the password of anybody\n');
  const file = await altered(keys.integrationFile, 'password', ({ user }) => {
    if (user?.driver === 'http') user.fields['password'] = { file: 'wrong.txt' };
  });
  const { code, runs } = await run(file);
  expect(code).toBe(2);
  expect(runs).toMatchObject([{ verdict: 'inconclusive', fault: 'configuration' }]);
});

test('a server that is not there is a matter of the environment', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const address = closed.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  closed.close();
  await once(closed, 'close');
  const file = await altered(keys.integrationFile, 'closed', (integration) => {
    integration.issuer = `https://localhost:${port}`;
    integration.hosts.push(`localhost:${port}`);
  });
  const { code, runs } = await run(file);
  expect(code).toBe(3);
  expect(runs).toMatchObject([{ verdict: 'inconclusive', fault: 'environment' }]);
  for (const { checks } of runs)
    // The resource API is there: what it shows by itself may pass.
    expect(
      checks
        .filter(({ id, verdict }) => verdict === 'pass' && !id.startsWith('resource-server/tls/'))
        .map(({ id }) => id),
    ).toEqual([]);
});
