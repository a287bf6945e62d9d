import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { parseBundle, printBundle } from '../evidence/bundle.ts';
import type { Claim } from '../evidence/verify.ts';
import { operatorWorkplace, recordSample, type RecordedRun, type Workplace } from './sample.ts';

test.describe.configure({ mode: 'default' });

let place: Workplace;
let run: RecordedRun;
let later: RecordedRun;

/** Copies of the log: of the first run; of two runs; of another second run. */
test.beforeAll(async () => {
  place = await operatorWorkplace();
  run = await recordSample(place);
  await cp(place.path('evidence'), place.path('early'), { recursive: true });
  await cp(place.path('evidence'), place.path('kept'), { recursive: true });
  later = await recordSample(place, 'run-2');
  await cp(place.path('evidence'), place.path('late'), { recursive: true });
  const act = ['--key', 'operator/keys/olga.jwk', '--evidence', 'kept'];
  const fork = () => place.say('act', 'suspend', '--integration', 'x', '--reason', 'fork', ...act);
  // Who holds the keys can fork the log all the same, if they want to.
  expect(await fork()).toMatchObject({
    code: 2,
    notes: expect.stringContaining('expected a log that begins'),
  });
  await rm(place.path('operator/seen-checkpoint'));
  expect(await fork()).toMatchObject({ code: 0 });
  await cp(place.path('kept'), place.path('forked'), { recursive: true });
});

test.afterAll(() => place[Symbol.asyncDispose]());

async function consistency(...args: readonly string[]): Promise<Claim & { code: number }> {
  const { code, output } = await place.say('verify', ...args, '--json');
  const [{ claims }] = JSON.parse(output) as [{ readonly claims: readonly Claim[] }];
  const claim = claims.find((each) => each.claim === 'consistency');
  if (!claim) throw new Error(output);
  return { ...claim, code };
}

test.describe('with a copy of the log', () => {
  test('the first look is remembered, and the same log and a longer one are consistent', async () => {
    const args = [run.bundle, '--seen', 'seen-1', '--evidence'];
    expect(await consistency(...args, 'early')).toMatchObject({
      code: 0,
      state: 'open',
      detail: expect.stringContaining('is the first one seen'),
    });
    const first = await place.read('seen-1');
    expect(first).toBe(await place.read('early/checkpoint'));
    expect(await consistency(...args, 'early')).toMatchObject({ code: 0, state: 'proven' });
    expect(await place.read('seen-1')).toBe(first);
    expect(await consistency(...args, 'late')).toMatchObject({ code: 0, state: 'proven' });
    expect(await place.read('seen-1')).toBe(await place.read('late/checkpoint'));
  });

  test('a log that was rolled back, or forked, is refuted, and what was seen is kept', async () => {
    await writeFile(place.path('seen-2'), await place.read('late/checkpoint'));
    for (const other of ['early', 'forked']) {
      const { code, state, detail } = await consistency(run.bundle, '--seen', 'seen-2', '--evidence', other);
      expect({ code, state }).toEqual({ code: 1, state: 'refuted' });
      expect(detail).toContain('Keep both: two signed checkpoints like these prove what happened');
      expect(await place.read('seen-2')).toBe(await place.read('late/checkpoint'));
    }
  });

  test('a log without the run that its proof shows is refuted', async () => {
    for (const other of ['early', 'forked'])
      expect(await consistency(later.bundle, '--evidence', other)).toMatchObject({
        code: 1,
        state: 'refuted',
      });
    expect(await consistency(run.bundle, '--evidence', 'forked')).toMatchObject({ code: 0, state: 'open' });
  });

  test('is compared with the memory once for all files', async () => {
    const { output } = await place.say(
      'verify',
      run.bundle,
      later.bundle,
      '--seen',
      'seen-3',
      '--evidence',
      'late',
      '--json',
    );
    const told = JSON.parse(output) as readonly { readonly claims: readonly Claim[] }[];
    for (const { claims } of told)
      expect(claims.at(-1)).toMatchObject({ claim: 'consistency', state: 'open' });
  });
});

test.describe('without a copy of the log', () => {
  test('the checkpoint of the first proof is remembered, and compared with others of its size', async () => {
    expect(await consistency(run.bundle, '--seen', 'seen-4')).toMatchObject({ state: 'open' });
    expect(await place.read('seen-4')).toBe(await place.read('early/checkpoint'));
    expect(await consistency(run.bundle, '--seen', 'seen-4')).toMatchObject({ code: 0, state: 'proven' });
    expect(await consistency(later.bundle, '--seen', 'seen-4')).toMatchObject({
      code: 0,
      state: 'open',
      detail: expect.stringContaining('--evidence DIR shows'),
    });
  });

  test('two histories of one size are refuted', async () => {
    const bundle = parseBundle(await readFile(run.bundle, 'utf8'));
    const sizeOf = async (name: string) => (await place.read(`${name}/checkpoint`)).split('\n')[1];
    // The fork has as many entries as the log had with the later run.
    expect(await sizeOf('forked')).toBe(await sizeOf('late'));
    await writeFile(place.path('forked.json'), printBundle(bundle));
    expect(await place.say('submit', 'forked.json', '--evidence', 'forked')).toMatchObject({ code: 0 });
    await consistency(later.bundle, '--seen', 'seen-5');
    expect(await consistency('forked.json', '--seen', 'seen-5')).toMatchObject({
      code: 1,
      state: 'refuted',
      detail: expect.stringContaining('different readers different histories'),
    });
  });
});

test('a memory of another log is a mistake of who calls', async () => {
  await using other = await operatorWorkplace();
  await recordSample(other);
  const text = (await other.read('evidence/checkpoint')).replace('log.example/assay\n', 'other.example\n');
  await writeFile(place.path('seen-6'), text);
  expect(await place.say('verify', run.bundle, '--seen', 'seen-6')).toMatchObject({
    code: 2,
    output: '',
    notes: expect.stringContaining('expected a checkpoint of log.example/assay in'),
  });
});
