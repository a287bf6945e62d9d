import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { Results } from '../report/results.ts';
import { schemaFile, schemaText } from './integration.schema.ts';
import { loadIntegration } from './load.ts';
import { now } from './sample.ts';
import { compile } from './schema.ts';

test('the published schema is that of the code', async () => {
  const command = 'run: node src/directory/integration.schema.ts';
  expect(await readFile(schemaFile, 'utf8'), command).toBe(schemaText);
});

test('the example of the README loads', async () => {
  const readme = await readFile(new URL('README.md', import.meta.url), 'utf8');
  const example = /```yaml\n([^]*?)```/u.exec(readme)?.[1] ?? '';
  const directory = await mkdtemp(join(tmpdir(), 'assay-readme-'));
  try {
    await mkdir(join(directory, 'keys'));
    for (const name of ['ca.pem', 'openapi.yaml', 'keys/assay-1.jwk'])
      await writeFile(join(directory, name), '');
    const file = join(directory, 'integration.yaml');
    await writeFile(file, example);
    expect((await loadIntegration(file, now)).value.integration).toBe('acme-sandbox');
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('other documents compile, and report all errors at once', () => {
  const checked = compile(Results)({ format: 'assay-results/2', verdict: 'fine' });
  const keywords = checked.ok ? [] : checked.errors.map(({ keyword }) => keyword);
  expect(keywords).toEqual(expect.arrayContaining(['required', 'const', 'enum']));
});
