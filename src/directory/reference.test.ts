import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { resolveReference } from './reference.ts';

let directory = '';
test.beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'assay-reference-'));
});
test.afterEach(() => rm(directory, { recursive: true }));

test('reads a file beside the integration, without its last line break', async () => {
  await writeFile(join(directory, 'key.pem'), 'first\nlast\n');
  expect(await resolveReference({ file: 'key.pem' }, directory)).toBe('first\nlast');
  expect(await resolveReference({ file: join(directory, 'key.pem') }, '/elsewhere')).toBe('first\nlast');
});

test('reads an environment variable', async () => {
  expect(await resolveReference({ env: 'KEY' }, directory, { KEY: ' value ' })).toBe(' value ');
});

test('names a reference that leads to nothing, and never a content', async () => {
  await writeFile(join(directory, 'empty'), ' \n');
  await mkdir(join(directory, 'folder'));
  const fault = 'configuration';
  for (const [reference, code, name] of [
    [{ file: 'none.pem' }, 'missing-file', join(directory, 'none.pem')],
    [{ file: 'folder' }, 'unreadable-file', join(directory, 'folder')],
    [{ file: 'empty' }, 'empty', join(directory, 'empty')],
    [{ env: 'NONE' }, 'missing-variable', 'NONE'],
    [{ env: 'EMPTY' }, 'empty', 'EMPTY'],
  ] as const)
    await expect(resolveReference(reference, directory, { EMPTY: '' })).rejects.toMatchObject({
      code,
      fault,
      message: expect.stringContaining(name),
    });
});
