import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { clientCertificate } from '../../protocol/client-certificate.ts';
import { readClientHello } from '../../protocol/client-hello.ts';
import { HelloError } from '../../protocol/tls-reader.ts';
import type { Authority } from './authority.ts';
import { begin, type Begun, type Connection, type Seen } from './connection.ts';
import { openPort, type Port } from './port.ts';
import { secureContext, type TlsDefect } from './tls-defects.ts';

export type { Connection } from './connection.ts';

/** What a listener is opened with. */
export interface ListenerOptions {
  /** The name under which clients reach it, and to which its certificate is issued. */
  readonly host: string;
  /** Where it listens, if not there. */
  readonly address?: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly authority: Authority;
  /** What a handshake asks of the client. */
  readonly ask: 'client-certificate' | 'nothing';
  readonly defect?: TlsDefect;
  /** Told of each connection as it begins. */
  readonly onConnection?: (connection: Connection) => void;
  readonly handler: (request: IncomingMessage, response: ServerResponse, connection: Connection) => void;
}

/** An HTTPS server that sees how its clients shake hands. */
export interface Listener {
  /** `https://host:port` */
  readonly origin: string;
  readonly port: number;
  /**
   * Ends all connections; those to come meet the defect, or a correct server again. A client that had kept a connection may
   * notice by a request that fails: only one that was seen to refuse has met the defect.
   */
  setDefect(defect: TlsDefect | undefined): Promise<void>;
  close(): Promise<void>;
}

/** Longer than any client is waited for, in milliseconds. */
const patience = 600_000;
/** Longer than a flow: a client that takes a connection up again must not find it closing. */
const keepAliveTimeout = 60_000;

/** Opens an HTTPS server. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { authority, host, handler } = options;
  let context = await secureContext(authority, host, options.defect);
  let count = 0;
  const live = new Set<Begun>();
  const owners = new WeakMap<Socket, Seen>();

  const secure = createHttpServer({ keepAliveTimeout }, (request, response) => {
    const seen = owners.get(request.socket);
    if (seen === undefined) return;
    seen.requests += 1;
    handler(request, response, seen);
  });
  secure.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const seen = owners.get(socket);
    if (seen !== undefined && error.code?.startsWith('HPE_')) seen.requests += 1;
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    else socket.destroy();
  });
  const plain = createHttpServer((_, response) => refusePlaintext(response));

  const port = await openPort({
    host: options.address ?? host,
    ...(options.port === undefined ? {} : { port: options.port }),
    accept(socket) {
      count += 1;
      const begun = begin(count);
      const { seen } = begun;
      live.add(begun);
      options.onConnection?.(seen);
      socket.once('close', () => {
        live.delete(begun);
        begun.end('client');
      });
      socket.setTimeout(patience, () => {
        begun.end('listener');
        socket.destroy();
      });
      peek(socket, seen, () => {
        if (seen.plaintext) plain.emit('connection', socket);
        else shakeHands(socket, seen);
      });
    },
  });

  function shakeHands(socket: Socket, seen: Seen): void {
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: context,
      requestCert: options.ask === 'client-certificate',
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    owners.set(secured, seen);
    secured.once('secure', () => {
      seen.secured = true;
      const shown = secured.getPeerX509Certificate();
      if (shown !== undefined) seen.certificate = clientCertificate(shown);
      secure.emit('connection', secured);
    });
    secured.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      // OpenSSL's names of the alerts that come in: the server's own ones have other codes.
      const alert = /^ERR_SSL_.*_ALERT_(.+)$/u.exec(code)?.[1];
      if (alert !== undefined) seen.alert = alert.toLowerCase();
      else if (code.startsWith('ERR_SSL_')) seen.reason = code;
      socket.destroy();
    });
  }

  const cutAll = (): void => {
    for (const begun of live) begun.end('listener');
  };
  return {
    origin: `https://${authorityOf(host, port)}`,
    port: port.number,
    async setDefect(defect) {
      context = await secureContext(authority, host, defect);
      cutAll();
      port.cut();
    },
    async close() {
      cutAll();
      await port.close();
    },
  };
}

/** A port that speaks no TLS, for addresses that a client must not use. Its every answer is 400. */
export async function openPlain(options: {
  readonly host: string;
  readonly onRequest: (request: IncomingMessage) => void;
}): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const server = createHttpServer((request, response) => {
    options.onRequest(request);
    refusePlaintext(response);
  });
  const port = await openPort({ host: options.host, accept: (socket) => server.emit('connection', socket) });
  return { origin: `http://${authorityOf(options.host, port)}`, close: () => port.close() };
}

/** RFC 3986, section 3.2: addresses of IPv6 stand in brackets. */
const authorityOf = (host: string, { number }: Port): string =>
  `${host.includes(':') ? `[${host}]` : host}:${number}`;

const refusePlaintext = (response: ServerResponse): void => {
  response
    .writeHead(400, { 'content-type': 'text/plain', connection: 'close' })
    .end('expected TLS: use an https address\n');
};

/** Reads the first bytes of a connection without taking them away. */
function peek(socket: Socket, seen: Seen, next: () => void): void {
  let bytes = Buffer.alloc(0);
  const read = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    seen.plaintext = /^[A-Za-z]/u.test(bytes.toString('latin1', 0, 1));
    const hello = seen.plaintext ? undefined : helloIn(bytes);
    if (hello === 'incomplete') return;
    if (hello !== undefined) seen.hello = hello;
    socket.off('data', read);
    socket.pause();
    socket.unshift(bytes);
    next();
    process.nextTick(() => socket.resume());
  };
  socket.on('data', read);
}

/** What is no hello gets its alert from the server behind. */
function helloIn(bytes: Buffer): ReturnType<typeof readClientHello> | undefined {
  try {
    return readClientHello(bytes);
  } catch (error) {
    if (error instanceof HelloError) return undefined;
    throw error;
  }
}
