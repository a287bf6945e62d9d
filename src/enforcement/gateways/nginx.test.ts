import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, test } from '@playwright/test';
import { Agent, request } from 'undici';
import { startNginx, type Nginx } from '../../../fixtures/nginx.ts';
import {
  createAuthority,
  selfSigned,
  type Authority,
  type Certificate,
} from '../../../fixtures/pki/authority.ts';

// One nginx for all: each test sets what the gate answers.
test.describe.configure({ mode: 'default' });

/** A plain HTTP server that keeps the headers of what it was asked. */
async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: { readonly path: string; readonly method: string; readonly headers: IncomingHttpHeaders }[] =
    [];
  const server = createServer((received, response) => {
    asked.push({ path: received.url ?? '', method: received.method ?? '', headers: received.headers });
    received.resume();
    answer(received, response);
  });
  const open = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  await open(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('there is no port');
  return {
    asked,
    origin: `http://127.0.0.1:${address.port}`,
    close,
    reopen: async () => await open(address.port),
  };
}

type Listening = Awaited<ReturnType<typeof listen>>;

let authority: Authority;
let partner: Certificate;
let gate: Listening;
let upstream: Listening;
let nginx: Nginx;
/** What the gate answers; `hang`: nothing. */
let answer: number | 'hang';

test.beforeAll(async () => {
  authority = await createAuthority({ now: new Date() });
  partner = await authority.issue({ commonName: 'partner', usage: 'client' });
  gate = await listen((_, response) => {
    if (answer !== 'hang') response.writeHead(answer).end();
  });
  upstream = await listen((_, response) => response.end('the API'));
  nginx = await startNginx({ authority, upstream: upstream.origin, gate: gate.origin });
});

test.beforeEach(() => {
  answer = 204;
  gate.asked.length = 0;
  upstream.asked.length = 0;
});

test.afterAll(async () => {
  await nginx.stop();
  await gate.close();
  await upstream.close();
});

/** A call to the API through nginx. */
async function call(certificate: Certificate | undefined, headers: Readonly<Record<string, string>> = {}) {
  const agent = new Agent({
    allowH2: false,
    connect: {
      ca: authority.certificate,
      ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
    },
  });
  try {
    const { statusCode, body } = await request(`${nginx.origin}/accounts?page=2`, {
      method: 'POST',
      body: 'a body',
      headers,
      dispatcher: agent,
    });
    return { status: statusCode, body: await body.text() };
  } finally {
    await agent.destroy();
  }
}

const thumbprint = (pem: string) => createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');

test('lets pass what the gate allows, and asks it by the certificate', async () => {
  expect(await call(partner)).toEqual({ status: 200, body: 'the API' });
  const [asked, ...more] = gate.asked;
  expect(more).toEqual([]);
  expect(asked).toMatchObject({
    method: 'GET',
    path: '/gate/nginx',
    headers: { 'x-assay-environment': 'production' },
  });
  const escaped = asked?.headers['x-assay-client-certificate'];
  expect(thumbprint(decodeURIComponent(String(escaped)))).toBe(thumbprint(partner.certificate));
  expect(upstream.asked.map(({ method, path }) => [method, path])).toEqual([['POST', '/accounts?page=2']]);
});

test('passes nothing on to the gate that the client says, and to the API nothing that it would believe', async () => {
  const forged = {
    'x-assay-client-certificate': 'forged',
    'x-assay-client-id': 'forged',
    'x-assay-environment': 'sandbox',
    'x-forwarded-client-cert': 'Hash=forged',
    'x-forwarded-for': 'forged',
    'x-forwarded-host': 'forged',
    forwarded: 'for=forged',
    x_assay_client_id: 'forged',
    authorization: 'Bearer token',
  };
  expect((await call(partner, forged)).status).toBe(200);
  const [asked] = gate.asked;
  expect(JSON.stringify(asked)).not.toMatch(/forged|token|sandbox/u);
  const [passed] = upstream.asked;
  expect(passed?.headers.authorization).toBe('Bearer token');
  expect(JSON.stringify(passed)).not.toMatch(/forged|sandbox/u);
  expect(thumbprint(decodeURIComponent(String(passed?.headers['x-assay-client-certificate'])))).toBe(
    thumbprint(partner.certificate),
  );
});

for (const [said, status] of [
  [401, 401],
  [403, 403],
  // Everything else is an error to auth_request.
  [302, 500],
  [404, 500],
  [500, 500],
  ['hang', 500],
] as const)
  test(`answers with ${status} where the gate says ${said}`, async () => {
    answer = said;
    const started = performance.now();
    expect((await call(partner)).status).toBe(status);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(gate.asked).toHaveLength(1);
    expect(upstream.asked).toEqual([]);
  });

test('denies on a connection that was let through before', async () => {
  const agent = new Agent({
    allowH2: false,
    pipelining: 1,
    connections: 1,
    connect: { ca: authority.certificate, cert: partner.certificate, key: partner.key },
  });
  const statuses: number[] = [];
  for (const said of [204, 403, 204]) {
    answer = said;
    const { statusCode, body } = await request(`${nginx.origin}/accounts`, { dispatcher: agent });
    await body.dump();
    statuses.push(statusCode);
  }
  await agent.destroy();
  expect(statuses).toEqual([200, 403, 200]);
});

test('denies while the gate is gone, and asks again once it is back', async () => {
  await gate.close();
  expect((await call(partner)).status).toBe(500);
  expect(upstream.asked).toEqual([]);
  await gate.reopen();
  expect((await call(partner)).status).toBe(200);
  expect(await nginx.log()).toContain('Connection refused');
});

test('asks nobody for a client without a certificate of the authority', async () => {
  const stranger = await selfSigned({ commonName: 'partner', usage: 'client', now: new Date() });
  for (const certificate of [undefined, stranger]) expect((await call(certificate)).status).toBe(400);
  expect(gate.asked).toEqual([]);
  expect(upstream.asked).toEqual([]);
});
