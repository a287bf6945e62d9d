import { createHash } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { routes } from '../../fixtures/authorization-server/configuration.ts';
import { startAuthorizationServer } from '../../fixtures/authorization-server/server.ts';
import { temporaryClientEcosystem } from '../../fixtures/client/ecosystem.ts';
import { altered } from '../../fixtures/command-line.ts';
import type { NamedMutant } from '../../fixtures/mutants.ts';
import { selfSigned } from '../../fixtures/pki/authority.ts';
import { makeKey } from '../../fixtures/pki/keys.ts';
import { temporaryEcosystem } from '../../fixtures/visit.ts';
import { ClientSession } from '../actors/client-session.ts';
import { Session } from '../actors/session.ts';
import { createRedactor } from '../transport/redact.ts';
import { takeFingerprint } from './fingerprint.ts';
import { look, type Look, type Snapshot } from './watch.ts';

test.describe.configure({ mode: 'serial' });

const edition = 'fapi2-sp-flows-1';
const begin = Date.parse('2026-05-04T10:00:00Z');
const minutes = (count: number): number => begin + count * 60_000;
const written = (count: number): string => new Date(minutes(count)).toISOString();

/** What the server answers with instead of its own metadata and keys; both with an entity tag where `tags` is on. */
const answers = {
  metadata: {} as Readonly<Record<string, unknown>>,
  keys: undefined as unknown,
  tags: 'off',
};

const changeable: NamedMutant = {
  name: 'changeable',
  fixture: 'authorization-server',
  mutant: {
    breaks: [],
    middleware: async (ctx, next) => {
      await next();
      if (ctx.path === routes.jwks && answers.keys !== undefined) ctx.body = { keys: answers.keys };
      else if (ctx.path.includes('.well-known')) ctx.body = { ...(ctx.body as object), ...answers.metadata };
      else if (ctx.path !== routes.jwks) return;
      if (answers.tags === 'off') return;
      ctx.set('etag', `"${createHash('sha256').update(JSON.stringify(ctx.body)).digest('hex')}"`);
      if (ctx.fresh) ctx.status = 304;
    },
  },
};

let ecosystem: Awaited<ReturnType<typeof temporaryEcosystem>>;
let first: Snapshot;

async function looked(at: number, previous?: Snapshot, file = ecosystem.integrationFile): Promise<Look> {
  const session = new Session({ file, privateNetwork: 'allowed', salt: 'salt', clock: () => at });
  try {
    // What is stored comes back as JSON.
    return await look(session, edition, previous && JSON.parse(JSON.stringify(previous)));
  } finally {
    await session.close();
  }
}

function kept({ snapshot }: Look): Snapshot {
  if (snapshot === undefined) throw new Error('expected a snapshot');
  return snapshot;
}

const told = ({ changes }: Look) => changes.map(({ part, how, weight }) => `${part} ${how} ${weight}`);

test.beforeAll(async () => {
  ecosystem = await temporaryEcosystem({
    clientAuthentication: 'private_key_jwt',
    senderConstraint: 'mtls',
    protocol: 'openid',
    mutant: changeable,
  });
  first = kept(await looked(begin));
});
test.beforeEach(() => void Object.assign(answers, { metadata: {}, keys: undefined, tags: 'off' }));
test.afterAll(() => ecosystem[Symbol.asyncDispose]());

test('sees the fingerprint that a run takes, and finds nothing changed the second time', async () => {
  const session = new Session({
    file: ecosystem.integrationFile,
    privateNetwork: 'allowed',
    salt: 'salt',
    clock: () => begin,
  });
  expect(await takeFingerprint(session, edition)).toEqual(first.fingerprint);
  await session.close();
  const second = await looked(minutes(5), first);
  expect(second).toMatchObject({ outcome: 'unchanged', changes: [], unseen: [] });
  expect(second.cost).toMatchObject({ requests: 2, handshakes: 3 });
  expect(kept(second).fingerprint).toEqual(first.fingerprint);
  expect(kept(second).seen.keys).toEqual({ first: written(0), last: written(5) });
  expect(JSON.stringify(second.snapshot).length).toBeLessThan(10_000);
});

