import { expect, test } from '@playwright/test';
import { embeddedDatabases, serverDatabases, type Databases } from '../../fixtures/databases.ts';
import type { Database, Row } from './database.ts';
import { openDatabase, type DatabaseLocation } from './open.ts';
import { jsonb } from './values.ts';

// All tests of a kind share a database, and so a process.
test.describe.configure({ mode: 'default' });

for (const [kind, start] of [
  ['embedded', embeddedDatabases],
  ['server', serverDatabases],
] as const)
  test.describe(`a database that is ${kind}`, () => {
    let databases: Databases;
    let location: DatabaseLocation;
    let database: Database;
    let table = 0;

    /** A table of the test's own. */
    const tableOf = async (columns: string): Promise<string> => {
      table += 1;
      await database.query(`create table t${table} (${columns})`);
      return `t${table}`;
    };

    test.beforeAll(async () => {
      databases = await start();
      location = await databases.fresh();
      database = await openDatabase(location);
    });

    test.afterAll(async () => {
      await database.close();
      await databases[Symbol.asyncDispose]();
    });

    test('says its kind', () => {
      expect(database.kind).toBe(kind);
    });

    for (const [type, value] of Object.entries<unknown>({
      jsonb: { text: 'it’s "quoted" \\ ☃', list: [1, null, true], nested: {} },
      bigint: Number.MAX_SAFE_INTEGER,
      int: -7,
      float8: 0.1,
      text: 'a {b, "c"} \\ NULL',
      boolean: false,
      timestamptz: new Date('2026-02-28T23:59:59.999Z'),
    }))
      test(`gives back a ${type} as the value it was given`, async () => {
        expect(await database.query(`select $1::${type} as got, null::${type} as nothing`, [value])).toEqual([
          { got: value, nothing: null },
        ]);
        const name = await tableOf(`value ${type}`);
        await database.query(`insert into ${name} values ($1), ($2)`, [value, null]);
        expect(await database.query(`select value from ${name} where value is not null`)).toEqual([
          { value },
        ]);
      });

    test('takes a list as an array, and in jsonb() anything as JSON', async () => {
      const texts = ['plain', 'a,b', '{"x"}', '\\', 'NULL', ''];
      const [row] = await database.query(
        `select to_jsonb($1::text[]) as texts, 3 = any($2::bigint[]) as found,
          $3::jsonb as list, $4::jsonb as text, $5::jsonb as nothing`,
        [texts, [1, 3], jsonb(texts), jsonb('text'), jsonb(null)],
      );
      expect(row).toEqual({ texts, found: true, list: texts, text: 'text', nothing: null });
    });

    test('reads a point in time whatever the offset of the session is', async () => {
      const [row] = await database.transaction(async (queries) => {
        await queries.query("set local timezone = 'Asia/Kolkata'");
        return await queries.query("select '2026-01-01T00:00:00Z'::timestamptz as at");
      });
      expect(row).toEqual({ at: new Date('2026-01-01T00:00:00Z') });
    });

    test('refuses an integer that a number cannot hold', async () => {
      await expect(database.query('select 9007199254740993::bigint as n')).rejects.toMatchObject({
        code: 'failed',
      });
      expect(await database.query('select 1 as n')).toEqual([{ n: 1 }]);
    });

    test('tells of a refused statement without its values', async () => {
      const name = await tableOf('value text unique');
      await database.query(`insert into ${name} values ('confidential')`);
      const error: unknown = await database
        .query(`insert into ${name} values ($1)`, ['confidential'])
        .catch((caught: unknown) => caught);
      expect(error).toMatchObject({ name: 'StoreError', code: 'failed', fault: 'environment' });
      expect(String(error)).toContain('SQLSTATE 23505');
      expect(String(error)).not.toContain('confidential');
    });

    test('commits a transaction whole, or not at all', async () => {
      const name = await tableOf('value int');
      const insert = (value: number) => (queries: Pick<Database, 'query'>) =>
        queries.query(`insert into ${name} values ($1)`, [value]);
      expect(await database.transaction(async (queries) => insert(1)(queries).then(() => 'done'))).toBe(
        'done',
      );
      const failing = database.transaction(async (queries) => {
        await insert(2)(queries);
        throw new RangeError('changed its mind');
      });
      await expect(failing).rejects.toThrow(RangeError);
      expect(await database.query(`select value from ${name}`)).toEqual([{ value: 1 }]);
    });

    test('fails a transaction whose failed query was passed over', async () => {
      const name = await tableOf('value int');
      const work = database.transaction(async (queries) => {
        await queries.query(`insert into ${name} values (1)`);
        await queries.query('select 1 / 0').catch(() => undefined);
      });
      await expect(work).rejects.toMatchObject({ code: 'failed' });
      const hasty = database.transaction(async (queries) => {
        await queries.query(`insert into ${name} values (1)`);
        void queries.query('select 1 / 0').catch(() => undefined);
      });
      await expect(hasty).rejects.toMatchObject({ code: 'failed' });
      expect(await database.query(`select value from ${name}`)).toEqual([]);
    });

    test('loses no update of transactions that read before they write', async () => {
      const name = await tableOf('value int');
      await database.query(`insert into ${name} values (0)`);
      const increment = () =>
        database.transaction(async (queries) => {
          const [row] = await queries.query<{ value: number }>(`select value from ${name}`);
          await queries.query(`update ${name} set value = $1`, [(row?.value ?? 0) + 1]);
        });
      await Promise.all(Array.from({ length: 8 }, increment));
      expect(await database.query(`select value from ${name}`)).toEqual([{ value: 8 }]);
    });

    for (const state of ['40001', '40P01'])
      test(`tries again after ${state}, and gives up in the end`, async () => {
        let attempts = 0;
        const conflict = `do $$ begin raise exception 'collided' using errcode = '${state}'; end $$`;
        const collideUntil = (last: number) =>
          database.transaction(async (queries) => {
            attempts += 1;
            if (attempts < last)
              await queries.query(conflict).catch((cause: unknown) => {
                throw new Error('wrapped by the work', { cause });
              });
            return attempts;
          });
        expect(await collideUntil(4)).toBe(4);
        attempts = 0;
        await expect(collideUntil(Infinity)).rejects.toMatchObject({ code: 'conflict' });
        expect(attempts).toBe(12);
      });

    test('refuses the database inside a transaction, and queries after its end', async () => {
      let kept: Pick<Database, 'query'> | undefined;
      await database.transaction(async (queries) => {
        kept = queries;
        await expect(database.query('select 1')).rejects.toMatchObject({ code: 'failed' });
        await expect(database.transaction(() => Promise.resolve())).rejects.toMatchObject({ code: 'failed' });
      });
      await expect(kept?.query('select 1')).rejects.toMatchObject({ code: 'failed' });
    });

    test('is open to what a transaction began and left behind', async () => {
      const gate = Promise.withResolvers<void>();
      const after = await database.transaction(async () => ({
        query: gate.promise.then(() => database.query('select 1 as one')),
      }));
      gate.resolve();
      expect(await after.query).toEqual([{ one: 1 }]);
    });

    test('tells listeners of what was committed, until they stop', async () => {
      const heard: string[] = [];
      const stop = await database.listen('Täst "channel"', (payload) => heard.push(payload));
      const other = await database.listen('Täst "channel"', (payload) => heard.push(payload));
      const notify = (queries: Pick<Database, 'query'>, payload: string): Promise<readonly Row[]> =>
        queries.query('select pg_notify($1, $2)', ['Täst "channel"', payload]);
      await database.transaction((queries) => notify(queries, 'one'));
      await expect.poll(() => heard).toEqual(['one', 'one']);
      const undone = database.transaction(async (queries) => {
        await notify(queries, 'undone');
        throw new RangeError('changed its mind');
      });
      await expect(undone).rejects.toThrow(RangeError);
      await stop();
      await notify(database, 'two');
      await expect.poll(() => heard).toEqual(['one', 'one', 'two']);
      await other();
    });

    test('has after a close what was there before', async () => {
      const name = await tableOf('value int');
      await database.query(`insert into ${name} values (1)`);
      await database.close();
      await database.close();
      await expect(database.query('select 1')).rejects.toMatchObject({ code: 'unreachable' });
      await expect(database.transaction(() => Promise.resolve())).rejects.toMatchObject({
        code: 'unreachable',
      });
      database = await openDatabase(location);
      expect(await database.query(`select value from ${name}`)).toEqual([{ value: 1 }]);
    });
  });
