import { appendFile, cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { altered, startAssay } from '../../fixtures/command-line.ts';
import { startEcosystem, type Ecosystem } from '../../fixtures/ecosystem.ts';
import { openLog } from '../evidence/log.ts';
import { readVerifiers } from '../evidence/signer.ts';
import type { Results } from '../report/results.ts';
import { emptyWorkplace, type Said, type Workplace } from './sample.ts';

/** Evidence as users make it: one whole run, and what can be done with it afterwards. */
test.describe.configure({ mode: 'default' });

let place: Workplace;
let ecosystem: Ecosystem;
let whole: Said;

const requirement = 'fapi2-sp/5.3.2.2-5';
const olga = ['--key', 'operator/keys/olga.jwk', '--evidence', 'evidence'] as const;
const path = (name: string): string => place.path(name);
const say = (...args: readonly string[]): Promise<Said> => place.say(...args);
const run = (file: string, out: string, ...more: readonly string[]): Promise<Said> =>
  say('run', file, '--allow-private-network', '--out', out, ...more);

/** The directory of the one run below `out`. */
async function runIn(out: string): Promise<string> {
  const [id, ...others] = await readdir(path(join(out, 'reference')));
  expect(others).toEqual([]);
  return path(join(out, 'reference', id ?? ''));
}

async function logSize(): Promise<number> {
  const { log } = await readVerifiers(path('operator/verifiers.json'));
  return (await openLog(path('evidence'), log)).size;
}

test.beforeAll(async () => {
  place = await emptyWorkplace({
    get now() {
      return new Date();
    },
  });
  ecosystem = await startEcosystem({
    clientAuthentication: 'private_key_jwt',
    senderConstraint: 'dpop',
    protocol: 'openid',
    directory: path('reference'),
  });
  await say('operator', 'init', '--holder', 'Olga', '--origin', 'log.example/assay');
  const commit = `app=gitCommit:${'12'.repeat(20)}`;
  whole = await run(ecosystem.integrationFile, 'whole', '--evidence', 'evidence', '--subject', commit);
});

test.afterAll(async () => {
  await ecosystem.stop();
  await place[Symbol.asyncDispose]();
});

test('a run leaves its report, its evidence, and a certification', async () => {
  expect(whole).toMatchObject({ code: 0, output: expect.stringContaining('PASS  reference/reference') });
  expect(whole.notes).toMatch(
    /Evidence [0-9a-f]{64}: entry 0 of the log; whole\/reference\/\S+\/evidence\.json\n/u,
  );
  expect(whole.notes).toMatch(/ {2}sandbox fapi2-sp-flows-1: uncertified -> certified\. Run \S+ passed\./u);
  const names = await readdir(await runIn('whole'));
  expect(names).toEqual(expect.arrayContaining(['evidence.json', 'disclosure-salts.json', 'results.json']));
  const { output } = await say('status');
  expect(output).toMatch(/^reference +sandbox +fapi2-sp-flows-1 +certified /mu);
});

test('the evidence is verified on a copy, with what it is about', async () => {
  const bundle = join(await runIn('whole'), 'evidence.json');
  await using elsewhere = await emptyWorkplace({ now: new Date() });
  await cp(bundle, elsewhere.path('evidence.json'));
  await cp(path('operator/verifiers.json'), elsewhere.path('verifiers.json'));
  await cp(path('evidence'), elsewhere.path('log'), { recursive: true });
  const demanded = ['--subject', `app=gitCommit:${'12'.repeat(20)}`, '--evidence', 'log', '--seen', 'seen'];
  const { code, output } = await elsewhere.say(
    'verify',
    'evidence.json',
    '--verifiers',
    'verifiers.json',
    ...demanded,
  );
  expect(code).toBe(0);
  expect(output).toMatch(/^VERIFIED {2}evidence\.json\n/u);
  expect(output).toContain('pass of reference/reference in sandbox under fapi2-sp-flows-1');
});

test('one exchange is disclosed, and verified without the others', async () => {
  const at = await runIn('whole');
  const { checks } = JSON.parse(await readFile(join(at, 'results.json'), 'utf8')) as Results;
  const { id = '', exchanges = [] } = checks.find((each) => each.exchanges.length > 2) ?? {};
  const { code, output } = await say('disclose', at, id, '--exchange', '2', '--out', 'whole');
  expect(code).toBe(0);
  await writeFile(path('exchange.json'), output);
  expect(output).toContain(JSON.stringify(exchanges[1]?.request.url));
  const verified = await say('verify', join(at, 'evidence.json'), 'exchange.json');
  expect(verified).toMatchObject({ code: 0, output: expect.stringContaining(`of the run: ${id}`) });
});

test('the gate opens by the evidence, once the integration is registered', async () => {
  const ask = () =>
    say('gate', '--integration', 'reference', '--environment', 'sandbox', '--action', 'access');
  expect(await ask()).toMatchObject({ code: 1, output: expect.stringContaining('not-registered') });
  const what = ['--partner', 'reference', '--role', 'authorization-server', '--environment', 'sandbox'];
  const why = ['--reason', 'onboarding', '--credentials-expire', '9999-12-31', ...olga];
  const registered = await say('act', 'register', '--integration', 'reference', ...what, ...why);
  expect(registered).toMatchObject({ code: 0 });
  expect(await ask()).toMatchObject({ code: 0, output: expect.stringContaining('ALLOW') });
});

test('a subject that changes while the checks run yields no evidence', async () => {
  const description = join(dirname(ecosystem.integrationFile), 'changing.yaml');
  await cp(join(dirname(description), 'openapi.yaml'), description);
  const file = await altered(ecosystem.integrationFile, 'changing-integration', ({ resources }) => {
    for (const resource of resources) resource.openapi = 'changing.yaml';
  });
  const size = await logSize();
  const running = run(file, 'changing', '--only', requirement, '--evidence', 'evidence');
  // What the run is about has been looked at once the file of the run is there.
  await expect.poll(() => readdir(path('changing/reference')).catch(() => [])).toHaveLength(1);
  await appendFile(description, '# changed\n');
  const { code, notes } = await running;
  expect({ code, notes }).toEqual({
    code: 3,
    notes: expect.stringContaining('No evidence: descriptions changed while the checks ran. Run again.\n'),
  });
  expect(await readdir(await runIn('changing'))).not.toContain('evidence.json');
  expect(await logSize()).toBe(size);
});

test('a subject of which a part cannot be seen has its report, and no evidence', async () => {
  const { origin } = ecosystem.resourceServer;
  const file = await altered(ecosystem.integrationFile, 'unseen', ({ resources }) => {
    for (const resource of resources) resource.openapi = `${origin}/openapi.yaml`;
  });
  const { code, notes } = await run(file, 'unseen', '--only', requirement, '--evidence', 'evidence');
  expect({ code, notes }).toEqual({
    code: 4,
    notes: expect.stringContaining('No evidence: expected a valid API description request to be accepted'),
  });
  const results = JSON.parse(await readFile(join(await runIn('unseen'), 'results.json'), 'utf8')) as Results;
  expect(results.run.status).toBe('complete');
});

test('what is wrong with keys or log is told before any check is run', async () => {
  for (const [args, code, says] of [
    [['--evidence', 'evidence', '--operator', 'none'], 2, 'none/signing.yaml cannot be read'],
    [['--evidence', 'reference/ca.pem'], 3, 'ca.pem'],
    [['--evidence', 'evidence', '--subject', 'app'], 2, 'expected name=algorithm:digest'],
    [['--server', 'https:/'], 2, 'expected --server to be a URL'],
  ] as const) {
    const ended = await run(ecosystem.integrationFile, 'refused', ...args);
    expect(ended).toMatchObject({ code, output: '', notes: expect.stringContaining(says) });
    expect(ended.notes).not.toMatch(/defect of Assay|\n\s+at /u);
  }
  await expect(readdir(path('refused'))).rejects.toThrow('ENOENT');
});

test('a run that is killed leaves a log that opens, and is written on', async () => {
  const size = await logSize();
  const args = ['run', ecosystem.integrationFile, '--allow-private-network', '--out', 'killed'];
  const running = startAssay([...args, '--evidence', 'evidence'], place.directory);
  await expect.poll(() => readdir(path('killed/reference')).catch(() => [])).toHaveLength(1);
  if (running.process.pid === undefined) throw new Error('expected the command to run');
  process.kill(-running.process.pid, 'SIGKILL');
  expect((await running.ended).code).toBeNull();
  expect(await logSize()).toBe(size);
  const done = await say(
    'act',
    'suspend',
    '--integration',
    'reference',
    '--reason',
    'it was killed',
    ...olga,
  );
  expect(done).toMatchObject({ code: 0, output: expect.stringContaining(`entry ${size} of the log`) });
  expect(await say('verify', join(await runIn('whole'), 'evidence.json'))).toMatchObject({ code: 0 });
});
