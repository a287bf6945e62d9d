import { cp, readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import type { Verifiers } from '../evidence/verifiers.ts';
import { operatorWorkplace, recordSample, type RecordedRun, type Said, type Workplace } from './sample.ts';

test.describe.configure({ mode: 'default' });

const witness = ['--name', 'witness.example/w1', '--key', 'witness.jwk'] as const;

const cosign = (place: Workplace, evidence = 'evidence'): Promise<Said> =>
  place.say('witness', 'cosign', ...witness, '--seen', 'witness-seen', '--evidence', evidence);

/** A log with one run, and a witness of which the operator demands a cosignature. */
async function witnessed(): Promise<Workplace & { readonly run: RecordedRun }> {
  const place = await operatorWorkplace();
  const run = await recordSample(place);
  const { code, output } = await place.say('witness', 'key', ...witness);
  if (code !== 0) throw new Error('no key was made');
  const verifiers = JSON.parse(await place.read('operator/verifiers.json')) as Verifiers;
  await writeFile(
    place.path('operator/verifiers.json'),
    JSON.stringify({ ...verifiers, witnesses: { keys: [output.trim()], quorum: 1 } }),
  );
  return Object.assign(place, { run });
}

test('a key is told as others know it, and is not overwritten', async () => {
  await using place = await operatorWorkplace();
  const { output } = await place.say('witness', 'key', ...witness);
  expect(output).toMatch(/^witness\.example\/w1\+[0-9a-f]{8}\+BA|^witness\.example\/w1\+[0-9a-f]{8}\+B/u);
  expect((await stat(place.path('witness.jwk'))).mode & 0o777).toBe(0o600);
  const before = await place.read('witness.jwk');
  expect(await place.say('witness', 'key', ...witness)).toMatchObject({
    code: 2,
    notes: 'expected no file witness.jwk; name another --key, or move the file\n',
  });
  expect(await place.read('witness.jwk')).toBe(before);
  expect(await place.say('witness', 'key', '--name', 'my witness', '--key', 'other.jwk')).toMatchObject({
    code: 2,
    notes: expect.stringContaining('expected the name of a key'),
  });
});

test('evidence is verified with witnesses once they have cosigned, and its proof is renewed', async () => {
  await using place = await witnessed();
  const { bundle } = place.run;
  expect(await place.say('verify', bundle)).toMatchObject({
    code: 1,
    output: expect.stringMatching(
      /refuted +log +expected cosignatures of 1 witnesses on the checkpoint, got 0/u,
    ),
  });
  const { code, output: line, notes } = await cosign(place);
  expect({ code, notes }).toEqual({
    code: 0,
    notes: expect.stringMatching(/^\d+ entries, the first that this witness sees of log\.example\/assay\n$/u),
  });
  expect(line).toMatch(/^— witness\.example\/w1 \S+\n$/u);
  await writeFile(place.path('line'), line);
  expect(await place.say('witness', 'endorse', 'line')).toMatchObject({ code: 0 });
  expect(await place.read('evidence/checkpoint')).toContain(line);
  const before = await readFile(bundle, 'utf8');
  expect(await place.say('submit', bundle, '--evidence', 'evidence')).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^Evidence [0-9a-f]{64}: entry 0 of the log; /u),
  });
  expect(await readFile(bundle, 'utf8')).not.toBe(before);
  const verified = await place.say('verify', bundle);
  expect(verified.code).toBe(0);
  expect(verified.output).toMatch(/proven +witnesses +1 witnesses saw the same log/u);
});

test('a witness signs a log that grew, and none that lost or changed what it saw', async () => {
  await using place = await witnessed();
  await cp(place.path('evidence'), place.path('early'), { recursive: true });
  await cosign(place);
  await recordSample(place, 'run-2');
  expect(await cosign(place)).toMatchObject({
    code: 0,
    notes: expect.stringContaining('which extend what this witness saw before'),
  });
  const seen = await place.read('witness-seen');
  const act = ['--key', 'operator/keys/olga.jwk', '--evidence', 'early'];
  expect(await cosign(place, 'early')).toMatchObject({ code: 2, output: '' });
  for (const integration of ['x', 'y', 'z']) {
    await place.say('act', 'suspend', '--integration', integration, '--reason', 'fork', ...act);
    const { code, output, notes } = await cosign(place, 'early');
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(notes).toContain('expected a log that begins with the');
  }
  expect(await place.read('witness-seen')).toBe(seen);
});

test('an endorsement must be of a witness that counts, and for the checkpoint that is there', async () => {
  await using place = await witnessed();
  const { output: line } = await cosign(place);
  for (const [text, says] of [
    ['nothing', 'expected a signature line'],
    [line.replace('w1', 'w2'), 'expected a signature of a witness in operator/verifiers.json'],
    [line.replace(/.{8}\n$/u, 'AAAAAAA=\n'), 'does not fit'],
  ] as const) {
    await writeFile(place.path('line'), text);
    expect(await place.say('witness', 'endorse', 'line')).toMatchObject({
      code: 2,
      notes: expect.stringContaining(says),
    });
  }
  await recordSample(place, 'run-2');
  await writeFile(place.path('line'), line);
  expect(await place.say('witness', 'endorse', 'line')).toMatchObject({
    code: 2,
    notes: expect.stringContaining('does not fit'),
  });
  expect(await place.read('evidence/checkpoint')).not.toContain('witness');
});
