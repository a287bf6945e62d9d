import { createHash, X509Certificate } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose';
import { createAuthority } from '../../fixtures/pki/authority.ts';
import {
  accessOf,
  ask,
  handIn,
  issuers,
  openOffice,
  receiver,
  type Got,
  type Office,
} from '../../fixtures/service.ts';
import { readToken } from '../../fixtures/signal-receiver.ts';
import { memoryProjection } from '../certification/memory-projection.ts';
import { openRegister } from '../certification/register.ts';
import { defaultRules } from '../certification/rules.ts';
import { sampleEdition, sampleResult } from '../certification/sample.ts';
import { statusAt } from '../certification/publication/status-list.ts';
import { actStatement } from '../certification/transition.ts';
import { seal } from '../evidence/envelope.ts';
import { openLogWriter } from '../evidence/log-writer.ts';
import { openLog } from '../evidence/log.ts';
import { sampleKey } from '../evidence/sample.ts';
import { verifyProof } from '../evidence/tlog-proof.ts';
import { entryOf } from '../evidence/entry.ts';
import { verifyToken } from '../gate/token.ts';
import { bodyLimit } from './http.ts';
import type { Service } from './service.ts';

/** Entries of the log before the service starts: a full tile, and a part of another. */
const beforehand = 300;

interface Running {
  readonly office: Office;
  readonly service: Service;
  /** PEM certificates of `marked` and of somebody else. */
  readonly certificates: { readonly own: string; readonly other: string };
}

// One service for all tests of this file, each of which is about integrations of its own; the clock only goes on.
const test = base.extend<{}, { running: Running }>({
  running: [
    async ({}, use) => {
      const authority = await createAuthority({ now: new Date() });
      const issue = async (commonName: string): Promise<string> =>
        (await authority.issue({ commonName, usage: 'client' })).certificate;
      const certificates = { own: await issue('own'), other: await issue('other') };
      await using office = await openOffice({ marked: thumbprintOf(certificates.own) });
      const { log } = office.operator;
      if (log === undefined) throw new Error('expected a key for the log');
      const writer = await openLogWriter({ directory: join(office.directory, 'evidence'), ...log });
      const old = Array.from({ length: beforehand }, (_, at) => office.run(`old-${at % 7}`));
      const envelopes = await Promise.all(old);
      await writer.exclusively((each) => each.append(envelopes));
      await writer.close();
      const service = await office.start();
      await use({ office, service, certificates });
      await service.close();
    },
    { scope: 'worker' },
  ],
});
test.describe.configure({ mode: 'default' });

const thumbprintOf = (pem: string): string =>
  createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url');

const json = (got: Got): Record<string, unknown> => JSON.parse(got.text) as Record<string, unknown>;

/** Registers and certifies an integration. */
async function certify({ office, service }: Running, integration: string): Promise<void> {
  expect((await handIn(service, await office.register(integration))).status).toBe(200);
  expect((await handIn(service, await office.run(integration))).status).toBe(200);
}

test('a statement is taken once, with a proof; again it changes nothing', async ({ running }) => {
  const { office, service } = running;
  await handIn(service, await office.register('once'));
  const envelope = await office.run('once');
  const first = await handIn(service, envelope);
  expect([first.status, first.headers['content-type'], first.headers['cache-control']]).toEqual([
    200,
    'application/json; charset=utf-8',
    'no-store',
  ]);
  expect(json(first)['transitions']).toMatchObject([{ from: 'uncertified', event: 'passed' }]);
  verifyProof(String(json(first)['proof']), entryOf(envelope), office.operator.verifiers.log);
  expect(office.told.join('\n')).toContain(
    'certification: once in production under fapi2-sp-flows-1: uncertified -> certified',
  );
  const second = await handIn(service, envelope);
  expect(json(second)).toMatchObject({
    digest: json(first)['digest'],
    index: json(first)['index'],
    transitions: [],
  });
  // Many at once each get a proof of their own, whichever look at the log ends last.
  const many = await Promise.all(
    Array.from({ length: 8 }, async (_, at) => await office.run(`together-${at}`)),
  );
  const settled = await Promise.all(many.map((each) => handIn(service, each)));
  for (const [at, got] of settled.entries()) {
    expect(got.status, got.text).toBe(200);
    verifyProof(String(json(got)['proof']), entryOf(many[at] ?? ''), office.operator.verifiers.log);
  }
});

