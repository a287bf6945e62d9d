import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type Server, type ServerOptions } from 'node:https';
import { createServer as createPlainServer, type Server as NetServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { expect, test } from '@playwright/test';
import { createAuthority, selfSigned } from '../../fixtures/pki/authority.ts';
import { thumbprint } from './connection.ts';
import type { Exchange } from './exchange.ts';
import { createRedactor } from './redact.ts';
import { openTransport, type Limits, type TransportOptions } from './transport.ts';

const now = new Date();
const pki = (async () => {
  const authority = await createAuthority({ now });
  return {
    authority,
    server: await authority.issue({ commonName: 'server', names: ['localhost'], usage: 'server' }),
    client: await authority.issue({ commonName: 'client', usage: 'client' }),
  };
})();

async function listen(server: Server | NetServer) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    url: `https://localhost:${port}`,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const plain = (answer: (socket: Socket) => void) =>
  listen(
    createPlainServer((socket) => {
      socket.on('error', () => {});
      answer(socket);
    }),
  );

async function serve(listener: RequestListener, options: ServerOptions = {}) {
  const { server } = await pki;
  return listen(createTlsServer({ cert: server.certificate, key: server.key, ...options }, listener));
}

async function open(options: Partial<TransportOptions> & { limits?: Partial<Limits> } = {}) {
  const { authority } = await pki;
  const exchanges: Exchange[] = [];
  const root = openTransport({
    hosts: ['localhost', '127.0.0.1'],
    trust: [authority.certificate],
    privateNetwork: 'allowed',
    redactor: createRedactor('salt'),
    clock: () => Date.now(),
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    ...options,
  });
  const transport = root.recordedBy((exchange) => exchanges.push(exchange));
  return { transport, root, exchanges, [Symbol.asyncDispose]: () => root.close() };
}

const get = (url: string) => ({ method: 'GET', url, purpose: 'test' });

test('records what went over the wire, in order and case', async () => {
  const seen: string[][] = [];
  await using server = await serve((request, response) => {
    seen.push(request.rawHeaders);
    response.setHeader('X-First', '1');
    response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    response.end('{"ok":true}');
  });
  await using opened = await open();
  const reply = await opened.transport.send({
    method: 'POST',
    url: `${server.url}/path?x=1`,
    headers: [
      ['X-Case', 'a'],
      ['DPoP', 'one'],
      ['DPoP', 'two'],
    ],
    body: 'é',
    purpose: 'a test',
    edits: ['twoProofs'],
  });
  expect(reply.body).toEqual({ ok: true });
  expect(reply.headers['set-cookie']).toBe('a=1, b=2');
  expect(reply.list.slice(0, 3).map(({ name }) => name)).toEqual(['X-First', 'Set-Cookie', 'Set-Cookie']);
  const [exchange] = opened.exchanges;
  expect(exchange).toBe(reply.exchange);
  expect(exchange).toMatchObject({
    id: 1,
    purpose: 'a test',
    edits: ['twoProofs'],
    response: { status: 200 },
  });
  expect(exchange?.request.headers.map(({ name }) => name)).toEqual(
    seen[0]?.filter((_, index) => index % 2 === 0),
  );
  expect(exchange?.tls).toEqual({
    protocol: 'TLSv1.3',
    cipher: expect.stringMatching(/^TLS_/u),
    certificate: thumbprint((await pki.then(({ server: own }) => own)).certificate),
  });
  await opened.transport.send({ ...get(server.url), method: 'POST' });
  expect(opened.exchanges[1]?.request.headers.map(({ name }) => name)).toEqual(
    seen[1]?.filter((_, index) => index % 2 === 0),
  );
});

test('keeps connections alive, shares them, and numbers exchanges by recorder', async () => {
  await using server = await serve((_request, response) => response.end());
  await using opened = await open();
  const others: Exchange[] = [];
  await opened.transport.send(get(server.url));
  await opened.root.recordedBy((exchange) => others.push(exchange)).send(get(server.url));
  expect(server.connections()).toBe(1);
  expect([opened.exchanges[0]?.id, others[0]?.id]).toEqual([1, 1]);
});

test('presents the certificate of the request, and no other', async () => {
  const { authority, client } = await pki;
  const names: (string | undefined)[] = [];
  await using server = await serve(
    (request, response) => {
      const { socket } = request;
      names.push(socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.subject : 'no TLS');
      response.end();
    },
    { requestCert: true, rejectUnauthorized: false, ca: authority.certificate },
  );
  await using opened = await open();
  await opened.transport.send({ ...get(server.url), certificate: client });
  await opened.transport.send(get(server.url));
  expect(names).toEqual([expect.stringContaining('CN=client'), undefined]);
  expect(opened.exchanges.map(({ request }) => request.certificate)).toEqual([
    thumbprint(client.certificate),
    undefined,
  ]);
});

test('says that a connection was closed when a certificate is refused after the handshake', async () => {
  const { authority } = await pki;
  const foreign = await selfSigned({ commonName: 'foreign', usage: 'client', now });
  await using server = await serve((_request, response) => response.end(), {
    requestCert: true,
    ca: authority.certificate,
  });
  await using opened = await open();
  for (const certificate of [undefined, foreign])
    await expect(
      opened.transport.send({ ...get(server.url), ...(certificate && { certificate }) }),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:closed|tls-alert)$/u),
      fault: 'environment',
    });
  expect(opened.exchanges).toHaveLength(2);
  expect(opened.exchanges[0]?.error?.code).toMatch(/^(?:closed|tls-alert)$/u);
});

