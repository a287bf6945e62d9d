import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { expect, test } from '@playwright/test';
import { assert, property, uint8Array } from 'fast-check';
import { readClientHello } from './client-hello.ts';
import { clientHello, extensions, randomLength, welcome, type Offer } from './tls-hello.ts';
import { HelloError } from './tls-reader.ts';

const written = (offer: Offer, host?: string) => clientHello(offer, host, Buffer.alloc(randomLength, 0x5a));
const modern = written(
  { ...welcome, suites: [0x1301, 0xc02b], groups: [29], signatures: [0x0403] },
  'a.example',
);

/** The same message in records of so many bytes. */
function fragmented(record: Buffer, size: number): Buffer {
  const message = record.subarray(5);
  const parts = Array.from({ length: Math.ceil(message.length / size) }, (_, index) =>
    message.subarray(index * size, (index + 1) * size),
  );
  return Buffer.concat(
    parts.flatMap((part) => [Buffer.of(22, 3, 1, part.length >> 8, part.length & 0xff), part]),
  );
}

test('reads what an offer of TLS 1.3 says', () => {
  expect(readClientHello(modern)).toMatchObject({
    version: 0x0303,
    supportedVersions: [0x0304, 0x0303],
    suites: [0x1301, 0xc02b],
    compression: [0],
    groups: [29],
    signatures: [0x0403],
    serverName: 'a.example',
    extensions: expect.arrayContaining([
      extensions.renegotiationInfo,
      extensions.encryptThenMac,
      extensions.extendedMasterSecret,
    ]),
  });
});

test('an older offer has none of the newer fields', () => {
  const hello = readClientHello(written({ version: 'SSL 3.0', suites: [0x0005], compression: [1, 0] }));
  expect(hello).toEqual({ version: 0x0300, suites: [0x0005, 0x00ff], compression: [1, 0], extensions: [] });
});

test('passes over the numbers that mean nothing', () => {
  const hello = readClientHello(
    written({ ...welcome, suites: [0x0a0a, 0x1301, 0xfafa, 0x0a1a], groups: [0x2a2a, 23] }),
  );
  expect(hello).toMatchObject({ suites: [0x1301, 0x0a1a], groups: [23] });
});

test('waits for the whole of it, and reads nothing behind', () => {
  for (const bytes of [modern, fragmented(modern, 1), fragmented(modern, 100)]) {
    for (let length = 0; length < bytes.length; length += 1)
      expect(readClientHello(bytes.subarray(0, length))).toBe('incomplete');
    const behind = Buffer.from('\u0014\u0003\u0003', 'latin1');
    expect(readClientHello(Buffer.concat([bytes, behind]))).toEqual(readClientHello(modern));
  }
});

test('reads what a real client sends', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    const accepted = new Promise<Buffer>((resolve) =>
      server.once('connection', (socket) => socket.once('data', (chunk) => resolve(chunk))),
    );
    const socket = connect({
      host: '127.0.0.1',
      port: address.port,
      servername: 'b.example',
      ALPNProtocols: ['h2', 'http/1.1'],
      minVersion: 'TLSv1.2',
    });
    socket.on('error', () => socket.destroy());
    const hello = readClientHello(await accepted);
    socket.destroy();
    expect(hello).toMatchObject({
      serverName: 'b.example',
      protocols: ['h2', 'http/1.1'],
      supportedVersions: [0x0304, 0x0303],
    });
  } finally {
    server.close();
  }
});

const edited = (at: number, ...values: readonly number[]): Buffer => {
  const bytes = Buffer.from(modern);
  bytes.set(values, at);
  return bytes;
};

for (const [what, bytes] of Object.entries({
  'another record': edited(0, 0x15),
  'another major version': edited(1, 2),
  'an empty record': edited(3, 0, 0),
  'another message': edited(5, 2),
  'a session identifier beyond the end': edited(5 + 4 + 34, 0xff, 0xff, 0xff),
  'half a suite': edited(5 + 4 + 34 + 1 + 32, 0, 3),
  'more than any client sends': Buffer.concat([
    Buffer.of(22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff),
    Buffer.alloc(17_000, 22),
  ]),
}))
  test(`${what} is malformed`, () => {
    expect(() => readClientHello(bytes)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

test('whatever comes is a hello, a part of one, or malformed', () => {
  const content = uint8Array({ maxLength: 120 });
  assert(
    property(content, (body) => {
      const message = Buffer.concat([Buffer.of(1, 0, 0, body.length), body]);
      const record = Buffer.concat([Buffer.of(22, 3, 3, 0, message.length), message]);
      for (const bytes of [record, Buffer.from(body)])
        try {
          readClientHello(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(HelloError);
        }
    }),
  );
});