test('what does not count is refused with its reason, and is not logged', async ({ running }) => {
  const { office, service } = running;
  const { signer } = office.operator;
  const result = sampleResult({
    integration: 'refused',
    finished: office.now().toISOString(),
    requirements: {},
  });
  const suspend = async (by: typeof signer): Promise<string> =>
    await seal(
      actStatement({
        integration: 'refused',
        environment: 'production',
        deed: { kind: 'suspend' },
        actor: by.holder,
        reason: 'tried',
        at: office.now().toISOString(),
        nonce: 'n',
      }),
      [by],
    );
  const good = await office.run('refused');
  const cases: Readonly<Record<string, readonly [string, number, string]>> = {
    nothing: ['', 422, 'malformed'],
    'no JSON': ['{', 422, 'malformed'],
    'no envelope': ['{}', 422, 'malformed'],
    'another spelling': [` ${good}`, 422, 'not-canonical'],
    'bytes that are no text': ['\u{FFFD}\0', 422, 'malformed'],
    'an unknown key': [await seal(result, [sampleKey().signer]), 422, 'unknown-key'],
    'a changed signature': [good.replace(/"sig":"..../u, '"sig":"AAAA'), 422, 'bad-signature'],
    'a key for something else': [await suspend(signer), 422, 'key-not-entitled'],
    'the future': [
      await office.run('refused', { finished: new Date(office.now().getTime() + 600_000).toISOString() }),
      422,
      'from-the-future',
    ],
    'what is too large': ['a'.repeat(bodyLimit + 1), 413, 'invalid_request'],
  };
  const size = async () =>
    (await openLog(join(office.directory, 'evidence'), office.operator.verifiers.log)).size;
  const before = await size();
  for (const [what, [envelope, status, code]] of Object.entries(cases)) {
    const got = await handIn(service, envelope);
    expect([what, got.status, json(got)['error']], got.text).toEqual([what, status, code]);
    expect(got.text).not.toContain(office.directory);
  }
  expect(await size()).toBe(before);
  const read = await ask(`${service.publicUrl}/log/v1/statements`, { method: 'PUT' });
  expect([read.status, read.headers['allow']]).toEqual([405, 'POST']);
});

test('the log is served as a whole, and nothing beside it', async ({ running }) => {
  const { office, service } = running;
  const directory = join(office.directory, 'evidence');
  await mkdir(join(directory, '.writing'), { recursive: true });
  for (const name of ['.writing/checkpoint', '.checkpoint.1.tmp', 'objects/secret.json', 'note.txt'])
    await writeFile(join(directory, name), 'private');
  const names = (await readdir(directory, { recursive: true, withFileTypes: true }))
    // Those of SQLite come and go with its locks.
    .filter((each) => each.isFile() && !each.name.endsWith('-journal'))
    .map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1));
  const statuses = new Map(
    await Promise.all(
      names.map(async (name) => [name, (await ask(`${service.publicUrl}/log/${name}`)).status] as const),
    ),
  );
  const hidden = [...statuses].filter(([, status]) => status !== 200).map(([name]) => name);
  expect(hidden.toSorted()).toEqual(
    [
      '.checkpoint.1.tmp',
      '.lock',
      '.server',
      '.writing/checkpoint',
      'note.txt',
      'objects/secret.json',
    ].toSorted(),
  );
  expect([...statuses].filter(([, status]) => status !== 200).every(([, status]) => status === 404)).toBe(
    true,
  );
  expect([...statuses.keys()]).toContain('tile/entries/000');
  expect([...statuses.keys()].some((name) => /^tile\/0\/001\.p\/\d+$/u.test(name))).toBe(true);
  for (const path of [
    '../operator/verifiers.json',
    '%2e%2e/operator/verifiers.json',
    '..%2foperator%2fverifiers.json',
    'objects/../checkpoint',
    'tile/../checkpoint',
    'checkpoint/',
    'checkpoint%00',
    '/checkpoint',
    '',
    `objects/${'0'.repeat(64)}.json`,
  ]) {
    // A client of its own would tidy the path up.
    const got = await rawGet(service.publicUrl, `/log/${path}`);
    expect([path, /^HTTP\/1\.1 (\d+)/u.exec(got)?.[1]]).toEqual([path, '404']);
    expect(got).not.toContain('assay-verifiers');
  }
  const caching = async (path: string) =>
    (await ask(`${service.publicUrl}/log/${path}`)).headers['cache-control'];
  expect(await caching('checkpoint')).toBe('no-cache');
  expect(await caching('tile/0/000')).toContain('immutable');
});

