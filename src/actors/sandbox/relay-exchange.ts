import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Returned } from './relay-protocol.ts';
import type { Run } from './relay-runs.ts';

const ownToAConnection = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'trailer']);

/** Names and values, of the raw ones. */
export const pairs = (raw: readonly string[]): [string, string][] =>
  Array.from({ length: raw.length / 2 }, (_, at) => [raw[at * 2] ?? '', raw[at * 2 + 1] ?? '']);

/** Ends when the other side is gone before it was answered; with what a request holds meanwhile. */
export function watch(response: ServerResponse): {
  readonly gone: AbortSignal;
  readonly own: { size: number };
} {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableEnded) controller.abort();
  });
  return { gone: controller.signal, own: { size: 0 } };
}

/** Reads a body; `hold` tells whether there is room for more of it. */
export async function bodyOf(
  request: IncomingMessage,
  longest: number,
  hold: (size: number) => boolean,
): Promise<Buffer | 'too-long' | 'no-room'> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > longest) return 'too-long';
    if (!hold(bytes.length)) return 'no-room';
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

export function tellJson(response: ServerResponse, status: number, value: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(value));
}

/** What has not been read of the request is not waited for. */
export function refuse(response: ServerResponse, status: number, why: string): void {
  response
    .writeHead(status, { 'content-type': 'text/plain', 'cache-control': 'no-store', connection: 'close' })
    .end(`${why}\n`);
}

/** Refuses what the run ought to have answered, which then cannot judge by it. */
export function lost(run: Run, response: ServerResponse, status: number, why: string): void {
  run.lose(why);
  refuse(response, status, why);
}

/** Does what a run wants done with a request. */
export function writeReturned(
  run: Run,
  request: IncomingMessage,
  response: ServerResponse,
  returned: Returned,
): void {
  if ('closed' in returned) {
    // A proxy answers in its own words when the connection behind it breaks.
    if (!(request.socket instanceof TLSSocket))
      run.lose('a connection that breaks cannot be shown through a proxy');
    response.destroy();
    return;
  }
  const bytes = Buffer.from(returned.body, 'base64');
  const headers = returned.headers.filter(([name]) => !ownToAConnection.has(name.toLowerCase()));
  const bodiless = request.method === 'HEAD' || [204, 304].includes(returned.status);
  if (!bodiless && !headers.some(([name]) => name.toLowerCase() === 'content-length'))
    headers.push(['content-length', String(bytes.length)]);
  response.writeHead(returned.status, headers.flat());
  response.end(bodiless ? undefined : bytes);
}
