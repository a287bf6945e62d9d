import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { assay, type Ended } from '../../fixtures/command-line.ts';
import { startEcosystem, type Ecosystem } from '../../fixtures/ecosystem.ts';
import { compile } from '../directory/schema.ts';
import { Results } from '../report/results.ts';

test.describe.configure({ mode: 'default' });

const valid = compile(Results);

let directory = '';
let ecosystem: Ecosystem;
let whole: Ended;

/** The directory of the one run below `out`. */
async function runIn(out: string): Promise<string> {
  const [id, ...others] = await readdir(join(directory, out, 'reference'));
  expect(others).toEqual([]);
  return join(directory, out, 'reference', id ?? '');
}

async function resultsIn(out: string): Promise<Results> {
  return JSON.parse(await readFile(join(await runIn(out), 'results.json'), 'utf8'));
}

const run = async (...args: readonly string[]): Promise<Ended> =>
  assay(['run', ecosystem.integrationFile, '--allow-private-network', ...args], directory);

test.beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'assay-run-'));
  ecosystem = await startEcosystem({
    clientAuthentication: 'private_key_jwt',
    senderConstraint: 'mtls',
    protocol: 'openid',
    directory: join(directory, 'reference'),
  });
  whole = await run('--out', 'whole');
});

test.afterAll(async () => {
  await ecosystem.stop();
  await rm(directory, { recursive: true });
});

test('the reference passes, and its report is complete', async () => {
  expect(whole).toMatchObject({ code: 0, output: expect.stringContaining('PASS  reference/reference') });
  expect(whole.notes).toMatch(/(\d+) of \1 checks: \1 passed/u);
  const at = await runIn('whole');
  expect(whole.output).toContain(join('whole', 'reference'));
  expect((await readdir(at)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    'allure-results',
    'exchanges.har',
    'junit.xml',
    'report.html',
    'results.json',
    'results.sarif',
    'run.json',
  ]);
});