async function rawGet(base: string, path: string): Promise<string> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test('what is published changes with a suspension at once', async ({ running }) => {
  const { office, service } = running;
  await certify(running, 'marked');
  const at = (path: string) => `${service.publicUrl}/marks${path}`;
  const configuration = await ask(at('/.well-known/openid-federation'));
  const { jwks } = decodeJwt<{ jwks: JSONWebKeySet }>(configuration.text);
  const keys = createLocalJWKSet(jwks);
  const read = async (got: Got, typ: string) =>
    (await jwtVerify(got.text, keys, { typ, currentDate: office.now() })).payload;
  expect(await read(configuration, 'entity-statement+jwt')).toMatchObject({
    iss: issuers.marks,
    sub: issuers.marks,
  });

  const type = `${issuers.marks}/trust-marks/${sampleEdition}/production`;
  const sub = `${issuers.marks}/integrations/marked`;
  const query = new URLSearchParams({ trust_mark_type: type, sub }).toString();
  const mark = await ask(at(`/trust-mark?${query}`));
  const claims = await read(mark, 'trust-mark+jwt');
  expect(claims).toMatchObject({ iss: issuers.marks, sub, trust_mark_type: type });
  const { idx, uri } = (claims['status'] as { status_list: { idx: number; uri: string } }).status_list;
  const status = async () => ({
    mark: (
      await read(
        await ask(at('/trust-mark-status'), {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ trust_mark: mark.text }).toString(),
        }),
        'trust-mark-status-response+jwt',
      )
    )['status'],
    given: (await ask(at(`/trust-mark?${query}`))).status,
    listed: JSON.parse(
      (await ask(at(`/trust-marked?${new URLSearchParams({ trust_mark_type: type }).toString()}`))).text,
    ).includes(sub),
    bits: await statusAt((await ask(at('/status-list'))).text, idx, {
      uri,
      keys: jwks.keys as Record<string, string>[],
      now: office.now(),
    }),
  });
  expect(await status()).toEqual({ mark: 'active', given: 200, listed: true, bits: 0 });
  await handIn(service, await office.act('marked', { kind: 'suspend' }));
  expect(await status()).toEqual({ mark: 'revoked', given: 404, listed: false, bits: 2 });
  await handIn(service, await office.act('marked', { kind: 'reinstate' }));
});

test('a decision token is for one gateway, and for the certificates of who is registered', async ({
  running,
}) => {
  const { office, service, certificates } = running;
  await certify(running, 'marked');
  const token = async (pem: string, audience = 'gateway.example') =>
    await ask(`${service.gateUrl}/gate/token`, {
      headers: {
        'x-assay-environment': 'production',
        'x-assay-client-certificate': encodeURIComponent(pem),
        ...(audience === '' ? {} : { 'x-assay-audience': audience }),
      },
    });
  const own = await token(certificates.own);
  expect([own.status, own.headers['content-type']]).toEqual([200, 'application/jwt']);
  const demands = {
    keys: [office.operator.signer],
    issuer: issuers.marks,
    audience: 'gateway.example',
    now: office.now(),
    environment: 'production',
    action: 'access',
    certificate: thumbprintOf(certificates.own),
  } as const;
  expect(await verifyToken(own.text, demands)).toMatchObject({ sub: 'marked', decision: 'allow' });
  for (const other of [
    { certificate: thumbprintOf(certificates.other) },
    { audience: 'another.example' },
    { environment: 'sandbox' } as const,
    { now: new Date(office.now().getTime() + 61_000) },
  ])
    await expect(verifyToken(own.text, { ...demands, ...other })).rejects.toMatchObject({
      code: 'bad-token',
    });
  expect((await token(certificates.other)).status).toBe(404);
  expect((await token(certificates.own, '')).status).toBe(400);
  await handIn(service, await office.act('marked', { kind: 'suspend' }));
  expect(
    await verifyToken((await token(certificates.own)).text, { ...demands, now: office.now() }),
  ).toMatchObject({
    decision: 'deny',
  });
  await handIn(service, await office.act('marked', { kind: 'reinstate' }));
});

