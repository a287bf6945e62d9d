import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { startEcosystem } from '../../fixtures/ecosystem.ts';
import type { Results } from '../report/results.ts';
import { version } from '../report/version.ts';
import { killTable } from './kill-table.ts';
import { listChecks } from './suite-process.ts';

const root = join(import.meta.dirname, '..', '..');

/** Runs a command with the Node of this test first on its path; what it prints, or an error with it. */
async function run(cwd: string, file: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter) };
  const { stdout } = await promisify(execFile)(file, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

test('runs from its package in an empty folder, suites included', async () => {
  test.setTimeout(300_000);
  const scratch = await mkdtemp(join(tmpdir(), 'assay-pack-'));
  const folder = join(scratch, 'partner');
  await mkdir(folder);
  try {
    await run(root, 'npm', ['pack', '--pack-destination', scratch]);
    const tarball = join(scratch, `assay-${version}.tgz`);
    await run(folder, 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball]);
    const installed = join(folder, 'node_modules', 'assay');
    const packed = await files(installed);
    expect(packed).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'package.json',
        'src/directory/integration.schema.json',
      ]),
    );
    expect(
      packed.filter((path) => /\.test\.|fixtures|sample|\.(?:spec|config|mutants?)\.ts$/u.test(path)),
    ).toEqual([]);

    const assay = async (...args: string[]): Promise<string> => run(folder, 'npx', ['assay', ...args]);
    expect(await assay('--version')).toBe(`${version}\n`);
    const listed = JSON.parse(await assay('list', 'checks', '--json')) as readonly { readonly id: string }[];
    expect(listed.map(({ id }) => id)).toEqual((await listChecks(process.env)).map(({ id }) => id));
    expect(JSON.parse(await assay('list', 'mutants', '--json'))).toHaveLength(killTable.length);

    const ecosystem = await startEcosystem({
      directory: folder,
      clientAuthentication: 'tls_client_auth',
      senderConstraint: 'mtls',
      protocol: 'oauth',
    });
    try {
      await assay('run', 'integration.yaml', '--allow-private-network', '--tier', 'fast');
    } finally {
      await ecosystem.stop();
    }
    const report = (await files(join(folder, 'reports'))).find((path) => path.endsWith('/results.json'));
    const results = JSON.parse(await readFile(join(folder, 'reports', String(report)), 'utf8')) as Results;
    expect(results).toMatchObject({
      verdict: 'pass',
      run: { status: 'complete' },
      counts: { checks: { fail: 0 } },
    });
    expect(results.checks.filter(({ executed }) => executed).length).toBeGreaterThan(60);
    // A package may be installed where nothing can be written.
    expect(await files(installed)).toEqual(packed);
  } finally {
    await rm(scratch, { recursive: true });
  }
});

/** The files of a folder, with paths from there, sorted. */
async function files(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .toSorted();
}
