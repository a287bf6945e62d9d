import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { acquireLock, LockedError } from './lock.ts';

async function temporary() {
  const directory = await mkdtemp(join(tmpdir(), 'assay-lock-'));
  return { path: join(directory, 'lock'), [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

/** Another process that takes the lock, says so, and holds it. */
async function holder(path: string) {
  const script = `const { acquireLock } = await import(${JSON.stringify(import.meta.resolve('./lock.ts'))});
    const lock = acquireLock(${JSON.stringify(path)}, 0); console.log('held'); setInterval(() => lock, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('a lock is exclusive within a process, and free again after it was disposed of', async () => {
  await using at = await temporary();
  {
    using lock = acquireLock(at.path, 0);
    expect(lock.path).toBe(at.path);
    expect(() => acquireLock(at.path, 0)).toThrow(LockedError);
  }
  using again = acquireLock(at.path, 0);
  expect(again.path).toBe(at.path);
});

test('a lock is exclusive between processes, and kill -9 frees it', async () => {
  await using at = await temporary();
  const child = await holder(at.path);
  try {
    expect(() => acquireLock(at.path, 0)).toThrow(LockedError);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  using lock = acquireLock(at.path, 0);
  expect(lock.path).toBe(at.path);
});
