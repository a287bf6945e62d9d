import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { clientCertificate } from '../../protocol/client-certificate.ts';
import { begin, type Begun } from './connection.ts';
import type { ListenerOptions } from './listener.ts';
import type { Relayed, Returned } from './relay-protocol.ts';

/** What handles requests as if they had come to a port. */
export interface Injection {
  /** Hands a request to its handler, on a connection of its own. */
  handle(relayed: Relayed, handler: ListenerOptions['handler']): Promise<Returned | 'too-long'>;
  /** Ends all connections. */
  close(): void;
}

/** Longer than the relay waits for an answer, in milliseconds. */
const patience = 40_000;
/** Bytes of the longest answer. */
const longest = 1_048_576;

/** An HTTP server without a port: what breaks or never answers does so here as it does on a network. */
export function openInjection(): Injection {
  const owners = new WeakMap<
    object,
    { readonly begun: Begun; readonly handler: ListenerOptions['handler'] }
  >();
  const open = new Set<Duplex>();
  let count = 0;
  const server = createServer((request, response) => {
    const owner = owners.get(request.socket);
    owner?.handler(request, response, owner.begun.seen);
  });

  return {
    async handle(relayed, handler) {
      count += 1;
      const begun = begin(count);
      begun.seen.secured = true;
      begun.seen.requests = 1;
      if (relayed.certificate !== undefined)
        begun.seen.certificate = clientCertificate(new X509Certificate(relayed.certificate));
      const [near, far] = duplexPair();
      open.add(far);
      owners.set(far, { begun, handler });
      const timer = setTimeout(() => far.destroy(), patience);
      // The end of a pair does not learn that the other one was destroyed.
      far.once('close', () => near.destroy());
      near.once('close', () => far.destroy());
      server.emit('connection', far);
      try {
        return await answered(near, relayed);
      } finally {
        clearTimeout(timer);
        near.destroy();
        open.delete(far);
        begun.end('client');
      }
    },
    close() {
      for (const connection of open) connection.destroy();
    },
  };
}

async function answered(connection: Duplex, relayed: Relayed): Promise<Returned | 'too-long'> {
  const request = send({
    createConnection: () => connection,
    method: relayed.method,
    path: relayed.target,
    headers: relayed.headers.flat(),
  });
  request.end(Buffer.from(relayed.body, 'base64'));
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > longest) return 'too-long';
      chunks.push(bytes);
    }
    const { rawHeaders: raw, statusCode: status = 500 } = response;
    return {
      status,
      headers: raw.flatMap((name, at) =>
        at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as [string, string]] : [],
      ),
      body: Buffer.concat(chunks).toString('base64'),
    };
  } catch {
    return { closed: 'yes' };
  }
}
