import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import type { Request, Reply } from './embedded.ts';

// PGlite runs PostgreSQL in the thread that calls it: here, where it holds up nobody. One session, one statement at a time.
const { directory } = workerData as { readonly directory: string };
const port = parentPort;
if (port === null) throw new Error('expected to run as a worker of embedded.ts');
const reply = (message: Reply): void => {
  port.postMessage(message, []);
};

const settings = ['shared_buffers=16MB', 'max_connections=5', 'timezone=UTC'];

const open = (): Promise<PGlite> =>
  PGlite.create({
    dataDir: directory,
    startParams: [...PGlite.defaultStartParams, ...settings.flatMap((setting) => ['-c', setting])],
  });

async function answer(pg: PGlite, { id, sql, values }: Request): Promise<void> {
  if (sql === undefined) {
    await pg.close();
    port?.close();
    return;
  }
  try {
    const { fields, rows } = await pg.query<(string | null)[]>(sql, [...values], { rowMode: 'array' });
    const columns = fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
    reply({ kind: 'result', id, columns, rows });
  } catch (error) {
    reply({ kind: 'failure', id, ...told(error) });
  }
}

function told(error: unknown): { readonly message: string; readonly code: string } {
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  return { message: String(message ?? error), code: typeof code === 'string' ? code : '' };
}

try {
  const pg = await open();
  // Values cross over as PostgreSQL's text; what they mean is decided in one place for both kinds of database.
  const asText = (value: string): string => value;
  for (const type of Object.keys(pg.parsers)) pg.parsers[Number(type)] = asText;
  for (const type of Object.keys(pg.serializers)) pg.serializers[Number(type)] = asText;
  pg.onNotification((channel, payload) => {
    reply({ kind: 'notification', channel, payload });
  });
  port.on('message', (request: Request) => void answer(pg, request));
  reply({ kind: 'ready' });
} catch (error) {
  reply({ kind: 'unusable', ...told(error) });
}
