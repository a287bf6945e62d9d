import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from '@playwright/test';
import type { FastifyInstance } from 'fastify';
import { ask } from '../../fixtures/service.ts';
import { StoreError } from '../store/error.ts';
import { bodyLimit, closeServer, createServer, listen, requestOf } from './http.ts';

const here = { host: '127.0.0.1', port: 0 };

async function serving(
  fill: (server: FastifyInstance) => void,
  patience?: number,
): Promise<AsyncDisposable & { readonly url: string; readonly errors: readonly unknown[] }> {
  const errors: unknown[] = [];
  const server = createServer((error) => errors.push(error), patience);
  fill(server);
  const url = await listen(server, here);
  return { url, errors, [Symbol.asyncDispose]: () => closeServer(server) };
}

test('every answer says how it may be cached, and none what made it', async () => {
  await using server = await serving((each) => {
    each.get('/kept', (_, reply) => reply.header('cache-control', 'max-age=60').send('kept'));
    each.post('/echo', (request, reply) => reply.send(requestOf(request).body));
    each.get('/tree/*', (_, reply) => reply.send('leaf'));
  });
  const cases = [
    ['GET', '/kept', 200, 'max-age=60'],
    ['HEAD', '/kept', 200, 'max-age=60'],
    ['GET', '/tree/a/b', 200, 'no-store'],
    ['DELETE', '/kept', 405, 'no-store'],
    ['GET', '/echo', 405, 'no-store'],
    ['PUT', '/tree/a', 405, 'no-store'],
    ['GET', '/nothing', 404, 'no-store'],
    ['GET', '/%', 400, 'no-store'],
    ['PROPFIND', '/nothing', 404, 'no-store'],
  ] as const;
  for (const [method, path, status, caching] of cases) {
    const got = await ask(`${server.url}${path}`, { method });
    expect([method, path, got.status, got.headers['cache-control']]).toEqual([method, path, status, caching]);
    expect(got.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
    expect(Object.keys(got.headers)).not.toContain('server');
    expect(Object.keys(got.headers)).not.toContain('x-powered-by');
    if (method === 'HEAD') expect(got.text).toBe('');
    else if (status >= 400)
      expect(JSON.parse(got.text)).toEqual({
        error: expect.any(String),
        error_description: expect.any(String),
      });
  }
  expect((await ask(`${server.url}/kept`, { method: 'PUT' })).headers['allow']).toBe('GET, HEAD');
  expect(server.errors).toEqual([]);
});

test('a body is text, whatever its type says, up to its limit', async () => {
  await using server = await serving((each) => {
    each.post('/length', (request, reply) => reply.send(String(requestOf(request).body.length)));
  });
  const post = (body: string, headers = {}) => ask(`${server.url}/length`, { method: 'POST', body, headers });
  expect((await post('{"a":')).text).toBe('5');
  expect((await post('{"a":', { 'content-type': 'application/json' })).text).toBe('5');
  expect((await post('')).text).toBe('0');
  expect((await post('a'.repeat(bodyLimit))).text).toBe(String(bodyLimit));
  const large = await post('a'.repeat(bodyLimit + 1));
  expect([large.status, JSON.parse(large.text).error]).toEqual([413, 'invalid_request']);
});

test('a query keeps its question marks', async () => {
  await using server = await serving((each) => {
    each.get('/sub', (request, reply) => reply.send(requestOf(request).query.get('sub')));
  });
  expect((await ask(`${server.url}/sub?sub=https://a.example/?b`)).text).toBe('https://a.example/?b');
});

test('a fault of the environment says when to try again; one of ours shows nothing of itself', async () => {
  const [outage, defect] = [new StoreError('unreachable', 'secret place'), new TypeError('secret defect')];
  await using server = await serving((each) => {
    each.get('/outage', () => Promise.reject(outage));
    each.get('/defect', () => Promise.reject(defect));
  });
  const away = await ask(`${server.url}/outage`);
  expect([away.status, away.headers['retry-after']]).toEqual([503, '5']);
  const broken = await ask(`${server.url}/defect`);
  expect([broken.status, broken.headers['retry-after']]).toEqual([500, undefined]);
  expect(away.text + broken.text).not.toContain('secret');
  expect(server.errors).toEqual([outage, defect]);
});

for (const [what, sent] of [
  ['a slow body', 'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc'],
  ['slow headers', 'POST /echo HTTP/1.1\r\nhost: a\r\n'],
] as const)
  test(`${what} is cut`, async () => {
    await using server = await serving((each) => {
      each.post('/echo', (request, reply) => reply.send(requestOf(request).body));
    }, 100);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    const closed = once(socket, 'close');
    socket.write(sent);
    await closed;
    expect(answer).toMatch(/^HTTP\/1\.1 408 /u);
  });

test('closing answers who is in, and cuts who never ends', async () => {
  const gate = Promise.withResolvers<string>();
  const [arrived, hanging] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const server = createServer(() => {});
  server.get('/soon', () => {
    arrived.resolve();
    return gate.promise;
  });
  server.get('/never', () => {
    hanging.resolve();
    return new Promise(() => {});
  });
  const url = await listen(server, here);
  const soon = ask(`${url}/soon`);
  const never = ask(`${url}/never`).catch(() => 'cut');
  await Promise.all([arrived.promise, hanging.promise]);
  const from = performance.now();
  const closing = closeServer(server);
  gate.resolve('done');
  expect((await soon).text).toBe('done');
  await closing;
  expect(await never).toBe('cut');
  expect(performance.now() - from).toBeLessThan(1_000);
});

test('an address that is taken, or is none, is told', async () => {
  await using first = await serving(() => {});
  const { port } = new URL(first.url);
  const second = createServer(() => {});
  await expect(listen(second, { host: '127.0.0.1', port: Number(port) })).rejects.toEqual(
    expect.objectContaining({
      code: 'address-taken',
      fault: 'environment',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    }),
  );
  await expect(
    listen(
      createServer(() => {}),
      { host: '192.0.2.1', port: 0 },
    ),
  ).rejects.toMatchObject({
    code: 'unusable-address',
  });
});
