import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import type { JSONWebKeySet } from 'jose';
import { createAuthority } from '../../../fixtures/pki/authority.ts';
import { readToken, startSignalReceiver, type SignalReceiver } from '../../../fixtures/signal-receiver.ts';
import { generateKey, keyId, publicJwk } from '../../evidence/signer.ts';
import type { Database } from '../../store/database.ts';
import { migrate } from '../../store/migrate.ts';
import { openDatabase } from '../../store/open.ts';
import type { Connector, ConnectorContext, Desired } from '../connector.ts';
import { openConnector } from '../connectors.ts';
import { contract, keptMemory, state, type Target } from '../contract.ts';
import {
  openTransmitter,
  streamsByIssuer,
  type Transmitter,
  type TransmitterLimits,
} from './signal-endpoints.ts';
import type { SignalReply } from './signal-http.ts';
import type { SignalsEntry } from './signal-stream.ts';

// One database for all: the first opening of each takes seconds.
test.describe.configure({ mode: 'default' });

let directory: string;
let database: Database;

test.beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'assay-signals-'));
  database = await openDatabase({ kind: 'embedded', directory: join(directory, 'database') });
  await migrate(database);
});

test.afterAll(async () => {
  await database.close();
  await rm(directory, { recursive: true });
});

const issuer = 'https://assay.example/signals';
const accessEvent = 'https://schemas.openid.net/secevent/caep/event-type/risk-level-change';
const verificationEvent = 'https://schemas.openid.net/secevent/ssf/event-type/verification';

/** Ways to a stream of its own for each test, with a key, a receiver's token and a place for the files of its entry. */
async function makeStream(delivery: SignalsEntry['delivery'], more: object = {}) {
  const base = await mkdtemp(join(directory, 'stream-'));
  const key = generateKey('ES256');
  await writeFile(join(base, 'key.json'), JSON.stringify(key));
  await writeFile(join(base, 'token'), 'token-of-the-receiver\n');
  const entry: SignalsEntry = {
    name: `stream-${randomUUID()}`,
    kind: 'signals',
    environment: 'production',
    issuer,
    key: { file: 'key.json' },
    audience: ['https://receiver.example'],
    authorization_server: 'https://as.example',
    delivery,
    receiver_token: { file: 'token' },
    private_network: 'allowed',
    timeout_seconds: 5,
    ...more,
  };
  const context: ConnectorContext = { base, database, now: () => new Date() };
  const keys: JSONWebKeySet = {
    keys: [{ ...publicJwk(key), kid: keyId(key), alg: 'ES256', use: 'sig' }],
  };
  const expected = { issuer, audience: 'https://receiver.example', keys };
  const memory = keptMemory();
  return {
    entry,
    context,
    expected,
    memory,
    integration: {
      integration: 'one',
      environment: 'production',
      clients: ['client-one', 'client-two'],
      certificates: [],
    } satisfies Target['integration'],
    connect: async (members: object = {}): Promise<Connector & AsyncDisposable> =>
      disposed(await openConnector({ ...entry, ...members }, context)),
    transmit: async (limits?: TransmitterLimits) => await openTransmitter([entry], context, limits),
  };
}

type StreamOfTest = Awaited<ReturnType<typeof makeStream>>;

interface PushTarget extends Target {
  readonly receiver: SignalReceiver;
  readonly stream: StreamOfTest;
}

async function startPush(): Promise<PushTarget> {
  const authority = await createAuthority({ now: new Date() });
  const right = `Bearer ${randomUUID()}`;
  const receiver = await startSignalReceiver(authority, right, async () => stream.expected);
  const stream = await makeStream(
    { method: 'push', endpoint: receiver.url, authorization: { file: 'right' } },
    { trust: ['authority.pem'] },
  );
  const { base } = stream.context;
  await writeFile(join(base, 'authority.pem'), authority.certificate);
  await writeFile(join(base, 'right'), right);
  await writeFile(join(base, 'wrong'), 'Bearer wrong');
  const access = async () =>
    stream.integration.clients.some((client) => receiver.told.get(client) === 'HIGH') ? 'closed' : 'open';
  return {
    receiver,
    stream,
    integration: stream.integration,
    connect: async (how) =>
      await stream.connect({
        delivery: {
          method: 'push',
          endpoint: how === 'down' ? 'https://localhost:1/' : receiver.url,
          authorization: { file: how === 'wrong' ? 'wrong' : 'right' },
        },
      }),
    access,
    snapshot: access,
    loseNextAnswer: () => void receiver.answers.push('nothing'),
    [Symbol.asyncDispose]: async () => await receiver[Symbol.asyncDispose](),
  };
}

