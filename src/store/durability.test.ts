import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { killDatabases } from '../../fixtures/crash/database.ts';
import { killRegisters } from '../../fixtures/crash/register.ts';
import { embeddedDatabases } from '../../fixtures/databases.ts';
import { startPostgres } from '../../fixtures/postgres.ts';
import { openDatabase } from './open.ts';

/** Another process that opens an embedded database; with what it ended. */
async function openElsewhere(directory: string): Promise<string> {
  const script = `const { openDatabase } = await import(${JSON.stringify(import.meta.resolve('./open.ts'))});
    await openDatabase({ kind: 'embedded', directory: ${JSON.stringify(directory)} }).then(
      () => process.stdout.write('opened'), (error) => process.stdout.write(error.code + ': ' + error.message));
    process.exit();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  await once(child, 'close');
  return output;
}

test('an embedded database is one process’s at a time', async () => {
  await using databases = await embeddedDatabases();
  const location = await databases.fresh();
  if (location.kind !== 'embedded') throw new TypeError('expected an embedded database');
  const database = await openDatabase(location);
  await expect(openDatabase(location)).rejects.toMatchObject({ code: 'locked', fault: 'environment' });
  expect(await openElsewhere(location.directory)).toMatch(
    /^locked: .* is in use by another process of Assay; end that one/u,
  );
  await database.close();
  expect(await openElsewhere(location.directory)).toBe('opened');
});

test('an embedded database that is damaged says so, and is not made anew', async () => {
  await using databases = await embeddedDatabases();
  const location = await databases.fresh();
  if (location.kind !== 'embedded') throw new TypeError('expected an embedded database');
  await writeFile(join(location.directory, 'data', 'global', 'pg_control'), 'damaged');
  for (let time = 0; time < 2; time += 1)
    await expect(openDatabase(location)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('move the directory away'),
    });
});

test('an embedded database opens with a lock of PostgreSQL that a kill left empty', async () => {
  await using databases = await embeddedDatabases();
  const location = await databases.fresh();
  if (location.kind !== 'embedded') throw new TypeError('expected an embedded database');
  await writeFile(join(location.directory, 'data', 'postmaster.pid'), '');
  const database = await openDatabase(location);
  expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  await database.close();
});

test('an embedded database whose making was interrupted is made anew', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'assay-durability-'));
  await mkdir(join(directory, 'data.partial', 'base'), { recursive: true });
  await writeFile(join(directory, 'data.partial', 'PG_VERSION'), '');
  const database = await openDatabase({ kind: 'embedded', directory });
  expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  await database.close();
  expect(await readdir(directory)).not.toContain('data.partial');
  await rm(directory, { recursive: true });
});

test('a directory that cannot be one is told of', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'assay-durability-'));
  await writeFile(join(directory, 'file'), '');
  await expect(openDatabase({ kind: 'embedded', directory: join(directory, 'file') })).rejects.toMatchObject({
    code: 'failed',
  });
  await rm(directory, { recursive: true });
});

// More kills: node fixtures/crash.ts --kills 1000
test('an embedded database keeps what was committed through kill -9', async () => {
  expect(await killDatabases(6)).toContain('6 kills');
});

test('log and database keep what was settled through kill -9, once and as it was', async () => {
  expect(await killRegisters(8, 'server')).toContain('8 kills');
});

test('a killed server takes nothing with it, and is found again', async () => {
  await using server = await startPostgres('flushed');
  const database = await openDatabase({ kind: 'server', url: server.url });
  await database.query('create table thing (n int primary key)');
  const heard: string[] = [];
  const stop = await database.listen('thing', (payload) => heard.push(payload));
  const committed: number[] = [];
  let n = 0;
  const insert = async (): Promise<void> => {
    n += 1;
    const mine = n;
    await database.transaction((queries) => queries.query('insert into thing values ($1)', [mine]));
    committed.push(mine);
  };
  for (let kill = 0; kill < 3; kill += 1) {
    const before = committed.length;
    const underWay = Promise.allSettled(
      Array.from({ length: 4 }, async () => {
        for (;;) await insert();
      }),
    );
    await expect.poll(() => committed.length, { intervals: [5] }).toBeGreaterThan(before + 20);
    const held = database.transaction(async (queries) => {
      await queries.query('select 1');
      await server.kill();
      await queries.query('select 1');
    });
    await expect(held).rejects.toMatchObject({ code: 'unreachable', fault: 'environment' });
    for (const each of await underWay) expect(each).toMatchObject({ reason: { code: 'unreachable' } });
    await expect(database.query('select 1')).rejects.toMatchObject({ code: 'unreachable' });
    await server.restart();
    const rows = await database.query<{ n: number }>('select n from thing');
    const found = new Set(rows.map((row) => row.n));
    expect(committed.filter((each) => !found.has(each))).toEqual([]);
  }
  // It listens again, a little later than the server is there.
  await expect
    .poll(async () => {
      await database.query("select pg_notify('thing', 'again')");
      return heard.length;
    })
    .toBeGreaterThan(0);
  await stop();
  await database.close();
});

test('no message about a server tells its password', async () => {
  await using server = await startPostgres();
  const url = new URL(server.url);
  url.password = 'hunter2';
  const caught = (database: string): Promise<string> =>
    openDatabase({ kind: 'server', url: database }).then(
      () => 'opened',
      (error: unknown) => (error instanceof Error ? `${error.stack} ${String(error.cause)}` : ''),
    );
  expect(await caught(url.href)).toContain('28P01');
  await server.stop();
  const wrong = [
    url.href,
    'mysql://assay:hunter2@127.0.0.1/x',
    'postgresql://assay:hunter2@127.0.0.1:port/x',
    'hunter2',
  ];
  for (const each of wrong) expect(await caught(each)).toMatch(/^StoreError: (?!.*hunter2)/su);
});
