import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { test as base, expect } from '@playwright/test';
import { Agent, request } from 'undici';
import { createAuthority } from './authority.ts';
import type { Connection } from './connection.ts';
import { openPort } from './port.ts';
import { openRelay, type Relay, type RelayOptions } from './relay.ts';
import { openRelayService, type RelayService, type RelayServiceOptions } from './relay-service.ts';

const authority = createAuthority({ now: new Date() });
const token = 'token-of-acme';

const test = base.extend<{
  tokenFile: string;
  service: (options?: Partial<RelayServiceOptions>) => Promise<RelayService>;
  relay: (url: string, options?: Partial<RelayOptions>) => Promise<Relay>;
}>({
  tokenFile: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'assay-relay-'));
    const path = join(directory, 'tokens');
    await writeFile(path, `# who\n\nacme:${createHash('sha256').update(token).digest('hex')}\n`);
    await use(path);
    await rm(directory, { recursive: true });
  },
  service: async ({ tokenFile }, use) => {
    const opened: RelayService[] = [];
    await use(async (options = {}) => {
      const service = await openRelayService({
        url: 'https://sandbox.example',
        listen: { host: '127.0.0.1', port: 0 },
        trustedProxies: [],
        tokenFile,
        tell: () => {},
        ...options,
      });
      opened.push(service);
      return service;
    });
    await Promise.all(opened.map((each) => each.close()));
  },
  relay: async ({}, use) => {
    const opened: Relay[] = [];
    await use(async (url, options = {}) => {
      const relay = await openRelay({
        url,
        token,
        trust: [],
        privateNetwork: 'allowed',
        certificates: 'not-needed',
        ...options,
      });
      opened.push(relay);
      return relay;
    });
    await Promise.all(opened.map((each) => each.close()));
  },
});

const at = ({ ports: [port = 0] }: RelayService): string => `http://127.0.0.1:${port}`;

/** Lets a relay answer with what it saw. */
async function echoing(relay: Relay, seen: Connection[] = []): Promise<void> {
  await relay.listen({
    host: 'localhost',
    authority: await authority,
    ask: 'nothing',
    handler(asked, response, connection) {
      seen.push(connection);
      const chunks: Buffer[] = [];
      asked.on('data', (chunk: Buffer) => chunks.push(chunk));
      asked.on('end', () => {
        if (asked.url?.endsWith('/lost')) response.destroy();
        else if (!asked.url?.endsWith('/never'))
          response
            .writeHead(201, { 'x-seen': asked.rawHeaders.join(' '), 'set-cookie': ['a=1', 'b=2'] })
            .end(`${asked.method} ${asked.url} ${Buffer.concat(chunks).toString()}`);
      });
    },
  });
}

const certificateOf = async (): Promise<string> =>
  (await (await authority).issue({ commonName: 'client', usage: 'client' })).certificate;

test('requests and answers pass as they are, to the run of their address alone', async ({
  service,
  relay,
}) => {
  const url = at(await service());
  const [one, other] = [await relay(url), await relay(url)];
  await Promise.all([echoing(one), echoing(other)]);
  for (const { prefix } of [one, other]) {
    const reply = await request(`${url}/.well-known/openid-configuration/${prefix}a?b=ü%20`, {
      method: 'PUT',
      headers: ['X-Odd', '1', 'x-odd', '2'],
      body: 'hällo',
    });
    expect(reply.statusCode).toBe(201);
    expect(reply.headers).toMatchObject({
      'x-seen': expect.stringContaining('X-Odd 1 x-odd 2'),
      'set-cookie': ['a=1', 'b=2'],
    });
    expect(await reply.body.text()).toBe(
      `PUT /.well-known/openid-configuration/${prefix}a?b=%C3%BC%20 hällo`,
    );
  }
  for (const path of ['/', '/.well-known/x', `/${one.prefix.replace('.', '')}x.a`, '/%', '//'])
    expect((await request(`${url}${path}`)).statusCode, path).toBe(404);
  const check = one.watch();
  await check();
});

test('only a token that is known registers a run, and only its key is heard', async ({ service, relay }) => {
  const opened = await service();
  const url = at(opened);
  await expect(relay(url, { token: `${token}x` })).rejects.toMatchObject({
    code: 'wrong-token',
    fault: 'configuration',
    message: expect.not.stringContaining(token),
  });
  const { prefix } = await relay(url);
  for (const path of ['poll', 'losses', 'end', 'answer/1'])
    for (const authorization of [`Bearer ${prefix}key`, `Bearer ${token}`, ''])
      expect(
        (await request(`${url}/.assay/${path}`, { method: 'POST', headers: { authorization } })).statusCode,
      ).toBe(401);
  expect(opened.runs()).toBe(1);
  await expect(relay(url, { certificates: 'needed' })).rejects.toMatchObject({ code: 'no-certificates' });
});

test('a certificate in a header counts from a trusted proxy alone', async ({ service, relay }) => {
  const certificate = await certificateOf();
  const header = `:${new X509Certificate(certificate).raw.toString('base64')}:`;
  for (const [trustedProxies, expected] of [
    [['192.0.2.0/24', '::1'], undefined],
    [['127.0.0.0/8'], certificate.trim()],
  ] as const) {
    const url = at(
      await service({ trustedProxies, certificateHeader: { header: 'Client-Cert', format: 'rfc9440' } }),
    );
    const run = await relay(url, { certificates: 'needed' });
    const seen: Connection[] = [];
    await echoing(run, seen);
    const { headers } = await request(`${url}/${run.prefix}a`, {
      headers: { 'client-cert': header, 'client-cert-chain': header },
    });
    expect(seen[0]?.certificate?.certificate.trim()).toBe(expected);
    expect(headers['x-seen']).not.toMatch(/client-cert/iu);
    if (expected === undefined) continue;
    // Both of a proxy that leaves what the client sent: nobody can tell which is which.
    const twice = await request(`${url}/${run.prefix}a`, {
      headers: ['client-cert', header, 'client-cert', header],
    });
    expect(twice.statusCode).toBe(400);
    expect(seen).toHaveLength(1);
  }
});

