import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { effective } from '../certification/fold.ts';
import { defaultRules } from '../certification/rules.ts';
import { actStatement } from '../certification/transition.ts';
import { sampleAct, sampleEdition, sampleResult } from '../certification/sample.ts';
import { EvidenceError } from '../evidence/error.ts';
import { openLog } from '../evidence/log.ts';
import type { Verifiers } from '../evidence/verifiers.ts';
import { decide } from './decide.ts';
import { standingFrom, type LoggedStanding } from './evidence-standing.ts';
import { defaultPolicy } from './policy.ts';
import { inHours, sampleEvidence, sampleNow, soundRegistered } from './sample.ts';

const passed = sampleResult({ finished: inHours(-3), requirements: { 'spec/a': 'fail', 'spec/b': 'pass' } });
const { environment: _, ...retirement } = sampleAct(
  { kind: 'retire-edition', edition: sampleEdition },
  inHours(-1),
  { integration: '*' },
).predicate;
const retired = actStatement(retirement);
const opening = [
  sampleAct({ kind: 'register', registration: soundRegistered }, inHours(-50)),
  sampleAct(
    { kind: 'waive', requirement: 'spec/a', edition: sampleEdition, owner: 'maria', expires: inHours(300) },
    inHours(-49),
    { actor: 'omar' },
  ),
  sampleResult({ finished: inHours(-20), requirements: { 'spec/a': 'pass' }, integration: 'other-1' }),
  passed,
];

const look = async (
  directory: string,
  verifiers: Verifiers,
  integration = 'acme-1',
): Promise<LoggedStanding> => standingFrom(await openLog(directory, verifiers.log), verifiers, integration);

/** What the gate says of a directory; a log that cannot be opened denies. */
async function decision(directory: string, verifiers: Verifiers): Promise<'allow' | 'deny' | 'unreadable'> {
  try {
    const { standing, completeness } = await look(directory, verifiers);
    return decide({
      standing: effective(standing, defaultRules, sampleNow.toISOString()),
      environment: 'production',
      action: 'access',
      now: sampleNow,
      completeness,
      policy: await defaultPolicy(),
    }).decision;
  } catch (error) {
    expect(error).toBeInstanceOf(EvidenceError);
    return 'unreadable';
  }
}