contract('Shared Signals', { start: startPush, lacks: ['look', 'tamper', 'forget'] });

test('tells of each client by a token that a receiver verifies', async () => {
  await using target = await startPush();
  await using connector = await target.stream.connect();
  const desired = state(target, 'closed', 7);
  await connector.apply(desired, target.stream.memory);
  const claims = await Promise.all(
    target.receiver.tokens.map(async (token) => await readToken(token, target.stream.expected)),
  );
  expect(claims.map((each) => each['sub_id'])).toEqual(
    ['client-one', 'client-two'].map((sub) => ({
      format: 'complex',
      application: { format: 'iss_sub', iss: 'https://as.example', sub },
    })),
  );
  expect(claims.map((each) => each['events'])).toEqual(
    claims.map(() => ({
      [accessEvent]: {
        principal: 'APPLICATION',
        current_level: 'HIGH',
        risk_reason: desired.reason,
        initiating_entity: 'policy',
        event_timestamp: Date.parse(desired.at) / 1000,
        access: 'closed',
        integration: 'one',
        environment: 'production',
        evidence: desired.evidence,
      },
    })),
  );
  // One cause, two tokens (SSF 1.0, section 4.1.9).
  expect(new Set(claims.map(({ jti }) => jti)).size).toBe(2);
  expect(new Set(claims.map((each) => each['txn'])).size).toBe(1);
});

test('pushes a lost token again as it was, and an accepted one never', async () => {
  await using target = await startPush();
  await using connector = await target.stream.connect();
  const { receiver, stream } = target;
  receiver.answers.push({ status: 202 }, { status: 503, headers: { 'retry-after': '7' } });
  const desired = state(target, 'closed', 1);
  await expect(connector.apply(desired, stream.memory)).rejects.toMatchObject({
    code: 'temporary',
    retryAfter: 7,
  });
  await connector.apply(desired, stream.memory);
  await connector.apply(desired, stream.memory);
  const [one, lost, again, ...more] = receiver.tokens;
  expect(again).toBe(lost);
  expect(again).not.toBe(one);
  expect(more).toEqual([]);
});

test('says why a receiver refuses a token, without its unprintable characters', async () => {
  await using target = await startPush();
  await using connector = await target.stream.connect();
  target.receiver.answers.push({
    status: 400,
    body: JSON.stringify({ err: 'invalid_issuer', description: 'who is\u001b[2J that?' }),
  });
  await expect(connector.apply(state(target, 'closed', 1), target.stream.memory)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringMatching(/did not accept a token: invalid_issuer \(who is\?\[2J that\?\)$/u),
  });
  // The receiver was mended: the same decision arrives.
  await connector.apply(state(target, 'closed', 1), target.stream.memory);
  expect(await target.access()).toBe('closed');
});

test('leaves out what a newer decision has overtaken', async () => {
  await using target = await startPush();
  await using connector = await target.stream.connect();
  target.receiver.answers.push({ status: 503 }, { status: 503 });
  await expect(connector.apply(state(target, 'closed', 1), target.stream.memory)).rejects.toMatchObject({
    code: 'temporary',
  });
  await connector.apply(state(target, 'open', 2), target.stream.memory);
  const [, , ...after] = await levels(target.receiver.tokens, target.stream);
  expect(after).toEqual(['LOW', 'LOW']);
});

