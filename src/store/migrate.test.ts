import { expect, test } from '@playwright/test';
import { serverDatabases } from '../../fixtures/databases.ts';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import type { Migration } from './migrations/migration.ts';
import { openDatabase, type DatabaseLocation } from './open.ts';

test.describe.configure({ mode: 'default' });

const first: Migration = {
  name: 'first',
  statements: ['create table thing (n int)', 'insert into thing values (1)'],
};
const second: Migration = { name: 'second', statements: ['alter table thing add column m int'] };

test.describe('the migrations of a database', () => {
  let databases: Awaited<ReturnType<typeof serverDatabases>>;
  let location: DatabaseLocation;
  let database: Database;

  test.beforeAll(async () => {
    databases = await serverDatabases();
  });
  test.afterAll(async () => {
    await databases[Symbol.asyncDispose]();
  });
  test.beforeEach(async () => {
    location = await databases.fresh();
    database = await openDatabase(location);
  });
  test.afterEach(async () => {
    await database.close();
  });

  test('make all tables once', async () => {
    expect(await migrate(database)).toBeGreaterThan(0);
    expect(await migrate(database)).toBe(0);
    const tables = await database.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public' order by 1",
    );
    expect(tables.map(({ name }) => name)).toEqual([
      'access_key',
      'delivery',
      'desired',
      'log_position',
      'mark',
      'memory',
      'migration',
      'signal',
      'standing',
      'transition',
      'undecided',
    ]);
  });

  test('go on where they were', async () => {
    expect(await migrate(database, [first])).toBe(1);
    expect(await migrate(database, [first, second])).toBe(1);
    expect(await database.query('select * from thing')).toEqual([{ n: 1, m: null }]);
  });

  test('are done once by processes that start together', async () => {
    const others = await Promise.all(Array.from({ length: 3 }, () => openDatabase(location)));
    const done = await Promise.all([database, ...others].map((each) => migrate(each, [first, second])));
    await Promise.all(others.map((each) => each.close()));
    expect(done.reduce((sum, count) => sum + count)).toBe(2);
    expect(await database.query('select n from thing')).toEqual([{ n: 1 }]);
  });

  test('leave nothing of one that fails', async () => {
    const wrong: Migration = { name: 'wrong', statements: ['create table half (n int)', 'create nonsense'] };
    await expect(migrate(database, [first, wrong])).rejects.toMatchObject({ code: 'failed' });
    expect(
      await database.query("select to_regclass('half') as half, to_regclass('thing') is null as none"),
    ).toEqual([{ half: null, none: false }]);
    expect(await migrate(database, [first, second])).toBe(1);
  });

  for (const [what, known, message] of [
    ['a newer database', [first], /newer than this version.*migration 2 \(second\), and 1 are known/u],
    [
      'another first step',
      [{ ...first, statements: ['select 1'] }, second],
      /another migration 1 \(first\)/u,
    ],
    ['another name', [first, { ...second, name: 'other' }], /another migration 2 \(second\)/u],
  ] as const)
    test(`refuse ${what}, and say what to do`, async () => {
      await migrate(database, [first, second]);
      await expect(migrate(database, known)).rejects.toMatchObject({
        code: 'migration',
        message: expect.stringMatching(
          new RegExp(`${message.source}.*Use the version of Assay that made it`, 'u'),
        ),
      });
    });
});
