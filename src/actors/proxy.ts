import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { isPasswordLike } from '../transport/secrets.ts';
import type { Reply, Transport } from '../transport/transport.ts';
import { hopOf, mostHops, reached, reaches, tooManyHops, type Navigation } from './navigation.ts';
import type { PinnedCertificate } from './proxy-certificate.ts';
import { UserError } from './user-error.ts';
import type { Hop } from './user.ts';

/** What the browser did at the callback. */
export interface Arrival {
  readonly url: string;
  /** Parameters of a form that was posted there. */
  readonly form: readonly (readonly [string, string])[];
}

/** What is watched for during one visit. */
interface Watch {
  readonly callback: string;
  readonly secrets: readonly string[];
  readonly hops: Hop[];
  arrived(arrival: Arrival): void;
  /** A document could not be had. */
  failed(error: UserError): void;
}

/**
 * An HTTP proxy on the loopback interface for one browser context. It ends the browser's TLS with the pinned key and sends
 * each request through the transport, so that trust, egress guard, limits and records are the transport's; requests for the
 * callback are answered here and go nowhere.
 */
export interface Proxy {
  readonly url: string;
  /** Requests outside a watch are refused. */
  watch(watch: Watch | undefined): void;
  /** Resolves once nothing has been asked and nothing is unanswered for half a second. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

const largest = 1_048_576;
const quietFor = 500;
const ownToAConnection = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export async function openProxy(transport: Transport, pinned: PinnedCertificate): Promise<Proxy> {
  const secureContext = createSecureContext({ cert: pinned.certificate, key: pinned.key });
  const authorities = new WeakMap<object, string>();
  const sockets = new Set<Socket>();
  let current: Watch | undefined;
  let unanswered = 0;
  const activity = new EventEmitter();

  const server = createServer((request, response) => {
    unanswered += 1;
    activity.emit('change');
    response.once('close', () => {
      unanswered -= 1;
      activity.emit('change');
    });
    answer(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    const tunnel = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    authorities.set(tunnel, (request.url ?? '').replace(/:443$/u, ''));
    for (const end of [socket, tunnel]) end.on('error', () => socket.destroy());
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    server.emit('connection', tunnel);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const watch = current;
    const authority = authorities.get(request.socket);
    const url = authority === undefined ? (request.url ?? '') : `https://${authority}${request.url ?? ''}`;
    const body = await read(request);
    if (!watch || !URL.canParse(url)) {
      refuse(response, 403);
      return;
    }
    if (reaches(url, watch.callback)) {
      // A redirect that keeps the method (307) carries the form of another page, which is no response of the server.
      const redirected = (watch.hops.at(-1)?.status ?? 0) >= 300 && (watch.hops.at(-1)?.status ?? 0) < 400;
      watch.arrived({ url, form: redirected || !isForm(request) ? [] : [...new URLSearchParams(body)] });
      response
        .writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' })
        .end('<!doctype html>');
      return;
    }
    const document = isDocument(request);
    if (document && watch.hops.length >= mostHops) {
      watch.failed(tooManyHops(url, watch.callback, watch.hops));
      refuse(response, 508);
      return;
    }
    const method = request.method ?? 'GET';
    const navigation: Navigation = {
      method,
      url,
      credentials: carriesCredentials(request, body, watch.secrets),
    };
    try {
      const reply = await reached(navigation, watch.hops, () =>
        transport.send({
          method,
          url,
          headers: forwarded(request),
          ...(body !== '' && { body }),
          purpose: 'user agent',
          secrets: watch.secrets,
        }),
      );
      if (document) watch.hops.push(hopOf(navigation, reply));
      respond(response, reply);
    } catch (error) {
      if (error instanceof UserError && document) watch.failed(error);
      refuse(response, 502);
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    watch(watch) {
      current = watch;
    },
    quiet: () =>
      new Promise((resolve) => {
        let timer: NodeJS.Timeout | undefined;
        const look = () => {
          clearTimeout(timer);
          if (unanswered === 0) timer = setTimeout(done, quietFor);
        };
        const done = () => {
          activity.off('change', look);
          resolve();
        };
        activity.on('change', look);
        look();
      }),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Not without a body, which Chromium would replace by a page of its own. */
const refuse = (response: ServerResponse, status: number) =>
  response.writeHead(status, { 'content-type': 'text/plain' }).end('refused');

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > largest) throw new Error('the request of the page is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function* pairs(list: readonly string[]): Generator<readonly [string, string]> {
  for (let index = 0; index + 1 < list.length; index += 2) yield [list[index] ?? '', list[index + 1] ?? ''];
}

/** The browser's headers, without those of its connection; without `accept-encoding`, so that texts can be recorded. */
const forwarded = (request: IncomingMessage) =>
  [...pairs(request.rawHeaders)].filter(
    ([name]) => !ownToAConnection.has(name.toLowerCase()) && name.toLowerCase() !== 'accept-encoding',
  );

function respond(response: ServerResponse, reply: Reply): void {
  const headers = reply.list.filter(
    ({ name }) => !ownToAConnection.has(name.toLowerCase()) && name.toLowerCase() !== 'alt-svc',
  );
  response.writeHead(
    reply.status,
    headers.flatMap(({ name, value }) => [name, value]),
  );
  response.end(reply.bytes);
}

const isForm = (request: IncomingMessage) =>
  request.method === 'POST' &&
  (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');

/** Whether the browser wants a document to show; over plain HTTP it tells only by what it accepts. */
function isDocument(request: IncomingMessage): boolean {
  const destination = request.headers['sec-fetch-dest'];
  return destination === undefined
    ? (request.headers.accept ?? '').startsWith('text/html')
    : destination === 'document';
}

function carriesCredentials(request: IncomingMessage, body: string, secrets: readonly string[]): boolean {
  if (body === '') return false;
  const values = isForm(request) ? [...new URLSearchParams(body)] : [];
  return (
    values.some(([name, value]) => isPasswordLike(name) && value !== '') ||
    secrets.some(
      (secret) => secret !== '' && (body.includes(secret) || values.some(([, value]) => value === secret)),
    )
  );
}
