import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { createAuthority } from '../../../fixtures/pki/authority.ts';
import { openTrigger, type TriggerOptions } from './open-trigger.ts';
import type { Start } from './trigger.ts';

const start: Start = {
  issuer: 'https://localhost:1/check',
  api: 'https://localhost:1/check/api',
  clientId: 'client-1',
  redirectUri: 'https://client.example/callback',
  scenario: 'refresh',
};

const open = (
  program: string,
  more: Partial<TriggerOptions> & { env?: Record<string, string>; timeout?: number } = {},
) => {
  const { env, timeout, ...options } = more;
  return openTrigger({
    trigger: {
      driver: 'command',
      run: [process.execPath, '-e', program],
      ...(env && { env }),
      ...(timeout !== undefined && { timeout }),
    },
    base: tmpdir(),
    authorityFile: '/ca.pem',
    trust: [],
    hosts: [],
    privateNetwork: 'refused',
    note: () => {},
    ...options,
  });
};

/** Runs a program once. */
async function run(program: string, more: Parameters<typeof open>[1] = {}, at = start) {
  const trigger = await open(program, more);
  try {
    return await trigger.run(at);
  } finally {
    await trigger.close();
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('an exit code of 0 tells that the flow completed', async () => {
  expect(await run('console.log("connected")')).toEqual({
    end: 'completed',
    told: 'the command exited with code 0',
    shown: 'connected\n',
  });
});

test('another exit code tells that it refused, in its own last words', async () => {
  const outcome = await run('console.error("first\\nissuer differs"); process.exitCode = 3');
  expect(outcome).toMatchObject({ end: 'failed', told: 'the command exited with code 3: issuer differs' });
});

test('a program that is killed tells nothing', async () => {
  const outcome = await run('process.kill(process.pid, "SIGKILL")');
  expect(outcome).toMatchObject({ end: 'unknown', told: 'the command was ended by SIGKILL' });
});

test('the program learns of its flow, and of nothing that it was not given', async () => {
  const secrets = { ASSAY_SALT: 'salt', NODE_AUTH_TOKEN: 'token', GIVEN: 'secret' };
  Object.assign(process.env, secrets);
  const trigger = {
    driver: 'command' as const,
    run: [process.execPath, '-e', 'console.log(JSON.stringify(process.env))'],
    env: { MODE: 'test', KEY: { env: 'GIVEN' } },
  };
  const { shown } = await run('', { trigger }).finally(() => {
    for (const name of Object.keys(secrets)) delete process.env[name];
  });
  const { PATH: _, HOME: _home, LANG: _lang, ...env } = JSON.parse(shown) as Record<string, string>;
  const others = Object.entries(env).filter(([name]) => !/^(?:NODE_(?!AUTH)|LC_ALL|TMPDIR)/u.test(name));
  expect(Object.fromEntries(others)).toEqual({
    MODE: 'test',
    KEY: 'secret',
    ASSAY_ISSUER: start.issuer,
    ASSAY_API: start.api,
    ASSAY_CLIENT_ID: 'client-1',
    ASSAY_REDIRECT_URI: 'https://client.example/callback',
    ASSAY_CA_FILE: '/ca.pem',
    ASSAY_SCENARIO: 'refresh',
  });
});

test('a program that is not there is a mistake of the integration file', async () => {
  const trigger = await open('', { trigger: { driver: 'command', run: ['./no-such-client'] } });
  await expect(trigger.run(start)).rejects.toMatchObject({
    code: 'not-started',
    fault: 'configuration',
    message: expect.stringContaining('./no-such-client could not be started'),
  });
  await trigger.close();
});

test('much output is bounded', async () => {
  const { end, shown } = await run('process.stdout.write("x".repeat(2 ** 20))');
  expect({ end, length: shown.length }).toEqual({ end: 'completed', length: 262_144 });
});

// Neither ends when asked to, and the grandchild holds the pipes open.
const stubborn = `
  process.on('SIGTERM', () => {});
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], { stdio: 'inherit' });
  console.log(process.pid + ' ' + child.pid);
  setInterval(() => {}, 1000);
`;

const groupOf = (shown: string) => shown.trim().split(' ').map(Number);

test('a program that does not end is ended, with all that it started', async () => {
  const { end, told, shown } = await run(stubborn, { timeout: 1 });
  expect(end).toBe('unknown');
  expect(told).toMatch(/^the client did not tell within 1 s how the flow ended/u);
  const pids = groupOf(shown);
  expect(pids).toHaveLength(2);
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
});

test('what a program left behind ends with it', async () => {
  const program = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    child.unref();
    console.log(child.pid);
  `;
  const { end, shown } = await run(program);
  expect(end).toBe('completed');
  await expect.poll(() => groupOf(shown).filter(isAlive)).toEqual([]);
});

test('closing the trigger ends flows that are under way', async () => {
  const trigger = await open('setInterval(() => {}, 1000)');
  const running = trigger.run(start);
  await trigger.close();
  expect(await running).toMatchObject({
    end: 'unknown',
    told: 'the run was stopped before the client told how the flow ended',
  });
});

test('nothing is left when Assay is killed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'assay-command-'));
  const file = join(directory, 'pid');
  const assay = `
    import { openTrigger } from ${JSON.stringify(`${import.meta.dirname}/open-trigger.ts`)};
    const trigger = await openTrigger({
      trigger: { driver: 'command', run: ['sh', '-c', 'echo $$ > pid; exec sleep 600'] },
      base: ${JSON.stringify(directory)}, authorityFile: '', trust: [], hosts: [], privateNetwork: 'refused',
    });
    await trigger.run(${JSON.stringify(start)});
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', assay], { stdio: 'inherit' });
  const pid = async () => Number(await readFile(file, 'utf8').catch(() => '0'));
  try {
    await expect.poll(pid, { timeout: 30_000 }).toBeGreaterThan(0);
    const program = await pid();
    expect(isAlive(program)).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(() => isAlive(program)).toBe(false);
  } finally {
    child.kill('SIGKILL');
    await rm(directory, { recursive: true });
  }
});

test('an authorization URL that it prints is opened, and the response brought to its loopback port', async () => {
  const authority = await createAuthority({ now: new Date() });
  const { certificate: cert, key } = await authority.issue({
    commonName: 'as',
    names: ['localhost'],
    usage: 'server',
  });
  const arrived: string[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    const url = new URL(request.url ?? '', 'https://localhost');
    arrived.push(url.pathname);
    response.writeHead(303, { location: `${url.searchParams.get('redirect_uri')}?code=abc` }).end();
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  const native = `
    const { createServer } = require('node:http');
    const server = createServer((request, response) => {
      response.end('you may close this window', () => server.close());
      server.closeIdleConnections();
      process.exitCode = request.url === '/?code=abc' ? 0 : 1;
    }).listen(0, '127.0.0.1', () => {
      console.log('Open this address: ' + process.env.ASSAY_ISSUER + '/not?client_id=1');
      console.log(process.env.ASSAY_ISSUER + '/metadata');
      console.log(process.env.ASSAY_ISSUER + '/authorize?client_id=1&redirect_uri=http://127.0.0.1:' + server.address().port + '/');
    });
  `;
  const at = { ...start, issuer: `${origin}/check`, api: `${origin}/check/api` };
  const outcome = await run(native, { trust: [authority.certificate] }, at);
  expect(outcome).toMatchObject({ end: 'completed' });
  expect(outcome.shown).toContain('you may close this window');
  expect(arrived).toEqual(['/check/authorize']);
  server.close();
  server.closeAllConnections();
});
