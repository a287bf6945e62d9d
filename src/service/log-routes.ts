import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { systemCode } from './error.ts';
import { requestOf } from './http.ts';

/** The files of the log as C2SP tlog-tiles names them, and the envelopes by their digest. Nothing else is served. */
const served =
  /^(?:checkpoint|tile\/(?:entries|\d{1,2})\/(?:x\d{3}\/)*\d{3}(?:\.p\/\d{1,3})?|objects\/[0-9a-f]{64}\.json)$/u;

const absent: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/** The evidence directory, read-only, under `/log/`. */
export function addLog(server: FastifyInstance, directory: string): void {
  server.get('/log/*', async (request, reply) => {
    const path = requestOf(request).path.slice('/log/'.length);
    if (!served.test(path)) return reply.code(404).send({ error: 'not_found' });
    let content: Buffer;
    try {
      content = await readFile(join(directory, path));
    } catch (error) {
      // Nothing else may look as if the log had lost a part.
      if (!absent.has(systemCode(error))) throw error;
      return reply.code(404).send({ error: 'not_found' });
    }
    return reply.code(200).headers(headersFor(path)).send(content);
  });
}

/** Whole tiles and envelopes never change; the checkpoint always does. */
function headersFor(path: string): Record<string, string> {
  if (path === 'checkpoint')
    return { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' };
  return {
    'content-type': path.startsWith('objects/') ? 'application/json' : 'application/octet-stream',
    'cache-control': path.includes('.p/') ? 'public, max-age=60' : 'public, max-age=31536000, immutable',
  };
}
