import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { startAssay, type Running } from '../../fixtures/command-line.ts';
import { startEcosystem, type Ecosystem } from '../../fixtures/ecosystem.ts';
import { compile } from '../directory/schema.ts';
import { readJournal } from '../report/journal.ts';
import { Results } from '../report/results.ts';

/** A run that ends early, in whatever way, leaves a report that says so, or a complete one: never one that is half true. */
test.describe.configure({ mode: 'default' });

const valid = compile(Results);

let directory = '';
let ecosystem: Ecosystem;

test.beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'assay-interrupted-'));
  ecosystem = await startEcosystem({
    clientAuthentication: 'private_key_jwt',
    senderConstraint: 'dpop',
    protocol: 'openid',
    directory: join(directory, 'reference'),
  });
});

test.afterAll(async () => {
  await ecosystem.stop();
  await rm(directory, { recursive: true });
});

const start = (out: string): Running =>
  startAssay(
    ['run', ecosystem.integrationFile, '--allow-private-network', '--workers', '2', '--out', out],
    directory,
  );

/** The first progress is told when a quarter of the checks are done. */
const midway = /of \d+ checks: \d+ passed/u;

async function left(out: string): Promise<{ readonly at: string; readonly results: Results }> {
  const [id = ''] = await readdir(join(directory, out, 'reference'));
  const at = join(directory, out, 'reference', id);
  const results: Results = JSON.parse(await readFile(join(at, 'results.json'), 'utf8'));
  expect(valid(results)).toEqual({ ok: true, value: results });
  return { at, results };
}

const executedIn = (checks: readonly { readonly id: string; readonly evidence?: unknown }[]) =>
  checks.filter(({ evidence }) => evidence !== undefined).map(({ id }) => id);

/** Sends a signal to the whole process group: the command, the test runner and its workers. */
function signalAll({ process: child }: Running, signal: NodeJS.Signals): void {
  if (child.pid === undefined) throw new Error('expected the command to run');
  process.kill(-child.pid, signal);
}

test('a killed process group leaves a report that says interrupted, and a journal of what was done', async () => {
  const running = start('killed');
  await running.noted(midway);
  signalAll(running, 'SIGKILL');
  expect((await running.ended).code).toBeNull();
  const { at, results } = await left('killed');
  expect(results).toMatchObject({ verdict: 'inconclusive', run: { status: 'interrupted' } });
  expect(results.run).not.toHaveProperty('finished');
  const journal = readJournal(at);
  expect(journal.map(({ id }) => id)).toEqual(expect.arrayContaining(results.checks.map(({ id }) => id)));
  expect(executedIn(journal).length).toBeGreaterThanOrEqual(20);
});

test('a killed test runner is reported by the command, with all that was done', async () => {
  test.skip(process.platform !== 'linux', 'children are found through /proc');
  const running = start('orphaned');
  await running.noted(midway);
  const { pid } = running.process;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  process.kill(Number(children.trim().split(' ')[0]), 'SIGKILL');
  const { code, notes, output } = await running.ended;
  expect(code, notes + output).toBe(4);
  expect(notes).toContain('The test runner ended early (killed).');
  expect(output).toContain('INTERRUPTED  reference/reference');
  const { at, results } = await left('orphaned');
  expect(results).toMatchObject({ verdict: 'inconclusive', run: { status: 'interrupted' } });
  const executed = results.checks.filter((check) => check.executed).map(({ id }) => id);
  expect(executed.length).toBeGreaterThanOrEqual(20);
  expect(executed).toEqual(executedIn(readJournal(at)));
});

for (const to of ['the command', 'its process group'] as const)
  test(`SIGINT to ${to} ends a run in good order`, async () => {
    const out = to.replaceAll(' ', '-');
    const running = start(out);
    await running.noted(midway);
    const at = performance.now();
    if (to === 'the command') running.process.kill('SIGINT');
    else signalAll(running, 'SIGINT');
    const { code, output } = await running.ended;
    expect(performance.now() - at).toBeLessThan(10_000);
    expect(code).toBe(4);
    expect(output).toContain('INTERRUPTED  reference/reference');
    const { results } = await left(out);
    expect(results).toMatchObject({ verdict: 'inconclusive', run: { status: 'interrupted' } });
    expect(results.checks.filter((check) => check.executed).length).toBeGreaterThanOrEqual(20);
    expect(results.counts.checks.fail).toBe(0);
  });

test('SIGINT before the first check ends the command without running any', async () => {
  const running = start('early');
  await running.noted(/looking at credentials/u);
  running.process.kill('SIGINT');
  const { code, notes } = await running.ended;
  expect(code).toBe(4);
  expect(notes).not.toMatch(/of \d+ checks|defect of Assay/u);
});

test('SIGINT while the test runner starts ends in an interrupted report', async () => {
  test.skip(process.platform !== 'linux', 'children are found through /proc');
  const running = start('starting');
  const { pid } = running.process;
  await running.noted(/looking at credentials/u);
  // The test runner is the first child of the command.
  const ended = running.ended.then(() => true as const);
  const started = async (): Promise<boolean> =>
    (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => 'none')).trim() !== '';
  while (!(await started()) && (await Promise.race([ended, tick()])) !== true);
  running.process.kill('SIGINT');
  const { code, notes } = await running.ended;
  expect(code).toBe(4);
  expect(notes).not.toContain('defect of Assay');
  const { results } = await left('starting');
  expect(results.run.status).toBe('interrupted');
});

/** One turn of the event loop. */
async function tick(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const turned = once(port2, 'message');
  port1.postMessage(undefined);
  await turned;
  port1.close();
}