test('the result document is valid, and counts what it holds', async () => {
  const results = await resultsIn('whole');
  expect(valid(results)).toEqual({ ok: true, value: results });
  expect(results).toMatchObject({ verdict: 'pass', run: { status: 'complete', tier: 'full' } });
  expect(results.run).not.toHaveProperty('selection');
  const executed = results.checks.filter((check) => check.executed);
  expect(executed.length).toBeGreaterThanOrEqual(60);
  expect(executed.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
  expect(results.counts.checks.pass).toBe(executed.length);
  // A check that saw nothing shows nothing. Probes of TLS alone make no exchanges, and samples come from those of others.
  const silent = executed.filter(
    ({ id, exchanges }) => exchanges.length === 0 && !/\/(?:tls|unguessable)\//u.test(id),
  );
  expect(silent.map(({ id }) => id)).toEqual([]);
});

test('a run selects by requirement, and answers for what it executed', async () => {
  const ended = await run('--only', 'fapi2-sp/5.3.2.2-5', '--json', '--workers', '1', '--out', 'only');
  expect(ended.code).toBe(0);
  const printed = JSON.parse(ended.output) as readonly Results[];
  expect(printed).toEqual([await resultsIn('only')]);
  const [results] = printed;
  expect(results).toMatchObject({ verdict: 'inconclusive', run: { selection: '--only fapi2-sp/5.3.2.2-5' } });
  const executed = results?.checks.filter((check) => check.executed) ?? [];
  expect(executed.length).toBeGreaterThan(3);
  for (const { requirements } of executed) expect(requirements).toContain('fapi2-sp/5.3.2.2-5');
});

test('a run selects by title, in the fast tier', async () => {
  const ended = await run('--grep', '^accepts a PKCE', '--tier', 'fast', '--json', '--out', 'grep');
  expect(ended.code).toBe(0);
  const { run: own, checks } = await resultsIn('grep');
  expect(own).toMatchObject({ tier: 'fast', selection: '--grep ^accepts a PKCE --tier fast' });
  expect(checks.filter((check) => check.executed).map(({ title }) => title)).toEqual([
    'accepts a PKCE request',
  ]);
});

test('a run that selects nothing shows nothing', async () => {
  expect(await run('--only', 'no/such/*', '--out', 'nothing')).toMatchObject({ code: 2 });
});

test('the doctor finds the reference in order', async () => {
  const doctor = await assay(
    ['doctor', ecosystem.integrationFile, '--allow-private-network', '--json'],
    directory,
  );
  expect(doctor.code).toBe(0);
  const findings = JSON.parse(doctor.output) as readonly { what: string; state: string }[];
  expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
  expect(findings.map(({ what }) => what)).toEqual(
    expect.arrayContaining([
      'key of partner-one',
      'certificate of partner-two',
      'clock',
      'metadata',
      'registration of partner-two',
      'flow of partner-one',
    ]),
  );
});

test('a check is replayed with its exchanges', async () => {
  const id = 'authorization-server/par/rejects-the-plain-method';
  const replay = await assay(['replay', await runIn('whole'), id, '--out', 'replayed'], directory);
  expect(replay.code).toBe(0);
  expect(replay.output).toContain(`PASS  ${id}`);
  expect(replay.output).toMatch(/\d+\. pushed authorization request \(.*code_challenge_method.*\)/u);
  expect(replay.output).toMatch(/ {3}< 400\n/u);
  expect(leaks(replay.output, await secrets())).toEqual([]);
  expect(await assay(['replay', await runIn('whole'), 'par/none'], directory)).toMatchObject({
    code: 2,
    notes: expect.stringContaining('assay list checks'),
  });
});

test('no report holds a secret', async () => {
  const known = await secrets();
  expect(known.length).toBeGreaterThanOrEqual(5);
  let read = 0;
  for (const out of ['whole', 'only', 'grep', 'replayed']) {
    const entries = await readdir(join(directory, out), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const text = await readFile(join(entry.parentPath, entry.name), 'utf8');
      expect(leaks(text, known), join(entry.parentPath, entry.name)).toEqual([]);
      read += 1;
    }
  }
  expect(read).toBeGreaterThan(100);
  expect(leaks(whole.output + whole.notes, known)).toEqual([]);
});

test('what is searched for would be found', async () => {
  const [jwt] = ['eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJvbmUifQ.c2lnbmF0dXJlLW9mLWEtdG9rZW4'];
  expect(leaks(`a ${jwt} b`, [])).toHaveLength(1);
  expect(leaks('eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJvbmUifQ.[redacted signature abc]', [])).toEqual([]);
  const [secret = ''] = await secrets();
  expect(leaks(`"d":"${secret}"`, [secret])).toHaveLength(1);
});

/** The private parts of the keys and the password that the integration file refers to. */
async function secrets(): Promise<readonly string[]> {
  const base = dirname(ecosystem.integrationFile);
  const names = await readdir(join(base, 'keys'));
  const texts = await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(base, 'keys', name), 'utf8') })),
  );
  return [
    (await readFile(join(base, 'password.txt'), 'utf8')).trim(),
    ...texts.flatMap(({ name, text }) => {
      if (name.endsWith('certificate-key.pem'))
        return text.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));
      if (!name.endsWith('.jwk.json')) return [];
      const { d, p, q, dp, dq, qi } = JSON.parse(text) as Readonly<Record<string, string | undefined>>;
      return [d, p, q, dp, dq, qi].filter((part) => part !== undefined);
    }),
  ];
}

/** What of a text is a known secret, or a JWS or JWE with a signature or tag that could be used. */
function leaks(text: string, known: readonly string[]): readonly string[] {
  return [
    ...known.filter((secret) => text.includes(secret)),
    ...(text.match(/(?<![\w-])ey[\w-]{8,}\.[\w-]*\.[\w-]{8,}/gu) ?? []),
    ...(text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----/gu) ?? []),
  ];
}
