import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { expect, test } from '@playwright/test';
import { createAuthority } from '../../fixtures/pki/authority.ts';
import { extensions, welcome, type Offer, type TlsVersion } from '../protocol/tls-hello.ts';
import { common } from '../protocol/tls-suites.ts';
import { shakeHands } from './handshake.ts';
import { plainHttp, presentation, type ProbeOptions } from './tls.ts';

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

const offer = (version: TlsVersion): Offer => ({ version, suites: common });
const shake = (port: number, offered = offer('TLS 1.2'), changes: Partial<ProbeOptions> = {}) =>
  shakeHands('127.0.0.1', port, offered, { ...options, ...changes });

test.describe('an offer of a TLS version', () => {
  for (const [version, minVersion, next] of [
    ['TLS 1.0', 'TLSv1', 'TLSv1.1'],
    ['TLS 1.1', 'TLSv1.1', 'TLSv1.2'],
    ['TLS 1.2', 'TLSv1.2', 'TLSv1.3'],
  ] as const)
    test(`is taken by a server that has ${version}, and refused by one that has not`, async () => {
      await using having = await tlsServer({ minVersion });
      await using lacking = await tlsServer({ minVersion: next });
      expect(await shake(having.port, offer(version))).toMatchObject({ answer: 'chosen', version });
      expect(await shake(lacking.port, offer(version))).toEqual({ answer: 'alert', alert: 70 });
    });

  test('leaves TLS 1.2 open where it is of TLS 1.3', async () => {
    await using modern = await tlsServer({});
    await using older = await tlsServer({ maxVersion: 'TLSv1.2' });
    expect(await shake(modern.port, welcome)).toMatchObject({ version: 'TLS 1.3' });
    expect(await shake(older.port, welcome)).toMatchObject({ version: 'TLS 1.2' });
  });

  test('is taken by a server that asks for another group', async () => {
    await using server = await tlsServer({ ecdhCurve: 'P-384' });
    expect(await shake(server.port, welcome)).toMatchObject({ answer: 'chosen', version: 'TLS 1.3' });
  });

  test('is taken by a server that then refuses a missing client certificate', async () => {
    await using server = await tlsServer({
      minVersion: 'TLSv1',
      requestCert: true,
      rejectUnauthorized: true,
    });
    for (const version of ['TLS 1.1', 'TLS 1.2'] as const)
      expect(await shake(server.port, offer(version))).toMatchObject({ answer: 'chosen', version });
  });

  test('shows what a server chose, and how it agrees on keys', async () => {
    await using server = await tlsServer({ ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', ecdhCurve: 'P-256' });
    expect(await shake(server.port)).toMatchObject({
      answer: 'chosen',
      version: 'TLS 1.2',
      suite: 0xc02b,
      compression: 0,
      extensions: expect.arrayContaining([extensions.renegotiationInfo, extensions.extendedMasterSecret]),
      keys: { curve: 23, signature: 0x0403 },
    });
  });

  test('is refused by an orderly end of the connection', async () => {
    await using server = await listen(createServer((socket) => socket.once('data', () => socket.end())));
    expect(await shake(server.port)).toEqual({ answer: 'closed' });
  });

  test('is no refusal when nothing listens, nothing answers, or something else does', async () => {
    const gone = await tlsServer({});
    await gone[Symbol.asyncDispose]();
    await expect(shake(gone.port)).rejects.toMatchObject({ code: 'refused' });
    await using mute = await listen(createServer((socket) => socket.on('error', () => {})));
    await expect(shake(mute.port, welcome, { timeout: 200 })).rejects.toMatchObject({ code: 'timeout' });
    await using resetting = await listen(
      createServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
    );
    await expect(shake(resetting.port)).rejects.toMatchObject({ code: 'reset' });
    await using other = await listen(createServer((socket) => socket.end('SSH-2.0-x\r\n')));
    await expect(shake(other.port)).rejects.toMatchObject({ code: 'tls-failed' });
  });

  test('is kept to declared and permitted hosts', async () => {
    await expect(shake(1, welcome, { hosts: ['x'] })).rejects.toMatchObject({ code: 'host-not-declared' });
    await expect(shake(1, welcome, { privateNetwork: 'refused' })).rejects.toMatchObject({
      code: 'private-address',
    });
  });
});

test.describe('what a server presents', () => {
  test('is its certificate, with the reason why it would be refused', async () => {
    await using server = await tlsServer({ requestCert: true, rejectUnauthorized: false });
    const { ca } = await certificate;
    expect(await presentation('127.0.0.1', server.port, { ...options, trust: [ca] })).toMatchObject({
      refusal: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    const own = { ...options, hosts: ['localhost'] };
    const trusted = await presentation('localhost', server.port, { ...own, trust: [ca] });
    expect(trusted).not.toHaveProperty('refusal');
    expect(trusted.chain).toHaveLength(2);
    expect(await presentation('localhost', server.port, own)).toMatchObject({
      refusal: 'SELF_SIGNED_CERT_IN_CHAIN',
    });
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
