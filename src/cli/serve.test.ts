import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { assay, startAssay, type Running } from '../../fixtures/command-line.ts';
import { ask } from '../../fixtures/service.ts';
import { operatorInitCommand } from './operator.ts';
import { serveCommand } from './serve.ts';
import { quietIo } from '../../fixtures/quiet-io.ts';

const test = base.extend<{ directory: string }>({
  directory: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'assay-serve-'));
    await operatorInitCommand(
      { ...quietIo(() => {}), cwd: directory },
      { directory: 'operator', holder: 'Olivia', origin: 'ops.example/log' },
    );
    await use(directory);
    await rm(directory, { recursive: true });
  },
});

const free = ['--gate', '127.0.0.1:0', '--public', '127.0.0.1:0'];
const addresses = /^gate +(?<gate>http:\S+)\npublic +(?<public>http:\S+)\n$/u;

async function serve(directory: string): Promise<{ readonly running: Running; readonly gate: string }> {
  const running = startAssay(['serve', ...free], directory);
  const { gate = '' } = await running.wrote(addresses);
  return { running, gate };
}

test('it ends in order at once when it is told to, and starts again after it was killed', async ({
  directory,
}) => {
  const killed = await serve(directory);
  expect((await ask(`${killed.gate}/health`)).status).toBe(200);
  const second = await assay(['serve', ...free], directory);
  expect([second.code, second.output]).toEqual([3, '']);
  expect(second.notes).toMatch(/^the database in \S+ is in use by another process of Assay; .*\n$/u);
  killed.running.process.kill('SIGKILL');
  expect((await killed.running.ended).code).toBeNull();

  const { running, gate } = await serve(directory);
  expect((await ask(`${gate}/health`)).status).toBe(200);
  const from = performance.now();
  running.process.kill('SIGTERM');
  const { code, output, notes } = await running.ended;
  expect([code, notes]).toEqual([0, '']);
  // 0.2 s where nothing else runs; what waits for a client or a connection would take 20 s and more.
  expect(performance.now() - from).toBeLessThan(5_000);
  expect(output).toMatch(addresses);
});

for (const [what, addresses, message] of [
  ['without a port', { gate: 'localhost' }, /^expected --gate to be host:port, got localhost$/u],
  ['with a port that is none', { public: '127.0.0.1:70000' }, /^expected --public to be host:port/u],
  ['of IPv6 without brackets', { public: '::1:9412' }, /^expected --public to be host:port/u],
  ['that is a URL', { public: 'http://127.0.0.1:80' }, /^expected --public to be host:port/u],
] as const)
  test(`an address ${what} is refused before anything is opened`, async () => {
    const io = quietIo(() => {});
    await expect(
      serveCommand(io, {
        operator: '/nonexistent',
        evidence: '/nonexistent',
        database: '/nonexistent',
        gate: '127.0.0.1:0',
        public: '127.0.0.1:0',
        ...addresses,
      }),
    ).rejects.toEqual(expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) }));
  });
