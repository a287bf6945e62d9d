import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from '@playwright/test';
import { openPort } from './port.ts';

const loopback = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .map(({ address }) => address)
  .filter((address) => address === '127.0.0.1' || address === '::1');

test('localhost is every loopback address of the machine, at one port', async () => {
  let count = 0;
  const port = await openPort({ host: 'localhost', accept: () => (count += 1) });
  try {
    const sockets = loopback.map((host) => connect({ host, port: port.number }));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await expect.poll(() => count).toBe(loopback.length);
    const closed = sockets.map((socket) => once(socket.resume(), 'close'));
    port.cut();
    await Promise.all(closed);
  } finally {
    await port.close();
  }
  const gone = connect({ host: '127.0.0.1', port: port.number });
  await expect(once(gone, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a port that is taken at any of its addresses is not opened at the other', async () => {
  for (const host of loopback) {
    const other = createServer();
    other.listen(0, host);
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(openPort({ host: 'localhost', port, accept: () => undefined })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await new Promise((resolve) => other.close(resolve));
    const opened = await openPort({ host: 'localhost', port, accept: () => undefined });
    await opened.close();
  }
});
