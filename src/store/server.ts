import { setTimeout as delay } from 'node:timers/promises';
import { Client, Pool, type ClientBase, type ClientConfig } from 'pg';
import type { Database, Queries } from './database.ts';
import { StoreError, storeErrorOf } from './error.ts';
import { doorsOf, type Borrow } from './transact.ts';
import { decode, encode } from './values.ts';

/** Milliseconds. A statement ends on the server before its client gives up on it, so that nothing is left running. */
const patience = { connect: 5_000, statement: 30_000, answer: 35_000, idleInTransaction: 30_000 } as const;

/**
 * Opens a PostgreSQL server's database. A connection that is lost rejects what was under way with `unreachable`; the next
 * query connects anew.
 * @param url postgresql://user:password@host:port/database, as libpq reads it.
 * @throws StoreError `unreachable`; `failed` for what is no such URL.
 */
export async function openServer(url: string): Promise<Database> {
  const where = nameOf(url);
  const config = configOf(url);
  const pool = new Pool({ ...config, max: 10 });
  // An idle connection was lost. The pool has dropped it; who queries next gets another.
  pool.on('error', () => undefined);
  const closing = new AbortController();

  const borrow: Borrow = async (use) => {
    const client = await pool.connect().catch((cause: unknown) => {
      throw storeErrorOf(cause, where);
    });
    // While the connection is ours its loss is told by its queries; without a listener it would end the process.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    let lost: StoreError | undefined;
    const session = queriesOf(client, where, (error) => {
      lost = error;
    });
    try {
      return await use(session);
    } finally {
      client.off('error', ignore);
      client.release(lost);
    }
  };
  const doors = doorsOf(borrow, {
    query: (sql, parameters) => borrow((session) => session.query(sql, parameters)),
  });
  const database: Database = {
    kind: 'server',
    ...doors,
    listen: (channel, onMessage) => listen(config, where, channel, onMessage, closing.signal),
    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      await pool.end();
    },
  };
  try {
    await database.query('select 1');
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

function queriesOf(client: ClientBase, where: string, onLost: (error: StoreError) => void): Queries {
  return {
    async query<R>(sql: string, parameters: readonly unknown[] = []) {
      try {
        const { fields, rows } = await client.query<(string | null)[]>({
          text: sql,
          values: parameters.map(encode),
          rowMode: 'array',
          types: { getTypeParser: () => (text: string) => text },
        });
        const columns = fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
        return decode({ columns, rows }) as readonly R[];
      } catch (cause) {
        const error = storeErrorOf(cause, where);
        if (error.code === 'unreachable') onLost(error);
        throw error;
      }
    },
  };
}

interface Listener {
  readonly client: Client;
  readonly ended: Promise<unknown>;
}

/** Listens on a connection of its own, which is made again whenever it is lost. */
async function listen(
  config: ClientConfig,
  where: string,
  channel: string,
  onMessage: (payload: string) => void,
  closing: AbortSignal,
): Promise<() => Promise<void>> {
  const stopping = new AbortController();
  const signal = AbortSignal.any([closing, stopping.signal]);
  const connect = async (): Promise<Listener> => {
    const client = new Client(config);
    client.on('error', () => undefined);
    client.on('notification', ({ payload }) => {
      onMessage(payload ?? '');
    });
    const ended = new Promise((resolve) => client.once('end', resolve));
    try {
      await client.connect();
      await client.query(`listen ${identifier(channel)}`);
    } catch (cause) {
      await client.end().catch(() => undefined);
      throw storeErrorOf(cause, where);
    }
    return { client, ended };
  };
  let current: Listener | undefined = await connect();
  const end = (): void => void current?.client.end().catch(() => undefined);
  signal.addEventListener('abort', end, { once: true });
  const reconnect = async (): Promise<Listener | undefined> => {
    for (let pause = 50; !signal.aborted; pause = Math.min(5_000, pause * 2)) {
      await delay(pause, undefined, { signal }).catch(() => undefined);
      const listener = signal.aborted ? undefined : await connect().catch(() => undefined);
      if (listener !== undefined) return listener;
    }
    return undefined;
  };
  const keep = async (): Promise<void> => {
    while (current !== undefined) {
      if (signal.aborted) end();
      await current.ended;
      current = await reconnect();
    }
  };
  const kept = keep();
  return async () => {
    stopping.abort();
    await kept;
  };
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function configOf(url: string): ClientConfig {
  return {
    connectionString: url,
    application_name: 'assay',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: patience.connect,
    query_timeout: patience.answer,
    statement_timeout: patience.statement,
    idle_in_transaction_session_timeout: patience.idleInTransaction,
  };
}

/** The URL without what is secret in it. */
function nameOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(?:ql)?:$/u.test(parsed.protocol))
    throw new StoreError(
      'failed',
      'expected the database as postgresql://user:password@host:port/database, got something else; percent-encode special characters',
    );
  return `the database ${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
