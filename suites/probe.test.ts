import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, test } from '@playwright/test';
import { openProbe, type Bait } from './probe.ts';

/** A port that answers every handshake with the same bytes; none ends the connection. */
async function answering(hex: string) {
  let connections = 0;
  const server = createServer((socket: Socket) => {
    connections += 1;
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.from(hex, 'hex')));
  }).listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: new URL(`https://localhost:${port}/`),
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

const hello = `02000026 0303 ${'00'.repeat(32)} 00 c009 00`;
const taking = `16 0303 002e ${hello} 0e000000`.replaceAll(' ', '');
const alert = '15030300020228';

const probe = openProbe({ hosts: ['localhost'], privateNetwork: 'allowed', timeout: 2000 });
const bait: Bait = {
  offers: [{ version: 'TLS 1.2', suites: [0xc009] }],
  wrong: ({ suite }) => `takes ${suite}`,
};

for (const [what, bytes] of Object.entries({
  'answers every offer with an alert': alert,
  'only hangs up': '',
}))
  test(`a port that ${what} shows nothing`, async () => {
    await using port = await answering(bytes);
    await expect(probe.taking([port.url], bait)).rejects.toMatchObject({
      name: 'Unproven',
      fault: 'environment',
    });
  });

test('a port is asked once for all of its URLs', async () => {
  await using port = await answering(taking);
  const urls = [port.url, new URL('/token', port.url)];
  expect(await probe.taking(urls, bait)).toEqual([`${port.url.host}: takes 49161`]);
  expect(port.connections()).toBe(1);
});

test('what one port takes is told although another one cannot be judged', async () => {
  await using deaf = await answering(alert);
  await using port = await answering(taking);
  expect(await probe.taking([deaf.url, port.url], bait)).toHaveLength(1);
});

test('nothing to connect to shows nothing', async () => {
  await expect(probe.taking([new URL('http://localhost/')], bait)).rejects.toMatchObject({
    fault: 'configuration',
  });
});