test('costs few bytes where the server says that nothing changed, and believes it for a day', async () => {
  answers.tags = 'on';
  const whole = await looked(begin);
  const spared = await looked(minutes(5), kept(whole));
  expect(spared.outcome).toBe('unchanged');
  expect(spared.cost.requests).toBe(2);
  expect(spared.cost.bytes).toBeLessThan(whole.cost.bytes / 2);
  expect(kept(spared).memory).toEqual(kept(whole).memory);
  const doubted = await looked(minutes(24 * 60), kept(spared));
  expect(doubted.outcome).toBe('unchanged');
  expect(doubted.cost.bytes).toBe(whole.cost.bytes);
  answers.metadata = { scopes_supported: ['accounts', 'more'] };
  expect((await looked(minutes(10), kept(spared))).changes).toMatchObject([{ member: '/scopes_supported' }]);
});

test('knows rotated keys from replaced ones, and says since when', async () => {
  const all: unknown[] = [];
  for (const alg of ['ES256', 'PS256', 'ES256'] as const) {
    const {
      d: _d,
      p: _p,
      q: _q,
      dp: _dp,
      dq: _dq,
      qi: _qi,
      ...key
    } = await makeKey(alg, `key-${all.length}`);
    all.push(key);
  }
  answers.keys = all.slice(0, 2);
  const before = kept(await looked(minutes(5), first));
  answers.keys = all;
  const rotated = await looked(minutes(10), before);
  expect(told(rotated)).toEqual(['keys added benign']);
  expect(rotated.changes).toMatchObject([{ lastUnchanged: written(5), firstSeen: written(10) }]);
  expect(kept(rotated).seen).toMatchObject({
    keys: { first: written(10), last: written(10) },
    metadata: { first: written(0), last: written(10) },
  });
  answers.keys = all.slice(1);
  expect(told(await looked(minutes(15), kept(rotated)))).toEqual(['keys removed benign']);
  answers.keys = all.slice(2);
  expect(told(await looked(minutes(20), before))).toEqual([
    'keys added material',
    'keys removed material',
    'keys removed material',
  ]);
});

test('sees an endpoint that moved, also to where nobody may call it', async () => {
  const { mtlsOrigin } = ecosystem.authorizationServer;
  answers.metadata = { token_endpoint: `${mtlsOrigin}/token` };
  const moved = await looked(minutes(5), first);
  expect(moved.changes).toMatchObject([
    {
      member: '/token_endpoint',
      weight: 'material',
      reason: 'requests go to another host, which nobody tested',
    },
  ]);
  answers.metadata = { token_endpoint: 'https://elsewhere.example/token' };
  const away = await looked(minutes(5), first);
  expect(away.outcome).toBe('changed');
  expect(told(away)).toEqual(['metadata changed material']);
  expect(away.unseen).toMatchObject([
    { part: 'certificates', member: 'https://elsewhere.example', fault: 'configuration' },
  ]);
  // It is told once; what cannot be seen is told as long as it lasts.
  expect(await looked(minutes(10), kept(away))).toMatchObject({ outcome: 'unreadable', changes: [] });
});

test('looks at a limited number of origins', async () => {
  const endpoints = Array.from({ length: 50 }, (_, at) => [
    `at_${at}_endpoint`,
    `https://localhost:${at + 1}/`,
  ]);
  answers.metadata = Object.fromEntries(endpoints);
  const { unseen, cost } = await looked(minutes(5), first);
  expect(unseen).toContainEqual(expect.objectContaining({ member: '', fault: 'subject' }));
  expect(cost.handshakes).toBeLessThanOrEqual(34);
});

test('takes no answer, and no usable answer, for no change', async () => {
  for (const [metadata, keys] of [
    [{}, 'none'],
    [{ jwks_uri: 'none' }, undefined],
  ] as const) {
    Object.assign(answers, { metadata, keys });
    const garbled = await looked(minutes(5), first);
    expect(garbled.unseen).toMatchObject([{ part: 'keys', fault: 'subject' }]);
    expect(garbled.changes.filter(({ part }) => part === 'keys')).toEqual([]);
    expect(kept(garbled).seen.keys).toEqual({ first: written(0), last: written(0) });
    expect(kept(garbled).fingerprint.keys).toEqual(first.fingerprint.keys);
  }
  answers.metadata = { token_endpoint: 'none' };
  const { outcome, snapshot, unseen } = await looked(minutes(5));
  expect(outcome).toBe('unreadable');
  expect(snapshot).toBeUndefined();
  expect(unseen.map(({ part }) => part).toSorted()).toEqual(['certificates', 'keys', 'metadata']);
});

