import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { assay, startAssay } from '../../fixtures/command-line.ts';
import { quietIo } from '../../fixtures/quiet-io.ts';
import { sandboxCommand, type SandboxCommandOptions } from './sandbox.ts';

const test = base.extend<{ directory: string }>({
  directory: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'assay-sandbox-'));
    await writeFile(join(directory, 'tokens'), `acme:${'0'.repeat(64)}\n`);
    await writeFile(join(directory, 'not.pem'), 'not a certificate');
    await use(directory);
    await rm(directory, { recursive: true });
  },
});

test('it serves until it is told to stop, and refuses an address that is taken', async ({ directory }) => {
  const needed = ['sandbox', '--url', 'https://sandbox.example', '--token-file', 'tokens'];
  const running = startAssay([...needed, '--listen', '127.0.0.1:0'], directory);
  const { port = '' } = await running.wrote(/^listening at (?<port>\d+)\n$/u);
  expect((await fetch(`http://127.0.0.1:${port}/.assay/register`, { method: 'POST' })).status).toBe(401);
  const second = await assay([...needed, '--listen', `127.0.0.1:${port}`], directory);
  expect([second.code, second.output]).toEqual([3, '']);
  expect(second.notes).toMatch(/^expected 127\.0\.0\.1, port \d+ to be free, .*\n$/u);
  running.process.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0, notes: '' });
});

const right: SandboxCommandOptions = {
  url: 'https://sandbox.example',
  listen: '127.0.0.1:0',
  trustedProxy: [],
  tokenFile: 'tokens',
};
const wrong: readonly (readonly [what: string, options: Partial<SandboxCommandOptions>, says: RegExp])[] = [
  ['an address without TLS', { url: 'http://sandbox.example' }, /^expected --url to be https:/u],
  ['an address with a path', { url: 'https://sandbox.example/a' }, /^expected --url to be https:/u],
  ['no port', { listen: 'localhost' }, /^expected --listen to be host:port/u],
  ['a port that is none', { listen: '70000' }, /^expected --listen to be host:port/u],
  [
    'a certificate without its key',
    { tlsCertificate: 'c.pem' },
    /^expected --tls-certificate and --tls-key/u,
  ],
  ['a file that is not there', { tlsCertificate: 'c.pem', tlsKey: 'k.pem' }, /c\.pem cannot be read$/u],
  [
    'a certificate that is none',
    { tlsCertificate: 'not.pem', tlsKey: 'not.pem' },
    /^expected a certificate/u,
  ],
  ['a range that is none', { trustedProxy: ['10.0.0.0/99'] }, /as 10\.0\.0\.0\/8, got 10\.0\.0\.0\/99$/u],
  ['a header from anybody', { clientCertificateHeader: 'client-cert' }, /nobody would be believed$/u],
  ['proxies for nothing', { trustedProxy: ['10.0.0.1'] }, /^expected --client-certificate-header/u],
  ['mutual TLS without TLS', { listenMutual: '0', mutualUrl: 'https://m.example' }, /^expected --tls-cert/u],
  ['mutual TLS without an address', { listenMutual: '0' }, /^expected --mutual-url/u],
  [
    'an address of mutual TLS alone',
    { mutualUrl: 'https://m.example' },
    /nobody would ask for certificates$/u,
  ],
  ['no tokens', { tokenFile: 'none' }, /^expected a file of tokens at/u],
];
for (const [what, options, message] of wrong)
  test(`${what}: one error, and nothing is opened`, async ({ directory }) => {
    await expect(
      sandboxCommand({ ...quietIo(() => {}), cwd: directory }, { ...right, ...options }),
    ).rejects.toMatchObject({ fault: 'configuration', message: expect.stringMatching(message) });
  });
