import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { Results } from '../report/results.ts';
import { schemaFile, schemaText } from './integration.schema.ts';
import { isClient, loadIntegration } from './load.ts';
import { clientSample, now, sample } from './sample.ts';
import { compile } from './schema.ts';

test('the published schema is that of the code', async () => {
  const command = 'run: node src/directory/integration.schema.ts';
  expect(await readFile(schemaFile, 'utf8'), command).toBe(schemaText);
});

test('the published schema tells a client from a server by its roles', () => {
  const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, strictTypes: false });
  formats.default(ajv);
  const validate = ajv.compile(JSON.parse(schemaText));
  const judged = (text: string, roles: string): boolean => validate({ ...parse(text), roles: [roles] });
  expect(judged(sample, 'resource-server')).toBe(true);
  expect(judged(clientSample, 'client')).toBe(true);
  expect(judged(sample, 'client')).toBe(false);
  expect(judged(clientSample, 'authorization-server')).toBe(false);
});

test('the examples of the README load', async () => {
  const readme = await readFile(new URL('README.md', import.meta.url), 'utf8');
  const examples = [...readme.matchAll(/```yaml\n([^]*?)```/gu)].map(([, example = '']) => example);
  const directory = await mkdtemp(join(tmpdir(), 'assay-readme-'));
  try {
    await mkdir(join(directory, 'keys'));
    for (const name of ['ca.pem', 'openapi.yaml', 'jwks.json', 'keys/assay-1.jwk'])
      await writeFile(join(directory, name), '');
    const file = join(directory, 'integration.yaml');
    const loaded = [];
    for (const example of examples) {
      await writeFile(file, example);
      const { value } = await loadIntegration(file, now);
      loaded.push([value.integration, isClient(value)]);
    }
    expect(loaded).toEqual([
      ['acme-sandbox', false],
      ['acme-app', true],
    ]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('other documents compile, and report all errors at once', () => {
  const checked = compile(Results)({ format: 'assay-results/2', verdict: 'fine' });
  const keywords = checked.ok ? [] : checked.errors.map(({ keyword }) => keyword);
  expect(keywords).toEqual(expect.arrayContaining(['required', 'const', 'enum']));
});
