import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database, Queries, Row } from './database.ts';
import { StoreError } from './error.ts';

const attempts = 12;

/** Gives a session to `use` that nobody else uses meanwhile. */
export type Borrow = <T>(use: (session: Queries) => Promise<T>) => Promise<T>;

/** Both doors of a database, made of how a session is had. */
export function doorsOf(borrow: Borrow, outside: Queries): Pick<Database, 'query' | 'transaction'> {
  // A query beside the open transaction would wait for it where there is one session, and the transaction for the query.
  const inside = new AsyncLocalStorage<Progress>();
  const refuseInside = (): void => {
    if (inside.getStore()?.state === 'open')
      throw new StoreError(
        'failed',
        'expected the queries of the open transaction, got the database itself; use what `work` is given',
      );
  };
  return {
    async query(sql, parameters) {
      refuseInside();
      return outside.query(sql, parameters);
    },
    async transaction(work) {
      refuseInside();
      for (let attempt = 1; ; attempt += 1)
        try {
          return await borrow((session) =>
            once(session, (queries, progress) => inside.run(progress, () => work(queries))),
          );
        } catch (error) {
          if (!(error instanceof StoreError) || error.code !== 'conflict') throw error;
          if (attempt === attempts)
            throw new StoreError(
              'conflict',
              `${error.message}; it was tried ${attempts} times. Run fewer workers, or try again`,
              { cause: error },
            );
          // Those that collided must not meet again: a random pause, of 100 ms at most.
          await delay(Math.random() * Math.min(100, 4 * 2 ** attempt));
        }
    },
  };
}

interface Progress {
  state: 'open' | 'ended';
}

async function once<T>(
  session: Queries,
  work: (queries: Queries, progress: Progress) => Promise<T>,
): Promise<T> {
  await session.query('begin isolation level serializable');
  let failure: unknown;
  // They are answered in turn, and `work` may not have waited for all of them.
  let last: Promise<unknown> = Promise.resolve();
  const progress: Progress = { state: 'open' };
  const queries: Queries = {
    async query<R extends Row>(sql: string, parameters?: readonly unknown[]) {
      if (progress.state === 'ended')
        throw new StoreError('failed', 'expected an open transaction, got one that has ended');
      const asked = session.query<R>(sql, parameters);
      last = asked.catch((error: unknown) => {
        failure ??= error;
      });
      return await asked;
    },
  };
  try {
    const result = await work(queries, progress);
    await last;
    // PostgreSQL answers the commit of a transaction with a failed statement by a silent rollback.
    if (failure !== undefined) throw failure;
    progress.state = 'ended';
    await session.query('commit');
    return result;
  } catch (error) {
    progress.state = 'ended';
    // Where it cannot be rolled back the connection is lost, and the transaction with it.
    await session.query('rollback').catch(() => undefined);
    // A conflict that `work` made something else of must be seen all the same, to be tried again.
    throw failure instanceof StoreError && failure.code === 'conflict' ? failure : error;
  }
}
