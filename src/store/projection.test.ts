import { expect, test } from '@playwright/test';
import { embeddedDatabases, serverDatabases, type Databases } from '../../fixtures/databases.ts';
import type { Registration, Transition } from '../certification/act.ts';
import { uncertified } from '../certification/certification.ts';
import type { Change, Projection } from '../certification/projection.ts';
import { unknownStanding, type Standing } from '../certification/standing.ts';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open.ts';
import { storeProjection } from './projection.ts';
import { standingByKey, standings, transitionsOf } from './standings.ts';

test.describe.configure({ mode: 'default' });

const at = '2026-11-01T00:00:00.000Z';

function registered(
  integration: string,
  clients: readonly string[],
  certificates: readonly string[] = [],
): Standing {
  const registration: Registration = {
    partner: 'acme',
    roles: ['client'],
    clients: [...clients],
    certificates: [...certificates],
    scopes: [],
  };
  return { ...unknownStanding(integration), registrations: [{ environment: 'production', registration }] };
}

const suspended = (integration: string): Transition => ({
  integration,
  from: 'uncertified',
  event: 'suspended',
  because: 'olga suspended it: incident 7.',
  actor: 'olga',
  at,
  certification: { ...uncertified('fapi2-sp-flows-1', 'production', at), state: 'suspended' },
});

const change = (from: number, upTo: number, parts: Partial<Change>): Change => ({
  from,
  upTo,
  standings: [],
  transitions: [],
  marks: [],
  ...parts,
});