test('says that a client is closed which the integration no longer has', async () => {
  await using target = await startPush();
  await using connector = await target.stream.connect();
  const { receiver, stream } = target;
  await connector.apply(state(target, 'open', 1), stream.memory);
  const moved = { ...state(target, 'open', 2), clients: ['client-two'] };
  receiver.answers.push({ status: 202 }, { status: 503 });
  await expect(connector.apply(moved, stream.memory)).rejects.toMatchObject({ code: 'temporary' });
  await connector.apply(moved, stream.memory);
  expect(Object.fromEntries(receiver.told)).toEqual({ 'client-one': 'HIGH', 'client-two': 'LOW' });
  const count = receiver.tokens.length;
  await connector.apply({ ...moved, revision: 3, clients: [] }, stream.memory);
  expect(receiver.told.get('client-two')).toBe('HIGH');
  // The other was told once and for all.
  expect(receiver.tokens).toHaveLength(count + 1);
});

const pollDelivery = { method: 'poll' } as const;

/** The endpoint of a transmitter whose path ends so, asked with the receiver's token. */
async function ask(
  transmitter: Transmitter,
  path: string,
  {
    body = '',
    query = '',
    token = 'token-of-the-receiver',
  }: { body?: string; query?: string; token?: string } = {},
): Promise<SignalReply & { readonly json: unknown }> {
  const endpoint = transmitter.endpoints.find((each) => each.path.startsWith(path));
  if (endpoint === undefined) throw new TypeError(`no endpoint ${path}`);
  const reply = await endpoint.answer({
    query: new URLSearchParams(query),
    headers: { authorization: `Bearer ${token}` },
    body,
  });
  return { ...reply, json: reply.body === '' ? undefined : JSON.parse(reply.body) };
}

async function pollOnce(transmitter: Transmitter, request: object): Promise<Polled> {
  const { status, json } = await ask(transmitter, '/signals/poll/', {
    body: JSON.stringify({ returnImmediately: true, ...request }),
  });
  expect(status).toBe(200);
  return json as Polled;
}

interface Polled {
  readonly sets: Readonly<Record<string, string>>;
  readonly moreAvailable?: boolean;
}

const closing = (stream: StreamOfTest, revision: number): Desired => ({
  ...stream.integration,
  access: 'closed',
  ended: 'no',
  revision,
  reason: 'suspended',
  evidence: ['0'.repeat(64)],
  at: new Date(Date.UTC(2026, 0, 1, 0, 0, revision)).toISOString(),
});

const levels = async (tokens: readonly string[], stream: StreamOfTest) =>
  await Promise.all(
    tokens.map(async (token) => {
      const { events } = (await readToken(token, stream.expected)) as {
        events?: Record<string, { current_level: string }>;
      };
      return events?.[accessEvent]?.current_level;
    }),
  );

test('gives a polling receiver its tokens until it acknowledges them', async () => {
  const stream = await makeStream(pollDelivery);
  await using connector = await stream.connect();
  await using transmitter = await stream.transmit();
  await connector.apply(closing(stream, 1), stream.memory);

  expect(await pollOnce(transmitter, { maxEvents: 0 })).toEqual({ sets: {} });
  const first = await pollOnce(transmitter, { maxEvents: 1 });
  expect(first.moreAvailable).toBe(true);
  expect(await levels(Object.values(first.sets), stream)).toEqual(['HIGH']);
  expect(await pollOnce(transmitter, { maxEvents: 1 })).toEqual(first);

  const second = await pollOnce(transmitter, { ack: [...Object.keys(first.sets), 'unknown'] });
  expect(second.moreAvailable).toBeUndefined();
  expect(Object.keys(second.sets)).toHaveLength(1);
  expect(Object.keys(second.sets)).not.toEqual(Object.keys(first.sets));
  expect(await pollOnce(transmitter, { ack: Object.keys(second.sets) })).toEqual({ sets: {} });
  await connector.apply(closing(stream, 1), stream.memory);
  expect(await pollOnce(transmitter, {})).toEqual({ sets: {} });
  expect(await connector.observe(closing(stream, 1), stream.memory)).toBe('unknown');
});

