import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ServiceError, systemCode } from './error.ts';

/** An HTTP answer of a handler that knows nothing of the server. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** An address to listen at; port 0 is a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Bytes. Bodies are statements and questions; none needs more. */
export const bodyLimit = 4 * 1024 * 1024;

/** Seconds after which a client may try again what cannot be done now. */
const retryAfter = '5';

/** Milliseconds that requests under way have to end when the server closes. */
const grace = 500;

/**
 * A server that hands bodies on as text, whatever their media type: handlers parse, as they know what they accept. Times and
 * sizes are bounded, and nothing is cached that does not say so.
 * @param onError Told of what is the server's fault.
 * @param patience Milliseconds within which a request must have come as a whole.
 */
export function createServer(onError: (error: unknown) => void, patience = 30_000): FastifyInstance {
  const answerError = async (error: unknown, _request: FastifyRequest, reply: FastifyReply) => {
    const { status, headers, body } = failure(error);
    if (status >= 500) onError(error);
    // What is no HTTP that a route could have is answered without hooks.
    return reply
      .code(status)
      .headers({ ...guards, 'cache-control': 'no-store', ...headers })
      .send(body);
  };
  const server = fastify({
    bodyLimit,
    requestTimeout: patience,
    connectionTimeout: 30_000,
    keepAliveTimeout: 65_000,
    http: {
      requestTimeout: patience,
      headersTimeout: patience,
      // Node looks only so often for requests that take too long.
      connectionsCheckingInterval: Math.min(patience, 5_000),
    },
    routerOptions: { maxParamLength: 2000 },
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  server.addHook('onSend', async (_request, reply) => {
    reply.headers(guards);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  const routes: { readonly url: string; readonly methods: readonly string[] }[] = [];
  server.addHook('onRoute', ({ url, method }) => {
    routes.push({ url, methods: [method].flat() });
  });
  server.setNotFoundHandler(async (request, reply) => {
    const { path } = requestOf(request);
    const exact = routes.filter(({ url }) => url === path);
    const found = exact.length > 0 ? exact : routes.filter(({ url }) => isBelow(path, url));
    const allowed = found.flatMap(({ methods }) => methods);
    if (allowed.length === 0) return reply.code(404).send(problem('not_found', 'there is nothing here'));
    const allow = [...new Set(allowed)].toSorted().join(', ');
    return reply
      .code(405)
      .header('allow', allow)
      .send(problem('invalid_request', `use ${allow}, not ${request.method}`));
  });
  server.setErrorHandler(answerError);
  return server;
}

const guards = { 'x-content-type-options': 'nosniff' } as const;

const isBelow = (path: string, route: string): boolean =>
  route.endsWith('/*') && path.startsWith(route.slice(0, -1));

/** What is told of an error: of those that are not the client's, nothing but whether to try again. */
function failure(error: unknown) {
  const {
    statusCode = 500,
    fault,
    message,
  } = error as Partial<Record<'statusCode', number>> & Partial<Record<'fault' | 'message', string>>;
  if (statusCode < 500)
    return { status: statusCode, headers: {}, body: problem('invalid_request', message ?? '') };
  if (fault === 'environment')
    return {
      status: 503,
      headers: { 'retry-after': retryAfter },
      body: problem('temporarily_unavailable', 'this cannot be done now; try again'),
    };
  return { status: 500, headers: {}, body: problem('server_error', 'the server is at fault') };
}

const problem = (error: string, description: string) => ({ error, error_description: description });

/**
 * Listens.
 * @returns The base URL.
 * @throws ServiceError `address-taken`, `unusable-address`
 */
export async function listen(server: FastifyInstance, { host, port }: Address): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'EADDRINUSE')
      throw new ServiceError(
        'address-taken',
        `expected ${host}:${port} to be free, but another process listens there; end it, or name another address`,
        { cause },
      );
    throw new ServiceError(
      'unusable-address',
      `expected an address of this machine that may be listened at, got ${host}:${port} (${code})`,
      { cause },
    );
  }
}

/** Ends a server: nobody is let in, who is in is answered, and who takes too long is cut. */
export async function closeServer(server: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => server.server.closeAllConnections(), grace);
  try {
    await server.close();
  } finally {
    clearTimeout(cut);
  }
}

/** The parts of a request that handlers look at. */
export function requestOf(request: FastifyRequest) {
  const [, path = '/', query = ''] = /^([^?]*)\??(.*)$/su.exec(request.url) ?? [];
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
  return {
    method: request.method,
    path,
    query: new URLSearchParams(query),
    headers,
    body: typeof request.body === 'string' ? request.body : '',
  };
}

export async function send(reply: FastifyReply, { status, headers, body }: Answer): Promise<FastifyReply> {
  return reply.code(status).headers(headers).send(body);
}
