import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { compile } from '../directory/schema.ts';
import { writeAtomically } from '../files/atomic.ts';
import { publish } from './publish.ts';
import { schemaFile, schemaText } from './results.schema.ts';
import { Results } from './results.ts';
import { sampleResults } from './sample.ts';

const views = [
  'allure-results',
  'exchanges.har',
  'junit.xml',
  'report.html',
  'results.json',
  'results.sarif',
];

/** Every file below a directory with its text. */
async function texts(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const pairs = await Promise.all(
    files.map(async (file) => [file.slice(directory.length + 1), await readFile(file, 'utf8')] as const),
  );
  return Object.fromEntries(pairs);
}

test('the published schema is the one of the code', async () => {
  expect(await readFile(schemaFile, 'utf8'), 'run: node src/report/results.schema.ts').toBe(schemaText);
});

test('the schema takes a result document and refuses a wrong one', () => {
  const check = compile(Results);
  const results = sampleResults();
  expect(check(JSON.parse(JSON.stringify(results)))).toMatchObject({ ok: true });
  expect(check({ ...results, verdict: 'passed' })).toMatchObject({ ok: false });
  expect(check({ ...results, extra: 1 })).toMatchObject({ ok: false });
});

test('writes every view, and the same again', async () => {
  const info = test.info();
  const directory = join(info.outputPath('run'), 'deep');
  await publish(directory, sampleResults());
  const first = await texts(directory);
  expect((await readdir(directory)).toSorted()).toEqual(views);
  expect(JSON.parse(first['results.json'] ?? '')).toEqual(sampleResults());
  await publish(directory, sampleResults());
  expect(await texts(directory)).toEqual(first);
});

test('points SARIF at the lines of the integration file', async () => {
  const info = test.info();
  const file = info.outputPath('integration.yaml');
  await writeFile(
    file,
    'partner: northbank\n\nissuer: https://as.example\nresources:\n  - name: a\n    url: https://api.example\n',
  );
  const results = sampleResults();
  results.integration.file = file;
  await publish(info.outputPath('run'), results);
  const sarif = await readFile(info.outputPath('run', 'results.sarif'), 'utf8');
  const lines = new Set(
    Array.from(
      sarif.matchAll(/integration\.yaml"\s*\},\s*"region": \{\s*"startLine": (\d+)/gu),
      ([, line]) => line,
    ),
  );
  expect(lines).toEqual(new Set(['1', '3', '6']));
});

test('gives Allure the status of our verdicts', async () => {
  const info = test.info();
  await publish(info.outputPath('run'), sampleResults());
  const files = await texts(info.outputPath('run', 'allure-results'));
  const results = Object.entries(files)
    .filter(([name]) => name.endsWith('-result.json'))
    .map(([, text]): unknown => JSON.parse(text));
  expect(results).toHaveLength(91);
  const of = (name: string) =>
    results.filter((result) => JSON.stringify(result).includes(`"name":"${name}","historyId"`));
  expect(of('rejects the plain method')).toMatchObject([
    {
      status: 'failed',
      stage: 'finished',
      statusDetails: {
        expected: 'status 400 with error invalid_request',
        actual: 'status 201 with a request_uri',
      },
      labels: expect.arrayContaining([
        { name: 'suite', value: 'authorization-server' },
        { name: 'tag', value: 'fapi2-sp/5.3.2.2-5' },
      ]),
      steps: [
        { status: 'passed' },
        { parameters: [{ name: 'edit', value: 'replace code_challenge_method' }], attachments: [{}] },
      ],
    },
  ]);
  const statuses = Object.groupBy(
    results,
    (result) => /"status":"(\w+)","statusDetails":[^]*"stage"/u.exec(JSON.stringify(result))?.[1] ?? '',
  );
  expect(Object.fromEntries(Object.entries(statuses).map(([status, all]) => [status, all?.length]))).toEqual({
    passed: 81,
    failed: 3,
    broken: 3,
    skipped: 4,
  });
  for (const [, source] of JSON.stringify(results).matchAll(/"source":"([^"]+)"/gu))
    expect(Object.keys(files)).toContain(source);
});

test('a reader of a file that is being replaced sees all of one content', async () => {
  const info = test.info();
  const file = info.outputPath('file');
  const contents = ['a'.repeat(300_000), 'b'.repeat(200_000)];
  await writeAtomically(file, 'a'.repeat(300_000));
  const writing = Promise.all(
    Array.from({ length: 20 }, (_, index) => writeAtomically(file, contents[index % 2] ?? '')),
  );
  for (let reads = 0; reads < 20; reads += 1)
    expect(contents.includes(await readFile(file, 'utf8'))).toBe(true);
  await writing;
  expect(await readdir(info.outputDir)).toEqual(['file']);
});

test('says why a file could not be written, and leaves nothing', async () => {
  const info = test.info();
  await expect(
    writeAtomically(info.outputPath('none', 'file').replace('none', 'missing/none'), 'x'),
  ).rejects.toMatchObject({
    name: 'WriteError',
    code: 'no-directory',
    fault: 'environment',
    cause: { code: 'ENOENT' },
  });
  const file = info.outputPath('file');
  await writeFile(file, '');
  await expect(publish(join(file, 'run'), sampleResults())).rejects.toMatchObject({
    name: 'WriteError',
    code: 'no-directory',
  });
  await mkdir(info.outputPath('run', 'report.html'), { recursive: true });
  await expect(publish(info.outputPath('run'), sampleResults())).rejects.toMatchObject({
    name: 'WriteError',
    code: 'failed',
  });
  expect(await readdir(info.outputPath('run'))).toEqual(['report.html']);
});

test('a kill at any moment leaves whole files, and the next run clears the rest', async () => {
  const info = test.info();
  const directory = info.outputPath('run');
  const modules = ['publish.ts', 'sample.ts'].map((name) => JSON.stringify(new URL(name, import.meta.url)));
  const program = `
    const { publish } = await import(${modules[0]});
    const { sampleResults } = await import(${modules[1]});
    for (;;) { await publish(${JSON.stringify(directory)}, sampleResults()); process.stdout.write('.'); }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (let rounds = 0; rounds < 3; rounds += 1) await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.'));
  for (const name of names.filter((each) => each !== 'allure-results'))
    expect((await readFile(join(directory, name))).length).toBeGreaterThan(10_000);
  expect(JSON.parse(await readFile(join(directory, 'results.json'), 'utf8'))).toEqual(sampleResults());
  await publish(directory, sampleResults());
  expect((await readdir(directory)).toSorted()).toEqual(views);
});