test('sees another API description, from a file or from a URL', async () => {
  const url = `${ecosystem.authorizationServer.issuer}/.well-known/openid-configuration`;
  const remote = await altered(ecosystem.integrationFile, 'remote', ({ resources }) => {
    for (const resource of resources) resource.openapi = url;
  });
  answers.tags = 'on';
  const before = await looked(begin, undefined, remote);
  const after = await looked(minutes(5), kept(before), remote);
  expect(after.outcome).toBe('unchanged');
  expect(after.cost.bytes).toBeLessThan(before.cost.bytes / 2);
  answers.metadata = { service_documentation: 'none' };
  expect(told(await looked(minutes(10), kept(after), remote))).toEqual([
    'metadata added benign',
    'descriptions changed material',
  ]);

  answers.metadata = {};
  answers.tags = 'off';
  await appendFile(join(dirname(ecosystem.integrationFile), 'openapi.yaml'), '\n# changed\n');
  const changed = await looked(minutes(5), first);
  expect(told(changed)).toEqual(['descriptions changed material']);
  first = kept(changed);
});

test('sees another registration', async () => {
  const file = await altered(ecosystem.integrationFile, 'registered', ({ clients: [client] }) => {
    if (client !== undefined) client.scope += ' more';
  });
  expect((await looked(minutes(10), first, file)).changes).toMatchObject([
    { part: 'registration', member: '/clients', weight: 'material' },
  ]);
});

test('knows a renewed certificate; a server that is down has not changed, and has nothing forgotten', async () => {
  const { authority, authorizationServer } = ecosystem;
  const [port, mtlsPort] = [authorizationServer.issuer, authorizationServer.mtlsOrigin].map((origin) =>
    Number(new URL(origin).port),
  );
  await authorizationServer.stop();
  const down = await looked(minutes(10), first);
  expect(down).toMatchObject({ outcome: 'unreachable', changes: [] });
  expect(down.unseen.map(({ part, fault }) => `${part} ${fault}`).toSorted()).toEqual([
    'certificates environment',
    'keys environment',
    'metadata environment',
  ]);
  const { memory: _, ...remembered } = kept(down);
  expect(remembered.fingerprint).toEqual(first.fingerprint);
  expect(remembered.documents).toEqual(JSON.parse(JSON.stringify(first.documents)));
  expect(remembered.seen.metadata).toEqual(first.seen.metadata);
  expect(remembered.seen.registration.last).toBe(written(10));

  const again = await startAuthorizationServer({
    authority,
    protocol: 'openid',
    ...(ecosystem.variant.features && { features: ecosystem.variant.features }),
    clients: [],
    ...(port && { port }),
    ...(mtlsPort && { mtlsPort }),
  });
  const renewed = await looked(minutes(15), kept(down));
  await again.stop();
  expect(told(renewed)).toEqual(['certificates changed benign', 'certificates changed benign']);
  expect(renewed.changes[0]).toMatchObject({
    reason: 'it was renewed: the same names by the same authority',
    lastUnchanged: first.seen.certificates.last,
  });
});

test('looks at a client, which is its registration and its keys', async () => {
  await using sample = await temporaryClientEcosystem({
    app: 'plain',
    trigger: 'command',
    clientAuthentication: 'private_key_jwt',
    senderConstraint: 'mtls',
    protocol: 'openid',
  });
  const at = async (time: number, file: string, previous?: Snapshot) => {
    const session = new ClientSession({
      file,
      privateNetwork: 'refused',
      redactor: createRedactor('salt'),
      clock: () => time,
    });
    try {
      return await look(session, 'fapi2-clients-1', previous);
    } finally {
      await session.close();
    }
  };
  const before = await at(begin, sample.integrationFile);
  expect(before).toMatchObject({ outcome: 'first', cost: { requests: 0, handshakes: 0 } });
  expect((await at(minutes(5), sample.integrationFile, before.snapshot)).outcome).toBe('unchanged');

  const beside = (name: string) => join(dirname(sample.integrationFile), name);
  const { d: _, ...other } = await makeKey('ES256', 'other');
  await writeFile(beside('others.json'), JSON.stringify({ keys: [other] }));
  const { certificate } = await selfSigned({ commonName: 'other', usage: 'client', now: new Date() });
  await writeFile(beside('other.pem'), certificate);
  const changed = await altered(sample.integrationFile, 'changed', (integration) =>
    Object.assign(Object(integration).client, {
      jwks: { file: 'others.json' },
      certificate: { file: 'other.pem' },
      software_version: '2',
    }),
  );
  const after = await at(minutes(5), changed, before.snapshot);
  expect(told(after).toSorted()).toEqual([
    'certificates changed material',
    'keys added material',
    'keys removed material',
    'registration added material',
  ]);
  expect(after.changes).toContainEqual(expect.objectContaining({ member: '/client/software_version' }));
});