test('what is too large, too much or too late is refused, and the run is told what it missed', async ({
  service,
  relay,
}) => {
  const url = at(await service({ limits: { patience: 300, queue: 2, body: 1000 } }));
  const run = await relay(url);
  await echoing(run);
  const whole = run.watch();
  const long = await request(`${url}/${run.prefix}a`, { method: 'POST', body: 'x'.repeat(1001) });
  expect(long.statusCode).toBe(413);
  await whole();
  const never = () => request(`${url}/${run.prefix}a/never`);
  const codes = (await Promise.all([never(), never(), never()])).map(({ statusCode }) => statusCode);
  expect(codes.filter((code) => code === 504)).toHaveLength(2);
  expect(codes).toContain(503);
  await expect(whole()).rejects.toMatchObject({ fault: 'environment', message: /expected the relay/u });
  await run.watch()();
  expect(await request(`${url}/${run.prefix}a/lost`).catch(({ code }: { code: string }) => code)).toBe(
    'UND_ERR_SOCKET',
  );
  await expect(run.watch()()).rejects.toThrow('a connection that breaks cannot be shown through a proxy');
});

test('runs are bounded, and end with those who registered them', async ({ service, relay }) => {
  const opened = await service({ limits: { runsOfHolder: 2 } });
  const url = at(opened);
  const first = await relay(url);
  await relay(url);
  await expect(relay(url)).rejects.toMatchObject({ code: 'full', fault: 'environment' });
  await first.close();
  expect(opened.runs()).toBe(1);
  expect((await request(`${url}/${first.prefix}a`)).statusCode).toBe(404);
});

test('a lost connection is taken up again', async ({ service, relay }) => {
  const { ports } = await service();
  const wire = await openPort({
    host: '127.0.0.1',
    accept(socket) {
      const onward = connect(ports[0] ?? 0, '127.0.0.1');
      onward.on('error', () => socket.destroy());
      socket.once('close', () => onward.destroy());
      onward.once('close', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    },
  });
  try {
    const run = await relay(`http://127.0.0.1:${wire.number}`);
    await echoing(run);
    for (let cut = 0; cut < 3; cut += 1) {
      wire.cut();
      const reply = await request(`http://127.0.0.1:${ports[0]}/${run.prefix}a`);
      expect(reply.statusCode).toBe(201);
    }
    await run.watch()();
    await run.close();
  } finally {
    await wire.close();
  }
});

test('a run whose process is killed leaves nothing behind', async ({ service }) => {
  let told = '';
  const { promise, resolve } = Promise.withResolvers<void>();
  const opened = await service({
    limits: { idle: 200 },
    tell(line) {
      told += `${line}\n`;
      if (line.includes('over')) resolve();
    },
  });
  const script = `
    const { openRelay } = await import(${JSON.stringify(new URL('relay.ts', import.meta.url).href)});
    const { prefix } = await openRelay(${JSON.stringify({ url: at(opened), token, trust: [], privateNetwork: 'allowed', certificates: 'not-needed' })});
    process.stdout.write(prefix);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [prefix] = (await once(child.stdout, 'data')) as [Buffer];
  expect(opened.runs()).toBe(1);
  const asked = request(`${at(opened)}/${prefix.toString()}a`);
  child.kill('SIGKILL');
  expect([404, 503]).toContain((await asked).statusCode);
  await promise;
  expect(opened.runs()).toBe(0);
  expect(told).toBe('a run of acme begins; 1 at once\na run of acme is over; 0 at once\n');
});

test('it ends TLS itself, and asks for certificates at a port of its own', async ({ service, relay }) => {
  const issued = await (
    await authority
  ).issue({ commonName: 'localhost', names: ['localhost'], usage: 'server' });
  const own = await (await authority).issue({ commonName: 'client', usage: 'client' });
  const ca = (await authority).certificate;
  const opened = await service({
    listen: { host: 'localhost', port: 0 },
    tls: issued,
    mutual: { url: 'https://localhost', listen: { host: 'localhost', port: 0 } },
  });
  const [main, mutual] = opened.ports.map((port) => `https://localhost:${port}`);
  const run = await relay(main ?? '', { trust: [ca], certificates: 'needed' });
  const seen: Connection[] = [];
  await echoing(run, seen);
  const dispatcher = new Agent({ connect: { ca, cert: own.certificate, key: own.key } });
  for (const origin of [main, mutual]) await request(`${origin}/${run.prefix}a`, { dispatcher });
  expect(seen.map(({ certificate }) => certificate?.certificate.trim())).toEqual([
    undefined,
    own.certificate.trim(),
  ]);
  const lost = request(`${main}/${run.prefix}a/lost`, { dispatcher });
  await expect(lost).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
  await run.watch()();
  await dispatcher.close();
});

test('a file of tokens with mistakes is refused, without its lines', async ({ service, tokenFile }) => {
  await writeFile(tokenFile, `a:${'0'.repeat(64)}\n${token}\n`);
  await expect(service()).rejects.toMatchObject({
    code: 'bad-tokens',
    message: `${tokenFile}:2: expected name:sha256-of-token, 64 hexadecimal digits, and each name once`,
  });
  await expect(service({ tokenFile: '/nonexistent' })).rejects.toMatchObject({ code: 'bad-tokens' });
});