for (const [kind, start] of [
  ['embedded', embeddedDatabases],
  ['server', serverDatabases],
] as const)
  test.describe(`the projection in a database that is ${kind}`, () => {
    let databases: Databases;
    let database: Database;
    let projection: Projection;

    test.beforeAll(async () => {
      databases = await start();
      database = await openDatabase(await databases.fresh());
      await migrate(database);
    });
    test.afterAll(async () => {
      await database.close();
      await databases[Symbol.asyncDispose]();
    });
    test.beforeEach(async () => {
      await database.query('truncate log_position, standing, access_key, mark, transition, undecided');
      projection = storeProjection(database, 'log.example/one');
    });

    test('is empty before the first change', async () => {
      expect(await projection.applied()).toBe(0);
      expect(await projection.standing('acme-1')).toBeUndefined();
      expect(await projection.integrations()).toEqual([]);
      expect(await projection.find('mark')).toBeUndefined();
    });

    test('holds all of a change', async () => {
      const one = registered('acme-1', ['client-1'], ['thumbprint-1']);
      const two = registered('acme-2', []);
      const transition = suspended('acme-1');
      await projection.apply(
        change(0, 4, {
          standings: [
            { standing: one, index: 3 },
            { standing: two, index: 1 },
            { standing: unknownStanding('*'), index: 2 },
          ],
          transitions: [{ index: 3, transition }],
          marks: [
            { mark: 'later', index: 2 },
            { mark: 'later', index: 3 },
          ],
        }),
      );
      expect(await projection.applied()).toBe(4);
      expect(await projection.standing('acme-1')).toEqual(one);
      expect(await projection.integrations()).toEqual(['acme-1', 'acme-2']);
      expect(await projection.find('later')).toBe(2);
      expect(await standings(database)).toEqual([one, two]);
      expect(await transitionsOf(database, 'acme-1')).toEqual([{ index: 3, transition }]);
      expect(await transitionsOf(database, 'acme-2')).toEqual([]);
      const key = { environment: 'production', kind: 'client', value: 'client-1' } as const;
      expect(await projection.holder(key)).toBe('acme-1');
      expect(await standingByKey(database, key)).toEqual(one);
      expect(await standingByKey(database, { ...key, kind: 'certificate', value: 'thumbprint-1' })).toEqual(
        one,
      );
      for (const other of [
        { environment: 'sandbox' },
        { kind: 'certificate' },
        { value: 'client-2' },
      ] as const)
        expect(await standingByKey(database, { ...key, ...other })).toBeUndefined();
    });

    test('does not take a change twice, nor one that does not continue', async () => {
      const first = change(0, 2, { transitions: [{ index: 1, transition: suspended('acme-1') }] });
      await projection.apply(first);
      await projection.apply(first);
      await projection.apply(change(0, 1, { transitions: [{ index: 0, transition: suspended('acme-1') }] }));
      for (const wrong of [change(3, 4, {}), change(1, 3, {}), change(0, 3, {})])
        await expect(projection.apply(wrong)).rejects.toMatchObject({
          name: 'CertificationError',
          code: 'gap',
        });
      expect(await projection.applied()).toBe(2);
      expect(await transitionsOf(database, 'acme-1')).toHaveLength(1);
    });

    test('takes a change once of those who bring it together', async () => {
      const both = change(0, 1, { transitions: [{ index: 0, transition: suspended('acme-1') }] });
      await Promise.all([projection.apply(both), projection.apply(both), projection.apply(both)]);
      expect(await transitionsOf(database, 'acme-1')).toHaveLength(1);
    });

    test('lets a key pass from one integration to another', async () => {
      const key = { environment: 'production', kind: 'client', value: 'shared' } as const;
      await projection.apply(
        change(0, 1, { standings: [{ standing: registered('acme-1', ['shared', 'old']), index: 0 }] }),
      );
      await projection.apply(
        change(1, 3, {
          standings: [
            { standing: registered('acme-2', ['shared']), index: 2 },
            { standing: registered('acme-1', ['new']), index: 1 },
          ],
        }),
      );
      expect(await projection.holder(key)).toBe('acme-2');
      expect(await projection.holder({ ...key, value: 'old' })).toBeUndefined();
      expect(await projection.holder({ ...key, value: 'new' })).toBe('acme-1');
    });

    test('takes nothing of a change in which two hold one key', async () => {
      const twice = ['acme-1', 'acme-2'].map((id) => ({ standing: registered(id, ['shared']), index: 0 }));
      await expect(projection.apply(change(0, 1, { standings: twice }))).rejects.toMatchObject({
        code: 'failed',
      });
      expect(await projection.applied()).toBe(0);
      expect(await projection.integrations()).toEqual([]);
    });

    test('leaves undecided whom a change touched, and everybody when it touched all', async () => {
      const undecided = () =>
        database.query(
          'select integration, environment, log_index from undecided order by integration, environment',
        );
      const touch = (id: string, index: number) =>
        projection.apply(change(index, index + 1, { standings: [{ standing: unknownStanding(id), index }] }));
      await touch('acme-1', 0);
      await touch('acme-2', 1);
      expect(await undecided()).toEqual([
        { integration: 'acme-1', environment: 'production', log_index: 0 },
        { integration: 'acme-1', environment: 'sandbox', log_index: 0 },
        { integration: 'acme-2', environment: 'production', log_index: 1 },
        { integration: 'acme-2', environment: 'sandbox', log_index: 1 },
      ]);
      await database.query('delete from undecided');
      await touch('acme-2', 2);
      expect(await undecided()).toMatchObject([{ integration: 'acme-2' }, { integration: 'acme-2' }]);
      await touch('*', 3);
      expect(await undecided()).toHaveLength(4);
    });

    test('tells listeners how far it is', async () => {
      const heard: string[] = [];
      const stop = await database.listen('assay', (payload) => heard.push(payload));
      await projection.apply(change(0, 7, {}));
      await expect.poll(() => heard).toEqual(['7']);
      await stop();
    });

    test('refuses the database of another log', async () => {
      await projection.apply(change(0, 1, {}));
      const other = storeProjection(database, 'log.example/other');
      await expect(other.applied()).rejects.toMatchObject({
        code: 'other-log',
        message: expect.stringContaining('log.example/one'),
      });
      await expect(other.apply(change(1, 2, {}))).rejects.toMatchObject({ code: 'other-log' });
    });
  });
