import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { expect, test } from '@playwright/test';
import { createAuthority } from '../../fixtures/pki/authority.ts';
import { offers, plainHttp } from './tls.ts';

const certificate = createAuthority({ now: new Date() }).then(async (authority) => ({
  ca: authority.certificate,
  ...(await authority.issue({ commonName: 'server', names: ['localhost'], usage: 'server' })),
}));

async function listen(server: Server) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function tlsServer(options: TlsOptions) {
  const { certificate: cert, key, ca } = await certificate;
  const server = createTlsServer({ cert, key, ca, ciphers: 'ALL:@SECLEVEL=0', ...options }, (socket) => {
    socket.on('error', () => {});
    socket.end();
  });
  server.on('tlsClientError', () => {});
  return listen(server);
}

const options = { hosts: ['127.0.0.1'], privateNetwork: 'allowed', timeout: 2000 } as const;

test.describe('an offer of one TLS version', () => {
  for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const)
    test(`is accepted by a server that has ${version}, and refused by one that has not`, async () => {
      await using having = await tlsServer({ minVersion: 'TLSv1' });
      await using lacking = await tlsServer(
        version === 'TLSv1.3'
          ? { maxVersion: 'TLSv1.2' }
          : { minVersion: version === 'TLSv1' ? 'TLSv1.1' : version === 'TLSv1.1' ? 'TLSv1.2' : 'TLSv1.3' },
      );
      expect(await offers('127.0.0.1', having.port, version, options)).toBe('accepted');
      expect(await offers('127.0.0.1', lacking.port, version, options)).toBe('refused');
    });

  test('is accepted by a server that then refuses a missing client certificate', async () => {
    await using server = await tlsServer({
      minVersion: 'TLSv1',
      requestCert: true,
      rejectUnauthorized: true,
    });
    expect(await offers('127.0.0.1', server.port, 'TLSv1.1', options)).toBe('accepted');
    expect(await offers('127.0.0.1', server.port, 'TLSv1.2', options)).toBe('accepted');
  });

  test('is refused by an orderly end of the connection', async () => {
    await using server = await listen(createServer((socket) => socket.once('data', () => socket.end())));
    expect(await offers('127.0.0.1', server.port, 'TLSv1.1', options)).toBe('refused');
  });

  test('is no refusal when nothing listens, nothing answers, or something else does', async () => {
    const gone = await tlsServer({});
    await gone[Symbol.asyncDispose]();
    await expect(offers('127.0.0.1', gone.port, 'TLSv1', options)).rejects.toMatchObject({ code: 'refused' });
    await using mute = await listen(createServer((socket) => socket.on('error', () => {})));
    await expect(offers('127.0.0.1', mute.port, 'TLSv1', { ...options, timeout: 200 })).rejects.toMatchObject(
      { code: 'timeout' },
    );
    await using resetting = await listen(
      createServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
    );
    await expect(offers('127.0.0.1', resetting.port, 'TLSv1', options)).rejects.toMatchObject({
      code: 'reset',
    });
    await using other = await listen(createServer((socket) => socket.end('SSH-2.0-x\r\n')));
    await expect(offers('127.0.0.1', other.port, 'TLSv1', options)).rejects.toMatchObject({
      code: 'tls-failed',
    });
  });

  test('is kept to declared and permitted hosts', async () => {
    await expect(offers('127.0.0.1', 1, 'TLSv1', { ...options, hosts: ['x'] })).rejects.toMatchObject({
      code: 'host-not-declared',
    });
    await expect(
      offers('127.0.0.1', 1, 'TLSv1', { ...options, privateNetwork: 'refused' }),
    ).rejects.toMatchObject({ code: 'private-address' });
  });
});

test.describe('plain HTTP to a TLS port', () => {
  test('is answered by a server that speaks it', async () => {
    await using server = await listen(createHttpServer((_request, response) => response.end('ok')));
    expect(await plainHttp('127.0.0.1', server.port, options)).toEqual({ outcome: 'answered', status: 200 });
  });

  test('is refused by an error status, by an end and by an alert', async () => {
    await using refusing = await listen(
      createHttpServer((_request, response) => response.writeHead(400).end()),
    );
    expect(await plainHttp('127.0.0.1', refusing.port, options)).toEqual({ outcome: 'refused', status: 400 });
    await using closing = await listen(createServer((socket) => socket.once('data', () => socket.end())));
    expect(await plainHttp('127.0.0.1', closing.port, options)).toEqual({ outcome: 'refused' });
    await using secure = await tlsServer({});
    expect(await plainHttp('127.0.0.1', secure.port, options)).toEqual({ outcome: 'refused' });
  });

  test('is no refusal when nothing listens', async () => {
    const gone = await tlsServer({});
    await gone[Symbol.asyncDispose]();
    await expect(plainHttp('127.0.0.1', gone.port, options)).rejects.toMatchObject({ code: 'refused' });
  });
});
