import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { editions } from '../profiles/editions.ts';
import { sampleResults } from '../report/sample.ts';
import { catalogue } from '../requirements/catalogue.ts';
import { verdicts, type Verdict } from '../verdict/verdict.ts';
import { digestOf } from './canonical.ts';
import { readStatement, seal } from './envelope.ts';
import { fingerprintDigest } from './fingerprint.ts';
import { editionDigest } from './profile-digest.ts';
import { sampleKey, sampleVerifiers } from './sample.ts';
import { TestResultStatement } from './statement.ts';
import { suitesDigest } from './suites-digest.ts';
import { parseSubject, testResultStatement, type TestedRun } from './test-result.ts';

const results = sampleResults();
const digests = {
  suites: 'aa'.repeat(32),
  killTable: 'bb'.repeat(32),
  edition: editionDigest(results.profile.edition),
};
const tested: TestedRun = {
  results,
  fingerprint: {
    keys: [],
    certificates: {},
    descriptions: {},
    registration: { digest: 'cc'.repeat(32), clients: ['assay-1'] },
    profile: { edition: results.profile.edition, digest: digests.edition },
  },
  digests,
  disclosure: { count: 0, root: digestOf('') },
  validityHours: 720,
  subjects: [],
};
const code = (expected: string) => expect.objectContaining({ name: 'EvidenceError', code: expected });

test.describe('the statement of a run', () => {
  test('is what its schema says, and can be sealed and read', async () => {
    const key = sampleKey();
    const statement = testResultStatement({
      ...tested,
      subjects: [parseSubject(`app=gitCommit:${'12'.repeat(20)}`)],
    });
    const opened = readStatement(
      await seal(statement, [key.signer]),
      TestResultStatement,
      sampleVerifiers([key]),
      {
        may: 'run',
        at: ({ predicate }) => predicate.run.finished,
      },
    );
    expect(opened.statement).toEqual(statement);
  });

  test('is about the fingerprint first, and then about what was named', () => {
    const image = parseSubject(`registry.example/app:1.2=sha256:${'34'.repeat(32)}`);
    const { partner, integration, environment } = results.integration;
    expect(testResultStatement({ ...tested, subjects: [image] }).subject).toEqual([
      {
        name: `${partner}/${integration}/${environment}`,
        digest: { sha256: fingerprintDigest(tested.fingerprint) },
      },
      { name: 'registry.example/app:1.2', digest: { sha256: '34'.repeat(32) } },
    ]);
    expect(() => testResultStatement({ ...tested, subjects: [image, image] })).toThrow(code('malformed'));
  });

  const outcomes: Readonly<Record<Verdict, string>> = {
    pass: 'PASSED',
    warn: 'WARNED',
    fail: 'FAILED',
    inconclusive: 'FAILED',
    'not-applicable': 'FAILED',
  };
  for (const [verdict, outcome] of Object.entries(outcomes) as [Verdict, string][])
    test(`says ${outcome} of a run with the verdict ${verdict}`, () => {
      const { predicate } = testResultStatement({ ...tested, results: { ...results, verdict } });
      expect(predicate).toMatchObject({ result: outcome, verdict });
    });

  const lists = {
    pass: 'passedTests',
    warn: 'warnedTests',
    fail: 'failedTests',
    inconclusive: 'notJudgedTests',
    'not-applicable': 'notApplicableTests',
  } as const;
  for (const [verdict, list] of Object.entries(lists) as [Verdict, (typeof lists)[Verdict]][])
    test(`has the checks with the verdict ${verdict} in ${list} and nowhere else`, () => {
      const checks = results.checks.slice(0, 3).map((check) => ({ ...check, verdict }));
      const { predicate } = testResultStatement({ ...tested, results: { ...results, checks } });
      const expected = Object.fromEntries(
        verdicts.map((each) => [lists[each], each === verdict ? checks.map(({ id }) => id) : []]),
      );
      expect(predicate).toMatchObject(expected);
      expect(predicate[list]).toHaveLength(3);
    });

  test('repeats verdicts, faults and waivers of the requirements', () => {
    const { predicate } = testResultStatement(tested);
    expect(predicate.requirements).toEqual(
      results.requirements.map(({ id, level, verdict, fault }) => ({
        id,
        level,
        verdict,
        ...(fault && { fault }),
      })),
    );
    const waived = results.requirements.filter(({ waiver }) => waiver !== undefined);
    expect(waived.length).toBeGreaterThan(0);
    expect(predicate.waivers).toEqual(waived.map(({ id, waiver }) => ({ requirement: id, ...waiver })));
    expect(predicate).toMatchObject({ fault: results.fault, reason: results.reason });
  });

  test('expires its hours after the end of the run', () => {
    const run = { ...results.run, started: '2026-11-20T02:00:00Z', finished: '2026-11-20T03:00:00+00:30' };
    const { predicate } = testResultStatement({ ...tested, results: { ...results, run }, validityHours: 36 });
    expect(predicate.run).toMatchObject({
      started: '2026-11-20T02:00:00.000Z',
      finished: '2026-11-20T02:30:00.000Z',
    });
    expect(predicate.expires).toBe('2026-11-21T14:30:00.000Z');
  });

  test('is not made of an interrupted run, nor of one without an end', () => {
    const { finished: _, ...open } = results.run;
    for (const run of [open, { ...results.run, status: 'interrupted' as const }])
      expect(() => testResultStatement({ ...tested, results: { ...results, run } })).toThrow(
        code('incomplete'),
      );
  });

  test('is not made of a fingerprint for another edition, or another text of it', () => {
    for (const profile of [
      { edition: 'other', digest: digests.edition },
      { edition: results.profile.edition, digest: 'dd'.repeat(32) },
    ])
      expect(() =>
        testResultStatement({ ...tested, fingerprint: { ...tested.fingerprint, profile } }),
      ).toThrow(code('wrong-subject'));
  });
});

