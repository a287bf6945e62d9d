import { once } from 'node:events';
import { createServer } from 'node:https';
import type { Certificate } from '../transport/transport.ts';

/** Who asked for keys. */
export interface Seen {
  /** TCP connections, whatever came of them. */
  readonly connections: number;
  /** Paths of the requests that were made over TLS. */
  readonly paths: readonly string[];
}

/** Serves the key set of a test client, and sees who asks for it. */
export interface KeyHost {
  /** What was seen since it last changed its certificate. */
  readonly seen: Seen;
  /** Shows another certificate to whoever connects from now on. */
  present(certificate: Certificate): void;
  close(): Promise<void>;
}

/** What is served, and where. */
export interface KeyHostOptions {
  /** Path of the key set; every other one answers 404. */
  readonly path: string;
  readonly port: number;
  readonly certificate: Certificate;
  /** Public JWKs. */
  readonly keys: readonly unknown[];
}

/** Starts to serve, on every address of this machine: what is served is public. */
export async function openKeyHost({ path, port, certificate, keys }: KeyHostOptions): Promise<KeyHost> {
  const body = JSON.stringify({ keys });
  let connections = 0;
  let paths: string[] = [];
  const server = createServer(
    { cert: certificate.certificate, key: certificate.key },
    (request, response) => {
      paths.push(request.url ?? '');
      // A connection that stays would be used after the certificate has changed.
      response.setHeader('connection', 'close');
      if (request.url !== path) response.writeHead(404).end();
      else
        response
          .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
          .end(body);
    },
  );
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(port);
  await once(server, 'listening');
  return {
    get seen() {
      return { connections, paths: [...paths] };
    },
    present(next) {
      connections = 0;
      paths = [];
      server.setSecureContext({ cert: next.certificate, key: next.key });
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