test('tells of a refusal by setErrs, and offers the token again when it is applied again', async () => {
  const stream = await makeStream(pollDelivery);
  await using connector = await stream.connect();
  await using transmitter = await stream.transmit();
  await connector.apply(closing(stream, 1), stream.memory);
  const { sets } = await pollOnce(transmitter, { maxEvents: 1 });
  const [jti = ''] = Object.keys(sets);
  const { sets: rest } = await pollOnce(transmitter, {
    setErrs: { [jti]: { err: 'invalid_audience', description: 'not for us' } },
  });
  expect(rest).not.toHaveProperty(jti);
  await expect(connector.observe(closing(stream, 1), stream.memory)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('invalid_audience (not for us)'),
  });
  await connector.apply(closing(stream, 1), stream.memory);
  expect((await pollOnce(transmitter, {})).sets).toHaveProperty(jti, sets[jti]);
  expect(await connector.observe(closing(stream, 1), stream.memory)).toBe('unknown');
});

test('keeps a polling receiver until there is something for it', async () => {
  const stream = await makeStream(pollDelivery);
  await using connector = await stream.connect();
  // Longer than a test may take: only the news can end the waiting.
  await using transmitter = await stream.transmit({ patience: 600_000 });
  const polled = pollOnce(transmitter, { returnImmediately: false });
  await connector.apply(closing(stream, 1), stream.memory);
  expect(Object.keys((await polled).sets)).toHaveLength(2);
});

test('lets a polling receiver go when patience ends, and when the transmitter does', async () => {
  const stream = await makeStream(pollDelivery);
  await using short = await stream.transmit({ patience: 1 });
  expect(await pollOnce(short, { returnImmediately: false })).toEqual({ sets: {} });
  const long = await stream.transmit({ patience: 600_000 });
  const polled = pollOnce(long, { returnImmediately: false });
  await long[Symbol.asyncDispose]();
  expect(await polled).toEqual({ sets: {} });
});

for (const [what, body] of Object.entries({
  'no JSON': '{',
  'a list': '[]',
  'a negative maxEvents': '{"maxEvents":-1}',
  'a text as ack': '{"ack":"a"}',
  'a number in ack': '{"ack":[1]}',
  'a text as returnImmediately': '{"returnImmediately":"true"}',
  'an error without err': '{"setErrs":{"a":{}}}',
}))
  test(`refuses a poll with ${what}`, async () => {
    const stream = await makeStream(pollDelivery);
    await using transmitter = await stream.transmit();
    expect(await ask(transmitter, '/signals/poll/', { body })).toMatchObject({
      status: 400,
      json: { err: 'invalid_request', description: expect.stringContaining('expected') },
    });
  });

test('finds the streams of each issuer among the connectors', async () => {
  const one = (await makeStream(pollDelivery)).entry;
  const two = (await makeStream(pollDelivery)).entry;
  const other = (await makeStream(pollDelivery, { issuer: 'https://other.example' })).entry;
  const entries = [one, { kind: 'webhook' }, other, two].map((entry) => ({ entry }));
  expect(streamsByIssuer(entries)).toEqual([[one, two], [other]]);
});

for (const [what, members] of Object.entries({
  'no receiver_token to poll with': { receiver_token: undefined },
  'a key of another kind': { former_keys: [{ kty: 'RSA', n: 'AQ', e: 'AQAB' }] },
  'an issuer with a final slash': { issuer: `${issuer}/` },
}))
  test(`refuses an entry with ${what}`, async () => {
    const { entry, context } = await makeStream(pollDelivery);
    const wrong = Object.fromEntries(
      Object.entries({ ...entry, ...members }).filter(([, value]) => value !== undefined),
    );
    await expect(openConnector(wrong, context)).rejects.toMatchObject({ code: 'configuration' });
  });

