import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { parse, stringify } from 'yaml';
import { startClientEcosystem, type ClientEcosystem } from '../../fixtures/client/ecosystem.ts';
import { examine } from '../directory/load.ts';
import { changed, changedClient, commandTrigger, now } from '../directory/sample.ts';
import { parseBundle } from '../evidence/bundle.ts';
import type { Results } from '../report/results.ts';
import type { RunFile } from '../report/run-file.ts';
import { workersFor } from './run.ts';
import { emptyWorkplace, type Said, type Workplace } from './sample.ts';

test.describe.configure({ mode: 'default' });

const check = 'client/client-assertion/authenticates-by-an-assertion-everywhere';

let place: Workplace;
let sample: ClientEcosystem;
let ran: Said;

test.beforeAll(async () => {
  place = await emptyWorkplace({
    get now() {
      return new Date();
    },
  });
  sample = await startClientEcosystem({
    app: 'plain',
    trigger: 'command',
    clientAuthentication: 'private_key_jwt',
    senderConstraint: 'dpop',
    protocol: 'openid',
    directory: place.path('client'),
  });
  await place.say('operator', 'init', '--holder', 'Olga', '--origin', 'log.example/assay');
  ran = await place.say('run', sample.integrationFile, '--only', check, '--evidence', 'evidence');
});

test.afterAll(async () => {
  await sample.stop();
  await place[Symbol.asyncDispose]();
});

/** The directory of the one run. */
async function directory(): Promise<string> {
  const below = place.path('reports/reference-client');
  return join(below, (await readdir(below)).toSorted()[0] ?? '');
}

test('a client is run without private addresses permitted, and its evidence is about it', async () => {
  expect(ran.notes).toContain('looking at keys, trigger and sandbox');
  const results = JSON.parse(await readFile(join(await directory(), 'results.json'), 'utf8')) as Results;
  expect(results.checks.filter(({ executed }) => executed)).toMatchObject([{ id: check, verdict: 'pass' }]);
  expect(results.integration.roles).toEqual(['client']);
  const { plan } = JSON.parse(await readFile(join(await directory(), 'run.json'), 'utf8')) as RunFile;
  expect(plan).toMatchObject({ roles: ['client'], trigger: 'command' });
  const { client } = parse(await readFile(sample.integrationFile, 'utf8'));
  const { fingerprint } = parseBundle(await readFile(join(await directory(), 'evidence.json'), 'utf8'));
  expect(fingerprint?.registration.clients).toEqual([client.id]);
  expect(fingerprint?.keys).toHaveLength(1);
});

test('one of its checks is replayed', async () => {
  const replayed = await place.say('replay', await directory(), check);
  expect(replayed.output).toContain(`PASS  ${check}`);
  expect(replayed.output).toMatch(/^\d+\. pushed authorization request$/mu);
});

test('doctor goes through its flows, and a run does not start on what cannot be', async () => {
  const healthy = await place.say('doctor', sample.integrationFile);
  expect(healthy).toMatchObject({
    code: 0,
    output: expect.stringMatching(/ok +flow disconnect +completed/u),
  });
  const value = parse(await readFile(sample.integrationFile, 'utf8'));
  const broken = join(dirname(sample.integrationFile), 'broken.yaml');
  await writeFile(broken, stringify({ ...value, trigger: { driver: 'command', run: ['./none'] } }));
  const told = { code: 2, notes: expect.stringContaining('there is no executable ./none') };
  expect(await place.say('run', broken, '--out', 'broken')).toMatchObject(told);
  const { code, output } = await place.say('doctor', broken);
  expect(code).toBe(2);
  expect(output).toContain('Not ready: trigger.');
});

test('a client that knows one issuer is asked one thing at a time, whatever is asked for', () => {
  const of = (text: string, asked?: number): number | undefined => {
    const { value } = examine(text, 'f', now);
    return value && workersFor(value, asked, 8);
  };
  const start = 'start: https://localhost:4000/start?issuer={issuer}';
  const browser = `  driver: browser\n  ${start}\n  completed: a\n  failed: b\n`;
  expect(of(changed())).toBe(4);
  expect(of(changedClient())).toBe(4);
  expect(of(changedClient(), 6)).toBe(6);
  expect(of(changedClient([commandTrigger, browser]))).toBe(2);
  expect(of(changedClient([commandTrigger, '  driver: manual\n']))).toBe(1);
  expect(of(changedClient([commandTrigger, '  driver: manual\n']), 3)).toBe(3);
  expect(of(changedClient(['issuer: each', 'issuer: fixed']), 6)).toBe(1);
});
