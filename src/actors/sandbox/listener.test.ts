import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { get as getSecurely, type RequestOptions } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { expect, test } from '@playwright/test';
import { isFor } from '../../protocol/tls-certificate.ts';
import { clientHello, randomLength, versions, welcome, type Offer } from '../../protocol/tls-hello.ts';
import { recommended } from '../../protocol/tls-suites.ts';
import { createAuthority } from './authority.ts';
import type { Connection } from './connection.ts';
import { openListener, openPlain, type Listener, type ListenerOptions } from './listener.ts';
import { tlsDefectNames } from './tls-defects.ts';

const authority = createAuthority({ now: new Date() });

/** Opens a listener that answers with its connection's number, and tells of its connections. */
async function opened(
  run: (listener: Listener, seen: Connection[]) => Promise<void>,
  options: Partial<ListenerOptions> = {},
): Promise<void> {
  const seen: Connection[] = [];
  const listener = await openListener({
    host: 'localhost',
    authority: await authority,
    ask: 'nothing',
    onConnection: (connection) => seen.push(connection),
    handler: (_, response, { id }) => response.end(`${id}`),
    ...options,
  });
  try {
    await run(listener, seen);
  } finally {
    await listener.close();
  }
}

/** A client that goes by RFC 9525: the common name is no name. */
const strict = async (): Promise<RequestOptions> => ({
  ca: (await authority).certificate,
  checkServerIdentity: (host, { raw }) =>
    isFor(new X509Certificate(raw), host) ? undefined : new Error('the certificate is of another host'),
});