test('publishes its metadata, and keys that verify its tokens', async () => {
  const former = publicJwk(generateKey('Ed25519'));
  const stream = await makeStream(pollDelivery, { former_keys: [former] });
  await using connector = await stream.connect();
  await using transmitter = await stream.transmit();
  const metadata = await ask(transmitter, '/.well-known/ssf-configuration/signals', { token: '' });
  expect(metadata).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
  expect(metadata.json).toMatchObject({ spec_version: '1_0', issuer, jwks_uri: `${issuer}/jwks.json` });
  const endpoints = Object.entries(metadata.json as Record<string, string>).filter(([name]) =>
    /_endpoint$|^jwks_uri$/u.test(name),
  );
  expect(endpoints).toHaveLength(4);
  // What the metadata promise is there.
  expect(transmitter.endpoints.map(({ path }) => path)).toEqual(
    expect.arrayContaining(endpoints.map(([, url]) => new URL(url).pathname)),
  );
  const { json } = await ask(transmitter, '/signals/jwks.json', { token: '' });
  const keys = json as JSONWebKeySet;
  expect(keys.keys.map(({ kid }) => kid)).toContain(keyId(former));
  expect(keys.keys.some((key) => 'd' in key)).toBe(false);
  await connector.apply(closing(stream, 1), stream.memory);
  const { sets } = await pollOnce(transmitter, { maxEvents: 1 });
  const [token = ''] = Object.values(sets);
  expect(await readToken(token, { ...stream.expected, keys })).toHaveProperty('iss', issuer);
});

test('shows a receiver its own streams, and nobody else', async () => {
  const stream = await makeStream(pollDelivery);
  await using transmitter = await stream.transmit();
  const { name } = stream.entry;
  const configuration = {
    stream_id: name,
    iss: issuer,
    aud: ['https://receiver.example'],
    events_delivered: [accessEvent],
    delivery: { method: 'urn:ietf:rfc:8936', endpoint_url: `${issuer}/poll/${name}` },
  };
  const query = `stream_id=${name}`;
  expect((await ask(transmitter, '/signals/streams')).json).toEqual([expect.objectContaining(configuration)]);
  expect((await ask(transmitter, '/signals/streams', { query })).json).toMatchObject(configuration);
  expect((await ask(transmitter, '/signals/status', { query })).json).toEqual({
    stream_id: name,
    status: 'enabled',
  });
  for (const path of ['/signals/streams', '/signals/status'])
    expect((await ask(transmitter, path, { query: 'stream_id=other' })).status).toBe(404);
  for (const path of ['/signals/streams', '/signals/status', '/signals/verification', '/signals/poll/'])
    expect(await ask(transmitter, path, { query, body: '{}', token: 'wrong' })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
    });
});

test('verifies a polled stream, at most once in half a minute', async () => {
  const stream = await makeStream(pollDelivery);
  await using transmitter = await stream.transmit();
  const verify = async (more: object) =>
    await ask(transmitter, '/signals/verification', {
      body: JSON.stringify({ stream_id: stream.entry.name, ...more }),
    });
  expect(await verify({ state: 'of the receiver' })).toMatchObject({ status: 204, body: '' });
  const [token = ''] = Object.values((await pollOnce(transmitter, {})).sets);
  expect(await readToken(token, stream.expected)).toMatchObject({
    sub_id: { format: 'opaque', id: stream.entry.name },
    events: { [verificationEvent]: { state: 'of the receiver' } },
  });
  expect((await verify({})).status).toBe(429);
  expect((await verify({ stream_id: 'other' })).status).toBe(404);
  expect((await verify({ state: 1 })).status).toBe(400);
});

test('verifies a pushed stream, and says when the token cannot be delivered', async () => {
  await using target = await startPush();
  await using transmitter = await target.stream.transmit();
  const body = JSON.stringify({ stream_id: target.stream.entry.name });
  expect((await ask(transmitter, '/signals/verification', { body })).status).toBe(204);
  expect(target.receiver.tokens).toHaveLength(1);
  await using other = await target.stream.transmit();
  target.receiver.answers.push({ status: 500 });
  expect((await ask(other, '/signals/verification', { body })).status).toBe(503);
});

/** The connector, closed at the end of its block. */
const disposed = (connector: Connector): Connector & AsyncDisposable => ({
  ...connector,
  [Symbol.asyncDispose]: async () => await connector.close(),
});
