import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

/** An HTTP answer of a handler that knows nothing of the server. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Bodies are statements and questions; none needs more. */
const bodyLimit = 4 * 1024 * 1024;

/**
 * A server that hands bodies on as text, whatever their media type: handlers parse, as they know what they accept. Times and
 * sizes are bounded.
 */
export function createServer(onError: (error: unknown) => void): FastifyInstance {
  const server = fastify({
    bodyLimit,
    requestTimeout: 30_000,
    connectionTimeout: 30_000,
    keepAliveTimeout: 65_000,
    routerOptions: { maxParamLength: 2000 },
    forceCloseConnections: true,
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  server.setErrorHandler(async (error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) onError(error);
    return reply
      .code(status)
      .header('cache-control', 'no-store')
      .send({
        error: status >= 500 ? 'server_error' : 'invalid_request',
        error_description: status >= 500 ? 'the server is at fault' : error.message,
      });
  });
  return server;
}

/** The parts of a request that handlers look at. */
export function requestOf(request: FastifyRequest) {
  const [path = '/', query = ''] = request.url.split('?', 2);
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