test.describe("the server's certificate", () => {
  const cases = {
    'an unknown authority': async () => {
      const other = await createAuthority({ now });
      return other.issue({ commonName: 'x', names: ['localhost'], usage: 'server' });
    },
    itself: () => selfSigned({ commonName: 'x', names: ['localhost'], usage: 'server', now }),
    'another name': async () =>
      (await pki).authority.issue({ commonName: 'x', names: ['other.example'], usage: 'server' }),
    'a time that is over': async () =>
      (await pki).authority.issue({
        commonName: 'x',
        names: ['localhost'],
        usage: 'server',
        notBefore: new Date(now.getTime() - 3_600_000),
        notAfter: new Date(now.getTime() - 60_000),
      }),
  } as const;
  for (const [what, make] of Object.entries(cases))
    test(`is refused when it relies on ${what}`, async () => {
      const { certificate, key } = await make();
      let asked = 0;
      await using server = await serve((_request, response) => response.end(String((asked += 1))), {
        cert: certificate,
        key,
      });
      await using opened = await open();
      await expect(opened.transport.send(get(server.url))).rejects.toMatchObject({
        code: 'untrusted-certificate',
        fault: 'configuration',
        message: expect.stringContaining('trust'),
      });
      expect(asked).toBe(0);
      expect(opened.exchanges[0]?.error?.code).toBe('untrusted-certificate');
    });
});

test.describe('egress', () => {
  test('does not connect to what is not declared', async () => {
    await using server = await serve((_request, response) => response.end());
    await using opened = await open({ hosts: [`localhost:${server.port + 1}`] });
    await expect(opened.transport.send(get(server.url))).rejects.toMatchObject({ code: 'host-not-declared' });
    expect(server.connections()).toBe(0);
  });

  test('does not connect to private addresses, by name or literally, unless allowed', async () => {
    await using server = await serve((_request, response) => response.end());
    await using opened = await open({ privateNetwork: 'refused' });
    for (const url of [
      server.url,
      `https://127.0.0.1:${server.port}`,
      `https://0x7f.1:${server.port}`,
      `https://2130706433:${server.port}`,
    ])
      await expect(opened.transport.send(get(url))).rejects.toMatchObject({ code: 'private-address' });
    expect(server.connections()).toBe(0);
    expect(opened.exchanges.map(({ error }) => error?.code)).toEqual(Array(4).fill('private-address'));
  });

  test('resolves once a connection, so that no second answer can be used', async () => {
    await using server = await serve((_request, response) => response.end());
    let resolved = 0;
    await using opened = await open({
      resolve: async () => {
        resolved += 1;
        return [{ address: resolved === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
      },
    });
    expect((await opened.transport.send(get(server.url))).status).toBe(200);
    expect(resolved).toBe(1);
  });

  test('follows no redirect', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(302, { location: 'https://evil.example/' });
      response.end();
    });
    await using opened = await open();
    expect((await opened.transport.send(get(server.url))).status).toBe(302);
  });
});

