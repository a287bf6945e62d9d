import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { acquireLock, LockedError, type Lock } from '../files/lock.ts';
import type { Database, Queries } from './database.ts';
import { StoreError, storeErrorOf } from './error.ts';
import { doorsOf, type Borrow } from './transact.ts';
import { decode, encode, type Wire } from './values.ts';

/** To the worker: a statement, or without one, the end. */
export interface Request {
  readonly id: number;
  readonly sql?: string;
  readonly values: readonly (string | null)[];
}

/** From the worker. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly message: string; readonly code: string }
  | ({ readonly kind: 'result'; readonly id: number } & Wire)
  | { readonly kind: 'failure'; readonly id: number; readonly message: string; readonly code: string }
  | { readonly kind: 'notification'; readonly channel: string; readonly payload: string };

/**
 * Opens the database in a directory, and makes it where there is none. `lock` keeps other processes out: PGlite does not,
 * and two would destroy each other's work.
 * @throws StoreError `locked`, `corrupt`; `failed` where the directory cannot be used.
 */
export async function openEmbedded(directory: string): Promise<Database> {
  const lock = await lockDirectory(directory);
  try {
    const data = join(directory, 'data');
    if (!existsSync(data)) await initialise(data);
    // PostgreSQL's own lock, which `lock` replaces: one that a kill left empty would keep everybody out for good.
    await rm(join(data, 'postmaster.pid'), { force: true });
    return databaseOf(await startEngine(data), lock);
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

async function lockDirectory(directory: string): Promise<Lock> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return acquireLock(join(directory, 'lock'), 0);
  } catch (cause) {
    if (!(cause instanceof LockedError))
      throw new StoreError(
        'failed',
        `expected a directory for the database at ${directory}: ${String(cause)}`,
        { cause },
      );
    throw new StoreError(
      'locked',
      `the database in ${directory} is in use by another process of Assay; end that one, or let both use a PostgreSQL server`,
      { cause },
    );
  }
}

/** Makes a database beside, and puts it in place when it is whole: one that a kill left half made is never opened. */
async function initialise(data: string): Promise<void> {
  const partial = `${data}.partial`;
  await rm(partial, { recursive: true, force: true });
  await (await startEngine(partial)).close();
  await rename(partial, data);
}

interface Engine extends Queries {
  listen(channel: string, onMessage: (payload: string) => void): () => 'heard' | 'silent';
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (wire: Wire) => void;
  readonly reject: (error: StoreError) => void;
}

/** PostgreSQL in a worker thread. */
async function startEngine(data: string): Promise<Engine> {
  const where = `the database in ${data}`;
  const worker = new Worker(new URL(`./embedded-worker${extname(import.meta.url)}`, import.meta.url), {
    workerData: { directory: data },
    execArgv: [],
  });
  const waiting = new Map<number, Waiting>();
  const listeners = new Map<string, Set<(payload: string) => void>>();
  let ended: StoreError | undefined;
  let count = 0;
  const ready = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const end = (error: StoreError): void => {
    ended ??= error;
    ready.reject(ended);
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const unusable = (message: string): StoreError =>
    new StoreError(
      'corrupt',
      `${where} could not be used: ${message}. It may be damaged, or of another version; move the directory away, and it is made anew from the log`,
    );
  worker.on('message', (reply: Reply) => {
    if (reply.kind === 'ready') ready.resolve();
    else if (reply.kind === 'unusable') end(unusable(reply.message));
    else if (reply.kind === 'notification')
      for (const onMessage of listeners.get(reply.channel) ?? []) onMessage(reply.payload);
    else {
      const asked = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (reply.kind === 'result') asked?.resolve(reply);
      // Without an SQLSTATE it is no answer of PostgreSQL: the engine itself has failed.
      else asked?.reject(reply.code === '' ? unusable(reply.message) : storeErrorOf(reply, where));
    }
  });
  worker.on('error', (error) => {
    end(unusable(String(error)));
  });
  worker.on('exit', () => {
    end(new StoreError('unreachable', `${where} is closed`));
    over.resolve();
  });
  await ready.promise.catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });
  const send = (request: Omit<Request, 'id'>): Promise<Wire> => {
    if (ended !== undefined) return Promise.reject(ended);
    const { promise, resolve, reject } = Promise.withResolvers<Wire>();
    count += 1;
    waiting.set(count, { resolve, reject });
    worker.postMessage({ id: count, ...request } satisfies Request, []);
    return promise;
  };
  return {
    query: async <R>(sql: string, parameters: readonly unknown[] = []) =>
      decode(await send({ sql, values: parameters.map(encode) })) as readonly R[],
    listen(channel, onMessage) {
      const heard = listeners.get(channel) ?? new Set();
      listeners.set(channel, heard.add(onMessage));
      return () => {
        heard.delete(onMessage);
        return heard.size === 0 ? 'silent' : 'heard';
      };
    },
    async close() {
      // It is answered by the end of the worker.
      send({ values: [] }).catch(() => undefined);
      await over.promise;
    },
  };
}

function databaseOf(engine: Engine, lock: Lock): Database {
  // There is one session: who has it has the database.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  const borrow: Borrow = (use) => inTurn(() => use(engine));
  let closed: Promise<void> | undefined;
  const doors = doorsOf(borrow, {
    query: (sql, parameters) => borrow((session) => session.query(sql, parameters)),
  });
  return {
    kind: 'embedded',
    ...doors,
    async listen(channel, onMessage) {
      const name = `"${channel.replaceAll('"', '""')}"`;
      const stop = engine.listen(channel, (payload) => {
        onMessage(payload);
      });
      await doors.query(`listen ${name}`);
      return async () => {
        if (stop() === 'silent') await doors.query(`unlisten ${name}`);
      };
    },
    close() {
      closed ??= inTurn(() => engine.close()).finally(() => {
        lock[Symbol.dispose]();
      });
      return closed;
    },
  };
}