const lax = { rejectUnauthorized: false, minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const;

async function ask(url: string, options: RequestOptions): Promise<string> {
  const request = getSecurely(url, { agent: false, ...options });
  return await textOf(await responseTo(request));
}

const responseTo = async (request: NodeJS.EventEmitter): Promise<IncomingMessage> => {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
};

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Writes bytes to a listener as they are. */
function raw({ port }: Listener, bytes: Uint8Array | string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.write(bytes);
  return socket;
}

/** A connection that a client keeps. */
async function kept({ port }: Listener, session?: Buffer) {
  const { certificate: ca } = await authority;
  const socket = connectSecurely({ port, host: 'localhost', ca, ...(session && { session }) });
  socket.on('error', () => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

const hello = (offer: Partial<Offer> = {}): Buffer =>
  clientHello({ ...welcome, ...offer }, 'localhost', Buffer.alloc(randomLength, 0x5a));

test('a correct server is used, and its clients’ hellos are seen', async () => {
  await opened(async (listener, seen) => {
    expect(await ask(listener.origin, await strict())).toBe('1');
    const [connection] = seen;
    expect(await connection?.ended).toBe('used');
    expect(connection).toMatchObject({ secured: true, plaintext: false, requests: 1, ending: 'used' });
    expect(connection?.hello?.serverName).toBe('localhost');
    expect(connection?.hello?.supportedVersions).toContain(versions['TLS 1.3']);
    expect(connection?.certificate).toBeUndefined();
  });
});

for (const defect of tlsDefectNames)
  test(`a strict client refuses ${defect}, and a lax one does not`, async () => {
    await opened(
      async (listener, seen) => {
        await expect(ask(listener.origin, await strict())).rejects.toThrow();
        const [refused] = seen;
        // A server of old versions alone has nothing for a client that does not offer them.
        expect(await refused?.ended).toBe(defect.startsWith('tls-') ? 'no-agreement' : 'refused');
        expect(refused).toMatchObject({ requests: 0, hello: { serverName: 'localhost' } });
        expect(await ask(listener.origin, lax)).toBe('2');
        expect(await seen[1]?.ended).toBe('used');
      },
      { defect },
    );
  });

test('a client that judges after the handshake refuses a secured connection', async () => {
  await opened(
    async (listener, seen) => {
      // In TLS 1.2 the server ends the handshake, and a client of Node judges then.
      await expect(ask(listener.origin, { ...(await strict()), maxVersion: 'TLSv1.2' })).rejects.toThrow();
      expect(await seen[0]?.ended).toBe('refused');
      expect(seen[0]).toMatchObject({ secured: true, requests: 0 });
    },
    { defect: 'expired' },
  );
});

test('the alert of a client is named', async () => {
  await opened(async (listener, seen) => {
    const socket = raw(listener, hello({ version: 'TLS 1.2', suites: recommended }));
    await once(socket, 'data');
    socket.write(Buffer.of(21, 3, 3, 0, 2, 2, 48));
    expect(await seen[0]?.ended).toBe('refused');
    expect(seen[0]).toMatchObject({ alert: 'unknown_ca', secured: false });
    socket.destroy();
  });
});

test('a hello is seen in however many pieces it comes', async () => {
  await opened(async (listener, seen) => {
    const bytes = hello();
    const socket = raw(listener, bytes.subarray(0, 1));
    await once(socket, 'connect');
    for (const byte of bytes.subarray(1))
      await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
    await once(socket, 'data');
    expect(seen[0]?.hello?.suites).toEqual(welcome.suites);
    socket.destroy();
    expect(await seen[0]?.ended).toBe('refused');
  });
});

test('what cannot be agreed upon is not the client’s refusal', async () => {
  await opened(async (listener, seen) => {
    const nothing = raw(listener, hello({ version: 'TLS 1.2', suites: [0x000a] }));
    const broken = raw(listener, Buffer.of(22, 3, 1, 0, 4, 2, 0, 0, 0));
    await Promise.all([once(nothing, 'close'), once(broken, 'close')]);
    expect(seen.map(({ ending }) => ending)).toEqual(['no-agreement', 'no-agreement']);
    expect(seen.map(({ reason }) => reason)).toContain('ERR_SSL_NO_SHARED_CIPHER');
  });
});

test('a client that says nothing is silent', async () => {
  await opened(async (listener, seen) => {
    raw(listener, hello().subarray(0, 20)).end();
    await expect.poll(() => seen.length).toBe(1);
    expect(await seen[0]?.ended).toBe('silent');
  });
});

test('HTTP without TLS is answered 400, and seen', async () => {
  await opened(async (listener, seen) => {
    const response = await responseTo(get(`http://localhost:${listener.port}/`, { agent: false }));
    expect(response.statusCode).toBe(400);
    expect(await textOf(response)).toContain('https');
    expect(await seen[0]?.ended).toBe('plaintext');
    expect(seen[0]).toMatchObject({ plaintext: true, secured: false, requests: 0 });
  });
});

test('what is no HTTP behind TLS counts as a request', async () => {
  await opened(async (listener, seen) => {
    const socket = await kept(listener);
    socket.end('nonsense\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /u);
    expect(await seen[0]?.ended).toBe('used');
  });
});

test('a certificate is asked for, whoever issued it, and seen', async () => {
  const { certificate, key } = await (
    await createAuthority({ now: new Date() })
  ).issue({
    commonName: 'client-1',
    usage: 'client',
  });
  const { fingerprint256 } = new X509Certificate(certificate);
  const thumbprint = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
  for (const [what, shown] of [
    ['client-certificate', { thumbprint }],
    ['nothing', undefined],
  ] as const)
    await opened(
      async (listener, seen) => {
        expect(await ask(listener.origin, { ...(await strict()), cert: certificate, key })).toBe('1');
        if (shown === undefined) expect(seen[0]?.certificate).toBeUndefined();
        else expect(seen[0]?.certificate).toMatchObject(shown);
      },
      { ask: what },
    );
});

test('no certificate is no obstacle', async () => {
  await opened(
    async (listener, seen) => {
      expect(await ask(listener.origin, await strict())).toBe('1');
      expect(seen[0]).toMatchObject({ secured: true, requests: 1 });
      expect(seen[0]?.certificate).toBeUndefined();
    },
    { ask: 'client-certificate' },
  );
});

const idle = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';

test('a defect comes and goes, and no connection outlives the change', async () => {
  await opened(async (listener, seen) => {
    const socket = await kept(listener);
    for (let times = 0; times < 2; times += 1) {
      socket.write(idle);
      await once(socket, 'data');
    }
    expect(seen[0]).toMatchObject({ requests: 2 });
    await listener.setDefect('expired');
    socket.resume();
    await once(socket, 'close');
    await expect(ask(listener.origin, await strict())).rejects.toThrow();
    expect(seen[0]?.ending).toBe('used');
    expect(await seen[1]?.ended).toBe('refused');
    await listener.setDefect(undefined);
    expect(await ask(listener.origin, await strict())).toBe('3');
  });
});

// Of a resumed session, a client judges no certificate.
test('a session is not resumed', async () => {
  await opened(async (listener) => {
    const first = await kept(listener);
    const session = once(first, 'session');
    first.resume().write(idle);
    const again = await kept(listener, ((await session) as [Buffer])[0]);
    expect(again.isSessionReused()).toBe(false);
    for (const socket of [first, again]) socket.destroy();
  });
});

test('a listener that closes cuts what is open, and is no client that refuses', async () => {
  let asked = (): void => undefined;
  const unanswered = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const seen: Connection[] = [];
  await opened(
    async (listener) => {
      const waiting = getSecurely(listener.origin, { agent: false, ...(await strict()) });
      waiting.on('error', () => waiting.destroy());
      await unanswered;
      await kept(listener);
    },
    { handler: () => asked(), onConnection: (connection) => seen.push(connection) },
  );
  expect(seen.map(({ ending }) => ending)).toEqual(['used', 'cut']);
});

test('a port without TLS answers nothing but 400', async () => {
  const urls: string[] = [];
  const plain = await openPlain({ host: 'localhost', onRequest: ({ url }) => urls.push(url ?? '') });
  try {
    const response = await responseTo(get(`${plain.origin}/token`, { agent: false }));
    expect(response.statusCode).toBe(400);
    expect(urls).toEqual(['/token']);
    response.resume();
  } finally {
    await plain.close();
  }
});