test.describe('a subject', () => {
  for (const [text, name, algorithm] of [
    [`app=sha256:${'0f'.repeat(32)}`, 'app', 'sha256'],
    [`a=b:c=sha512:${'0f'.repeat(64)}`, 'a=b:c', 'sha512'],
    [`app=gitCommit:${'0f'.repeat(20)}`, 'app', 'gitCommit'],
    [`app=gitCommit:${'0f'.repeat(32)}`, 'app', 'gitCommit'],
  ] as const)
    test(`is read from ${algorithm} in ${text.length} characters`, () => {
      expect(parseSubject(text)).toEqual({
        name,
        digest: { [algorithm]: text.slice(text.lastIndexOf(':') + 1) },
      });
    });

  for (const text of [
    '',
    'app',
    `sha256:${'0f'.repeat(32)}`,
    `=sha256:${'0f'.repeat(32)}`,
    `app=${'0f'.repeat(32)}`,
    `app=sha256:${'0F'.repeat(32)}`,
    `app=sha256:${'0f'.repeat(31)}`,
    `app=md5:${'0f'.repeat(16)}`,
    `app=toString:${'0f'.repeat(16)}`,
    `app=sha256:${'0f'.repeat(32)} `,
  ])
    test(`is not read from ${JSON.stringify(text)}`, () => {
      expect(() => parseSubject(text)).toThrow(code('malformed'));
    });
});

test.describe('the digest of a profile edition', () => {
  test('is of its id, and of the ids, levels and texts of its requirements in order', () => {
    const id = 'fapi2-sp-flows-1';
    const rows = editions[id].requirements
      .toSorted((one, other) => (one < other ? -1 : 1))
      .map((each) => {
        const { level, text } = catalogue[each];
        return `{"id":${JSON.stringify(each)},"level":"${level}","text":${JSON.stringify(text)}}`;
      });
    expect(editionDigest(id)).toBe(digestOf(`{"id":"${id}","requirements":[${rows.join(',')}]}`));
  });

  test('differs between editions', () => {
    expect(editionDigest('fapi2-sp-final')).not.toBe(editionDigest('fapi2-sp-flows-1'));
  });
});

test.describe('the digest of the suites', () => {
  let count = 0;
  const digestOfFiles = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const directory = test.info().outputPath(`suites-${(count += 1)}`);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(directory, path, '..'), { recursive: true });
      await writeFile(join(directory, path), content);
    }
    return suitesDigest(directory).finally(() => rm(directory, { recursive: true, force: true }));
  };
  const files = { 'test.ts': 'a', 'client/par.spec.ts': 'b', 'client/token.spec.ts': 'c' };

  test('is of the paths and contents of the sources, wherever they lie', async () => {
    const rows = Object.entries(files)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([path, content]) => `{"path":"${path}","sha256":"${digestOf(content)}"}`);
    expect(await digestOfFiles(files)).toBe(digestOf(`[${rows.join(',')}]`));
    expect(
      await digestOfFiles({ ...files, 'README.md': 'x', 'kill-table.json': '[]', 'own.test.ts': 'x' }),
    ).toBe(await digestOfFiles(files));
  });

  test('changes with a content, a name, and a file', async () => {
    const { 'test.ts': content, ...rest } = files;
    const all = [
      files,
      { ...files, 'test.ts': 'A' },
      { ...rest, 'tests.ts': content },
      rest,
      { ...files, 'more.js': '' },
    ];
    expect(new Set(await Promise.all(all.map(digestOfFiles))).size).toBe(all.length);
  });

  test('is refused without checks, and without a directory', async () => {
    await expect(digestOfFiles({ 'test.ts': 'a' })).rejects.toThrow(code('unusable-directory'));
    await expect(digestOfFiles({})).rejects.toThrow(code('unusable-directory'));
  });

  test('covers the checks of Assay', async () => {
    expect(await suitesDigest(join(import.meta.dirname, '../../suites'))).toMatch(/^[0-9a-f]{64}$/u);
  });
});