test('a receiver that waits is told of a closing', async ({ running }) => {
  const { office, service } = running;
  await certify(running, 'signalled');
  await expect
    .poll(() => office.told.some((line) => /delivered: watch made signalled in production open/u.test(line)))
    .toBe(true);
  const poll = async (body: object, bearer: string = receiver.token) =>
    await ask(`${service.publicUrl}/signals/poll/${receiver.stream}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  expect((await poll({}, 'wrong')).status).toBe(401);
  const earlier = json(await poll({ returnImmediately: true }))['sets'] as Record<string, string>;
  const waiting = poll({ ack: Object.keys(earlier) });
  await handIn(service, await office.act('signalled', { kind: 'suspend' }));
  const [set = ''] = Object.values(json(await waiting)['sets'] as Record<string, string>);
  const keys = json(await ask(`${service.publicUrl}/signals/jwks.json`)) as unknown as JSONWebKeySet;
  const claims = await readToken(set, { issuer: issuers.signals, audience: receiver.audience, keys });
  expect(JSON.stringify(claims)).toContain('client-of-signalled');
});

test('health is told at both addresses', async ({ running: { service } }) => {
  for (const url of [service.gateUrl, service.publicUrl]) {
    const got = await ask(`${url}/health`);
    expect([got.status, json(got), got.headers['cache-control']]).toEqual([
      200,
      { status: 'ok' },
      'no-store',
    ]);
    expect((await ask(`${url}/health`, { method: 'HEAD' })).status).toBe(200);
  }
  // Only proxies may ask the gate.
  expect((await ask(`${service.publicUrl}/gate/nginx`)).status).toBe(404);
  expect((await ask(`${service.gateUrl}/log/checkpoint`)).status).toBe(404);
});

test('what another writer logs is followed', async ({ running }) => {
  const { office, service } = running;
  await certify(running, 'elsewhere');
  expect(await accessOf(service, 'elsewhere')).toBe(204);
  const { log } = office.operator;
  if (log === undefined) throw new Error('expected a key for the log');
  const writer = await openLogWriter({ directory: join(office.directory, 'evidence'), ...log });
  const register = openRegister({
    writer,
    signer: office.operator.signer,
    verifiers: office.operator.verifiers,
    rules: defaultRules,
    projection: memoryProjection(),
    now: () => office.now(),
  });
  await register.settle(await office.act('elsewhere', { kind: 'suspend' }));
  await writer.close();
  await expect.poll(() => accessOf(service, 'elsewhere')).toBe(403);
});

// The two that follow move the clock on.

test('break-glass opens, is told, and ends by itself', async ({ running: { office, service } }) => {
  await handIn(service, await office.register('glass'));
  expect(await accessOf(service, 'glass')).toBe(403);
  const until = new Date(office.now().getTime() + 3_600_000).toISOString();
  await handIn(
    service,
    await office.act('glass', { kind: 'break-glass', until }, { reason: 'payments stand still' }),
  );
  expect(await accessOf(service, 'glass')).toBe(204);
  const told = (line: string) => expect.poll(() => office.told).toContainEqual(line);
  await told(
    `break-glass: glass in production was opened by Olivia Operator until ${until}: payments stand still`,
  );
  office.pass({ seconds: 3_601 });
  await expect.poll(() => accessOf(service, 'glass')).toBe(403);
  await told('break-glass: that of glass in production is over');
});

test('evidence that expires is recorded by itself', async ({ running }) => {
  const { office, service } = running;
  await certify(running, 'expiring');
  const size = async () =>
    (await openLog(join(office.directory, 'evidence'), office.operator.verifiers.log)).size;
  const before = await size();
  office.pass({ seconds: 31 * 86_400 });
  await expect
    .poll(() => office.told.join('\n'))
    .toMatch(/certification: expiring in production .*shows nothing after/u);
  expect(await size()).toBeGreaterThan(before);
  expect(service.gate.standing('expiring')?.certifications).toMatchObject([{ stale: expect.anything() }]);
  expect(await accessOf(service, 'expiring')).toBe(403);
  expect(office.told.filter((line) => /^(?:clock|store|public|gate):/u.test(line))).toEqual([]);
});