/** Every variant of an evidence directory in which one file is gone, or one is the text of another. */
async function* damaged(directory: string): AsyncIterable<{ readonly what: string; readonly copy: string }> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((file) => !file.includes('lock'));
  expect(files).toEqual(expect.arrayContaining(['checkpoint', expect.stringMatching(/^tile\//u)]));
  const objects = files.filter((file) => file.startsWith('objects/'));
  expect(objects.length).toBeGreaterThanOrEqual(opening.length);
  for (const file of files) {
    const copy = await mkdtemp(join(tmpdir(), 'assay-damaged-'));
    await cp(directory, copy, { recursive: true });
    await rm(join(copy, file));
    yield { what: `without ${file}`, copy };
    const other = objects.find((object) => object !== file) ?? 'checkpoint';
    await writeFile(join(copy, file), await readFile(join(directory, other)));
    yield { what: `with another text in ${file}`, copy };
    await rm(copy, { recursive: true });
  }
}

const payloadOf = (envelope: string): string => {
  const { payload } = JSON.parse(envelope) as { readonly payload: string };
  return Buffer.from(payload, 'base64').toString();
};

test('a log is replayed to what it says, from the files alone', async () => {
  await using evidence = await sampleEvidence(opening);
  const found = await look(evidence.directory, evidence.verifiers);
  expect(found).toMatchObject({
    completeness: 'complete',
    problems: [],
    standing: {
      integration: 'acme-1',
      registrations: [{ environment: 'production', registration: soundRegistered }],
      certifications: [{ edition: sampleEdition, state: 'certified', basis: { waived: ['spec/a'] } }],
      waivers: [{ requirement: 'spec/a', approver: 'omar' }],
    },
  });
  expect(await decision(evidence.directory, evidence.verifiers)).toBe('allow');
});

test('of an integration that it does not name, a log says nothing', async () => {
  await using evidence = await sampleEvidence(opening);
  expect(await look(evidence.directory, evidence.verifiers, 'nobody')).toMatchObject({
    completeness: 'complete',
    standing: { certifications: [], registrations: [] },
  });
});

test('what is done to all is done to each', async () => {
  await using evidence = await sampleEvidence([...opening, retired]);
  const { standing } = await look(evidence.directory, evidence.verifiers);
  expect(standing.certifications).toMatchObject([{ stale: { because: 'edition-retired' } }]);
  expect(await decision(evidence.directory, evidence.verifiers)).toBe('deny');
});

test('no file that is removed or replaced opens what a revocation closed', async () => {
  await using evidence = await sampleEvidence([...opening, sampleAct({ kind: 'revoke' }, inHours(-1))]);
  expect(await decision(evidence.directory, evidence.verifiers)).toBe('deny');
  for await (const { what, copy } of damaged(evidence.directory))
    expect(await decision(copy, evidence.verifiers), what).not.toBe('allow');
});

test('a file of its own that is removed or replaced closes what is open', async () => {
  await using evidence = await sampleEvidence(opening);
  expect(await decision(evidence.directory, evidence.verifiers)).toBe('allow');
  const { size } = await openLog(evidence.directory, evidence.verifiers.log);
  let closed = 0;
  for await (const { what, copy } of damaged(evidence.directory)) {
    const said = await decision(copy, evidence.verifiers);
    const name = /objects\/[0-9a-f]+\.json/u.exec(what)?.[0];
    const whole = name === undefined ? '' : await readFile(join(evidence.directory, name), 'utf8');
    // What is missing of others is for those who ask about them.
    const isForeign = name !== undefined && payloadOf(whole).includes('other-1');
    // Tiles of a smaller log are left for readers of older checkpoints.
    const width = /\.p\/(?<width>\d+)$/u.exec(what)?.groups?.['width'];
    const isSuperseded = width !== undefined && Number(width) < size;
    expect(said === 'allow', what).toBe(isForeign || isSuperseded);
    if (said !== 'allow') closed += 1;
  }
  expect(closed).toBeGreaterThanOrEqual(2 * opening.length);
});

test('a key that no longer counts, or not for what it signed, closes what is open', async () => {
  await using evidence = await sampleEvidence(opening);
  const { keys } = evidence.verifiers;
  expect(await decision(evidence.directory, evidence.verifiers)).toBe('allow');
  expect(keys).toHaveLength(3);
  for (const key of keys) {
    const without = { ...evidence.verifiers, keys: keys.filter((each) => each !== key) };
    expect(await decision(evidence.directory, without), `without ${key.holder}`).toBe('deny');
    for (const right of key.may) {
      const less = keys.map((each) =>
        each === key
          ? { ...key, may: ['observe' as never, ...key.may.filter((may) => may !== right)] }
          : each,
      );
      expect(
        await decision(evidence.directory, { ...evidence.verifiers, keys: less }),
        `${key.holder} may not ${right}`,
      ).toBe('deny');
    }
  }
  const late = keys.map((key) => ({ ...key, from: inHours(-1) }));
  expect(await decision(evidence.directory, { ...evidence.verifiers, keys: late })).toBe('deny');
});

test('the problems say which entry, and what is wrong', async () => {
  await using evidence = await sampleEvidence(opening);
  const objects = await readdir(join(evidence.directory, 'objects'));
  const own = await Promise.all(
    objects.map(async (name) => ({
      name,
      text: await readFile(join(evidence.directory, 'objects', name), 'utf8'),
    })),
  );
  const run = own.find(({ text }) => payloadOf(text).includes(passed.predicate.run.id));
  await rm(join(evidence.directory, 'objects', run?.name ?? ''));
  expect(await look(evidence.directory, evidence.verifiers)).toMatchObject({
    completeness: 'incomplete',
    problems: [expect.stringMatching(/^entry \d+: expected objects\/[0-9a-f]{64}\.json .* missing$/u)],
  });
});

test('an entry that names another integration than its envelope is not believed', async () => {
  await using evidence = await sampleEvidence(opening);
  const log = await openLog(evidence.directory, evidence.verifiers.log);
  const lying = {
    envelope: (digest: string) => log.envelope(digest),
    async *entries() {
      for await (const { index, entry } of log.entries(0))
        yield { index, entry: { ...entry, integration: 'acme-1' } };
    },
  };
  expect(await standingFrom(lying, evidence.verifiers, 'acme-1')).toMatchObject({
    completeness: 'incomplete',
    problems: [expect.stringContaining('other-1'), expect.stringContaining('other-1')],
  });
});