test.describe('limits', () => {
  test('ends an answer that is too large, stalls, or takes too long', async () => {
    await using server = await serve((request, response) => {
      if (request.url === '/large') response.end('x'.repeat(5000));
      else if (request.url === '/headers') response.writeHead(200, { 'x-long': 'x'.repeat(5000) }).end();
      else if (request.url === '/stall') response.write('x');
    });
    await using opened = await open({ limits: { size: 4000, headerSize: 4000, total: 300 } });
    const { transport } = opened;
    await expect(transport.send(get(`${server.url}/large`))).rejects.toMatchObject({ code: 'too-large' });
    await expect(transport.send(get(`${server.url}/headers`))).rejects.toMatchObject({ code: 'too-large' });
    await expect(transport.send(get(`${server.url}/stall`))).rejects.toMatchObject({ code: 'timeout' });
    await expect(transport.send(get(`${server.url}/never`))).rejects.toMatchObject({ code: 'timeout' });
    expect(opened.exchanges.map(({ error }) => error?.code)).toEqual([
      'too-large',
      'too-large',
      'timeout',
      'timeout',
    ]);
  });
});

test.describe('failures are named', () => {
  test('a port where nothing listens', async () => {
    const server = await serve(() => {});
    await server[Symbol.asyncDispose]();
    await using opened = await open();
    await expect(opened.transport.send(get(server.url))).rejects.toMatchObject({
      code: 'refused',
      fault: 'environment',
    });
  });

  test('a name that does not resolve', async () => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND localhost'), { code: 'ENOTFOUND' });
    await using opened = await open({ resolve: () => Promise.reject(error) });
    await expect(opened.transport.send(get('https://localhost'))).rejects.toMatchObject({
      code: 'unresolved',
      cause: error,
    });
  });

  test('a port that does not speak TLS', async () => {
    await using server = await plain((socket) => socket.end('SSH-2.0-x\r\n'));
    await using opened = await open();
    await expect(opened.transport.send(get(server.url))).rejects.toMatchObject({ code: 'tls-failed' });
  });

  test('an end in the handshake', async () => {
    await using server = await plain((socket) => socket.destroy());
    await using opened = await open();
    await expect(opened.transport.send(get(server.url))).rejects.toMatchObject({ code: 'reset' });
  });

  test('no common TLS version', async () => {
    await using server = await serve(() => {}, {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    });
    await using opened = await open();
    await expect(opened.transport.send(get(server.url))).rejects.toMatchObject({ code: 'tls-alert' });
  });

  test('an end instead of an answer, and one within it', async () => {
    await using server = await serve((request, response) => {
      if (request.url === '/cut') response.writeHead(200, { 'content-length': '10' }).write('x');
      setImmediate(() => request.socket.destroy());
    });
    await using opened = await open();
    await expect(opened.transport.send(get(server.url))).rejects.toMatchObject({ code: 'closed' });
    await expect(opened.transport.send(get(`${server.url}/cut`))).rejects.toMatchObject({ code: 'reset' });
  });

  test('an answer that is not HTTP', async () => {
    await using server = await serve((request) => request.socket.end('hello\r\n\r\n'));
    await using opened = await open();
    await expect(opened.transport.send(get(server.url))).rejects.toMatchObject({ code: 'malformed' });
  });

  test('a request that cannot be sent', async () => {
    await using opened = await open();
    const bad = { code: 'invalid-request', fault: 'harness' };
    await expect(opened.transport.send(get('not a URL'))).rejects.toMatchObject(bad);
    await expect(
      opened.transport.send({ ...get('https://localhost'), headers: [['x', 'a\r\nb']] }),
    ).rejects.toMatchObject(bad);
    await expect(
      opened.transport.send({ ...get('https://localhost'), certificate: { certificate: 'x', key: 'y' } }),
    ).rejects.toMatchObject(bad);
  });
});

test('speaks plain HTTP where a check asks for it', async () => {
  const server = createServer((_request, response) => response.end('plain'));
  await using listening = await listen(server);
  await using opened = await open();
  const reply = await opened.transport.send(get(`http://localhost:${listening.port}/`));
  expect(reply.text).toBe('plain');
  expect(reply.exchange.tls).toBeUndefined();
});

test('records nothing secret', async () => {
  await using server = await serve((_request, response) => {
    response.end('{"access_token":"2YotnFZFEjr1zCsicMWpAA","note":"told-by-the-caller"}');
  });
  await using opened = await open();
  const reply = await opened.transport.send({ ...get(server.url), secrets: ['told-by-the-caller'] });
  expect(reply.body).toMatchObject({ access_token: '2YotnFZFEjr1zCsicMWpAA' });
  expect(JSON.stringify(opened.exchanges)).not.toMatch(/2YotnFZFEjr1zCsicMWpAA|told-by-the-caller/u);
});
