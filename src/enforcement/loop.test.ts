import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base } from '@playwright/test';
import { embeddedDatabases, serverDatabases, type Databases } from '../../fixtures/databases.ts';
import { decideByState, standingsOf } from '../../fixtures/outbox/standings.ts';
import { createAuthority } from '../../fixtures/pki/authority.ts';
import { startRegistrationServer } from '../../fixtures/registration-server.ts';
import { startWebhookReceiver, type ReceiverAnswer } from '../../fixtures/webhook-receiver.ts';
import type { Database } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { openDatabase } from '../store/open.ts';
import { claim, settleDelivery } from '../store/outbox.ts';
import type { Connector, Desired } from './connector.ts';
import { openConnector } from './connectors.ts';
import type { EnforcementEvent } from './event.ts';
import { openEnforcement } from './loop.ts';

/** A message that the receiver took. */
interface Told {
  readonly type: string;
  readonly data: Pick<Desired, 'integration' | 'revision' | 'reason'>;
}

/** A database, a real receiver of webhooks, and a clock. */
interface Scene extends AsyncDisposable {
  readonly database: Database;
  /** Another connection to it. */
  connect(): Promise<Database>;
  readonly told: Told[];
  /** What the receiver answers. */
  answer: (message: Told) => ReceiverAnswer | Promise<ReceiverAnswer>;
  readonly clock: { milliseconds: number };
  readonly now: () => Date;
  readonly desk: Connector;
  readonly authority: Awaited<ReturnType<typeof createAuthority>>;
  readonly base: string;
  readonly events: EnforcementEvent[];
  open(more?: Partial<Parameters<typeof openEnforcement>[0]>): ReturnType<typeof openEnforcement>;
}

async function sceneOn(databases: Databases): Promise<Scene> {
  const location = await databases.fresh();
  const opened: Database[] = [];
  const connect = async () => {
    const database = await openDatabase(location);
    opened.push(database);
    return database;
  };
  const database = await connect();
  await migrate(database);
  const authority = await createAuthority({ now: new Date() });
  const directory = await mkdtemp(join(tmpdir(), 'assay-loop-'));
  await writeFile(join(directory, 'authority.pem'), authority.certificate);
  await writeFile(join(directory, 'secret'), `whsec_${Buffer.alloc(32, 1).toString('base64')}`);
  const told: Told[] = [];
  const clock = { milliseconds: Date.parse('2026-06-01T00:00:00.000Z') };
  const now = () => new Date(clock.milliseconds);
  const receiver = await startWebhookReceiver(authority, async ({ body }) => {
    const message: Told = JSON.parse(body);
    told.push(message);
    return await scene.answer(message);
  });
  const desk = await openConnector(
    {
      name: 'desk',
      kind: 'webhook',
      url: receiver.url,
      secrets: [{ file: 'secret' }],
      trust: ['authority.pem'],
      private_network: 'allowed',
    },
    { base: directory, database, now },
  );
  const events: EnforcementEvent[] = [];
  const scene: Scene = {
    database,
    connect,
    told,
    answer: () => ({ status: 204 }),
    clock,
    now,
    desk,
    authority,
    base: directory,
    events,
    open: (more) =>
      openEnforcement({
        database,
        connectors: [desk],
        decide: decideByState,
        now,
        random: () => 1,
        report: (event) => events.push(event),
        ...more,
      }),
    async [Symbol.asyncDispose]() {
      await desk.close();
      await receiver[Symbol.asyncDispose]();
      await Promise.all(opened.map((each) => each.close()));
      await rm(directory, { recursive: true });
    },
  };
  return scene;
}

type ServerDatabases = Awaited<ReturnType<typeof serverDatabases>>;

const test = base.extend<
  { scene: Scene; embedded: Scene },
  { server: ServerDatabases; inDirectory: Databases }
>({
  server: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      await using databases = await serverDatabases();
      await use(databases);
    },
    { scope: 'worker' },
  ],
  inDirectory: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      await using databases = await embeddedDatabases();
      await use(databases);
    },
    { scope: 'worker' },
  ],
  scene: async ({ server }, use) => {
    await using scene = await sceneOn(server);
    await use(scene);
  },
  embedded: async ({ inDirectory }, use) => {
    await using scene = await sceneOn(inDirectory);
    await use(scene);
  },
});

// One worker, one server.
test.describe.configure({ mode: 'default' });

const kinds = (events: readonly EnforcementEvent[]) => events.map(({ kind }) => kind);
const told = (scene: Scene) =>
  scene.told.map(({ type, data }) => `${data.integration} ${type} ${data.revision}`);
const deliveries = async (database: Database) =>
  await database.query(
    'select connector, integration, revision, state, attempts, applied, last_error, observed from delivery order by connector, integration',
  );

for (const kind of ['scene', 'embedded'] as const)
  base.describe(kind === 'scene' ? 'on a server' : 'in a directory', () => {
    const run = async (scene: Scene) => {
      const standings = standingsOf(scene.database);
      const enforcement = scene.open();
      await standings.write({ integration: 'one', state: 'certified' });
      await enforcement.settle();
      expect(told(scene)).toEqual(['one access.opened 1']);
      // A nightly pass.
      await standings.write({ integration: 'one', state: 'certified' });
      await enforcement.settle();
      await standings.write({ integration: 'one', state: 'suspended' });
      scene.clock.milliseconds += 250;
      await enforcement.settle();
      expect(told(scene)).toEqual(['one access.opened 1', 'one access.closed 2']);
      expect(kinds(scene.events)).toEqual(['decided', 'delivered', 'decided', 'delivered']);
      expect(scene.events[3]).toMatchObject({ connector: 'desk', seconds: 0, observed: 'unknown' });
      expect(await deliveries(scene.database)).toEqual([
        {
          connector: 'desk',
          integration: 'one',
          revision: 2,
          state: 'done',
          attempts: 1,
          applied: scene.now(),
          last_error: null,
          observed: 'unknown',
        },
      ]);
      expect(await scene.database.query('select * from undecided')).toEqual([]);
    };
    if (kind === 'scene')
      test('tells of each change once, and of nothing else', async ({ scene }) => await run(scene));
    else test('tells of each change once, and of nothing else', async ({ embedded }) => await run(embedded));
  });

test('frees at once what a dead process held, where it is alone', async ({ embedded }) => {
  await standingsOf(embedded.database).write({ integration: 'one', state: 'certified' });
  const enforcement = embedded.open({ connectors: [] });
  await enforcement.settle();
  await embedded.database.query(
    `insert into delivery (connector, integration, environment, revision, state, due, leased_until)
     values ('desk', 'one', 'production', 1, 'due', $1, $2)`,
    [embedded.now(), new Date(embedded.clock.milliseconds + 30_000)],
  );
  await embedded.open().settle();
  expect(told(embedded)).toEqual(['one access.opened 1']);
});

test('tries again with growing pauses, and not before they end', async ({ scene }) => {
  await standingsOf(scene.database).write({ integration: 'one', state: 'certified' });
  scene.answer = () => ({ status: 503 });
  const enforcement = scene.open();
  await enforcement.settle();
  await enforcement.settle();
  expect(scene.told).toHaveLength(1);
  for (const [attempt, pause] of [
    [2, 1000],
    [3, 2000],
  ] as const) {
    scene.clock.milliseconds += pause - 1;
    await enforcement.settle();
    expect(scene.told).toHaveLength(attempt - 1);
    scene.clock.milliseconds += 1;
    if (attempt === 3) scene.answer = () => ({ status: 204 });
    await enforcement.settle();
    expect(scene.told).toHaveLength(attempt);
  }
  expect(kinds(scene.events)).toEqual(['decided', 'failed', 'failed', 'delivered']);
  expect(scene.events[1]).toMatchObject({ attempts: 1, retry: '2026-06-01T00:00:01.000Z' });
  expect(scene.events[3]).toMatchObject({ seconds: 3 });
});

test('does not let the pauses of what was decided before delay a closing', async ({ scene }) => {
  const standings = standingsOf(scene.database);
  await standings.write({ integration: 'one', state: 'certified' });
  scene.answer = () => ({ status: 429, headers: { 'retry-after': '3000' } });
  const enforcement = scene.open();
  await enforcement.settle();
  expect(scene.events[1]).toMatchObject({ kind: 'failed', retry: '2026-06-01T00:50:00.000Z' });
  scene.answer = () => ({ status: 204 });
  await standings.write({ integration: 'one', state: 'suspended' });
  await enforcement.settle();
  expect(told(scene)).toEqual(['one access.opened 1', 'one access.closed 2']);
});

test('gives up on a refusal until it reconciles', async ({ scene }) => {
  await standingsOf(scene.database).write({ integration: 'one', state: 'certified' });
  scene.answer = () => ({ status: 403 });
  const enforcement = scene.open();
  await enforcement.settle();
  scene.clock.milliseconds += 86_400_000;
  await enforcement.settle();
  expect(scene.told).toHaveLength(1);
  expect(await deliveries(scene.database)).toMatchObject([
    { state: 'failed', last_error: expect.stringContaining('403') },
  ]);
  scene.answer = () => ({ status: 204 });
  await enforcement.reconcile();
  expect(kinds(scene.events)).toEqual(['decided', 'failed', 'delivered']);
  expect(await deliveries(scene.database)).toMatchObject([{ state: 'done', last_error: null }]);
});

test('finds by the clock alone that access has ended', async ({ scene }) => {
  const soon = new Date(scene.clock.milliseconds + 60_000).toISOString();
  await standingsOf(scene.database).write(
    { integration: 'one', state: 'certified', expires: soon },
    { integration: 'two', state: 'certified' },
  );
  const enforcement = scene.open();
  await enforcement.recheck();
  expect(told(scene).toSorted()).toEqual(['one access.opened 1', 'two access.opened 1']);
  scene.clock.milliseconds += 60_000;
  await enforcement.settle();
  expect(scene.told).toHaveLength(2);
  await enforcement.recheck();
  await enforcement.recheck();
  expect(told(scene).slice(2)).toEqual(['one access.closed 2']);
  expect(scene.told[2]?.data.reason).toBe('evidence-expired');
});

test('repairs what was changed by hand at an authorization server, and tells a new connector', async ({
  scene,
}) => {
  await using registrar = await startRegistrationServer({ authority: scene.authority, tokens: 'kept' });
  const client = await registrar.register({
    redirect_uris: ['https://one.example/callback'],
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: 'CN=one',
  });
  await writeFile(join(scene.base, 'token'), client.registration_access_token);
  const server = await openConnector(
    {
      name: 'server',
      kind: 'client-registration',
      trust: ['authority.pem'],
      private_network: 'allowed',
      clients: [
        {
          client_id: client.client_id,
          registration_client_uri: client.registration_client_uri,
          registration_access_token: { file: 'token' },
        },
      ],
    },
    { base: scene.base, database: scene.database, now: scene.now },
  );
  const standings = standingsOf(scene.database);
  const clients = [client.client_id];
  const enforcement = scene.open({ connectors: [server] });
  await standings.write(
    { integration: 'one', state: 'certified', clients },
    { integration: 'two', state: 'certified' },
  );
  await enforcement.settle();
  const before = await registrar.clients.find(client.client_id);
  await standings.write({ integration: 'one', state: 'suspended', clients });
  await enforcement.settle();
  expect(await registrar.clients.find(client.client_id)).toMatchObject({ grant_types: [] });
  expect(kinds(scene.events)).toEqual(['decided', 'decided', 'delivered', 'decided', 'delivered']);

  scene.events.length = 0;
  await enforcement.reconcile();
  expect(scene.events).toEqual([]);
  await registrar.clients.upsert(client.client_id, { ...before });
  await enforcement.settle();
  expect(scene.events).toEqual([]);
  await scene.open({ connectors: [server, scene.desk] }).reconcile();
  expect(await registrar.clients.find(client.client_id)).toMatchObject({ grant_types: [] });
  expect(kinds(scene.events).toSorted()).toEqual(['delivered', 'delivered', 'drifted', 'repaired']);
  expect(told(scene).toSorted()).toEqual(['one access.closed 2', 'two access.opened 1']);
  expect(scene.events).toContainEqual(
    expect.objectContaining({ kind: 'drifted', connector: 'server', observed: 'open' }),
  );

  // A client that the integration loses is closed although nothing of the new standing concerns the server.
  await standings.write({ integration: 'one', state: 'certified', clients });
  await enforcement.settle();
  expect(await registrar.clients.find(client.client_id)).toEqual(before);
  await standings.write({ integration: 'one', state: 'certified', clients: ['another'] });
  await enforcement.settle();
  expect(await registrar.clients.find(client.client_id)).toMatchObject({ grant_types: [] });
  await server.close();
});

test('never works twice at one delivery, with two workers and many of them', async ({ scene }) => {
  const integrations = Array.from({ length: 40 }, (_, index) => `integration-${index}`);
  await standingsOf(scene.database).write(
    ...integrations.map((integration) => ({ integration, state: 'certified' as const })),
  );
  const under = new Set<string>();
  const together = Promise.withResolvers<void>();
  scene.answer = async ({ data }) => {
    expect(under).not.toContain(data.integration);
    under.add(data.integration);
    if (under.size > 1) together.resolve();
    await together.promise;
    under.delete(data.integration);
    return { status: 204 };
  };
  const second = await scene.connect();
  await Promise.all([scene.open().settle(), scene.open({ database: second }).settle()]);
  await scene.open().settle();
  expect(scene.told.map(({ data }) => data.integration).toSorted()).toEqual(integrations.toSorted());
  expect(kinds(scene.events).filter((each) => each !== 'decided' && each !== 'delivered')).toEqual([]);
});

test('gives a delivery to another worker when a lease has ended, and takes nothing from the first any more', async ({
  scene,
}) => {
  await standingsOf(scene.database).write({ integration: 'one', state: 'certified' });
  const lease = () => new Date(scene.clock.milliseconds + 30_000);
  await scene.open({ connectors: [] }).settle();
  await scene.database.query(
    `insert into delivery (connector, integration, environment, revision, state, due)
     values ('desk', 'one', 'production', 1, 'due', $1)`,
    [scene.now()],
  );
  const first = await claim<Desired>(scene.database, 'desk', scene.now(), lease());
  if (first === undefined) throw new TypeError('there was nothing to claim');
  expect(await claim<Desired>(scene.database, 'desk', scene.now(), lease())).toBeUndefined();
  scene.clock.milliseconds += 30_000;
  const second = await claim<Desired>(scene.database, 'desk', scene.now(), lease());
  expect(second).toMatchObject({ attempts: 2, desired: { integration: 'one' } });
  const done = { state: 'done', observed: 'open' } as const;
  expect(await settleDelivery(scene.database, first, done, scene.now())).toBe('lost');
  if (second === undefined) throw new TypeError('there was nothing to claim');
  expect(await settleDelivery(scene.database, second, done, scene.now())).toBe('settled');
});

test('begins a newer revision when the one under way has ended, and not before', async ({ scene }) => {
  const standings = standingsOf(scene.database);
  await standings.write({ integration: 'one', state: 'certified' });
  const arrived = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  scene.answer = async ({ data }) => {
    if (data.revision === 1) {
      arrived.resolve();
      await leave.promise;
    }
    return { status: 204 };
  };
  const first = scene.open().settle();
  await arrived.promise;
  await standings.write({ integration: 'one', state: 'suspended' });
  await scene.open({ database: await scene.connect() }).settle();
  expect(told(scene)).toEqual(['one access.opened 1']);
  leave.resolve();
  await first;
  expect(told(scene)).toEqual(['one access.opened 1', 'one access.closed 2']);
  expect(await deliveries(scene.database)).toMatchObject([{ state: 'done', revision: 2 }]);
});

test('keeps a lease as long as its work lasts', async ({ scene }) => {
  await standingsOf(scene.database).write({ integration: 'one', state: 'certified' });
  const now = () => new Date();
  const leaseNow = async () => {
    const [row] = await scene.database.query<{ leased_until: Date | null }>(
      'select leased_until from delivery',
    );
    return row?.leased_until?.getTime() ?? 0;
  };
  scene.answer = async () => {
    const before = await leaseNow();
    expect(before).toBeGreaterThan(0);
    await expect.poll(leaseNow, { intervals: [20] }).toBeGreaterThan(before);
    return { status: 204 };
  };
  await scene.open({ now, intervals: { lease: 150 } }).settle();
  expect(await deliveries(scene.database)).toMatchObject([{ state: 'done', attempts: 1 }]);
});

test('holds up nobody for a target that hangs', async ({ scene }) => {
  const leave = Promise.withResolvers<void>();
  let hanging = 0;
  const hangs: Connector = {
    name: 'hangs',
    concerns: () => true,
    async apply() {
      hanging += 1;
      await leave.promise;
    },
    observe: async () => 'unknown',
    close: async () => {},
  };
  await standingsOf(scene.database).write(
    ...Array.from({ length: 12 }, (_, index) => ({ integration: `i-${index}`, state: 'certified' as const })),
  );
  const settled = scene.open({ connectors: [hangs, scene.desk] }).settle();
  await expect.poll(() => scene.told.length).toBe(12);
  // Its lanes, and no more.
  expect(hanging).toBe(4);
  leave.resolve();
  await settled;
  expect(hanging).toBe(12);
});

test('runs by notifications alone until it is told to end', async ({ scene }) => {
  const stop = new AbortController();
  const bell = new EventTarget();
  const report = (event: EnforcementEvent) => {
    scene.events.push(event);
    bell.dispatchEvent(new Event(event.kind));
  };
  const hour = 3_600_000;
  const running = scene
    .open({ report, intervals: { poll: hour, recheck: hour, reconcile: hour }, now: () => new Date() })
    .run(stop.signal);
  const standings = standingsOf(scene.database);
  for (const state of ['certified', 'suspended'] as const) {
    const delivered = once(bell, 'delivered');
    await standings.write({ integration: 'one', state });
    await delivered;
  }
  stop.abort();
  await running;
  expect(told(scene)).toEqual(['one access.opened 1', 'one access.closed 2']);
  await standings.write({ integration: 'one', state: 'certified' });
  expect(await scene.database.query('select * from undecided')).toHaveLength(2);
});

test('loses nothing when the database server crashes in the middle of a delivery', async ({
  scene,
  server,
}) => {
  const stop = new AbortController();
  await standingsOf(scene.database).write({ integration: 'one', state: 'certified' });
  const arrived = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  scene.answer = async () => {
    arrived.resolve();
    await leave.promise;
    return { status: 204 };
  };
  const running = scene.open({ now: () => new Date(), intervals: { poll: 50, lease: 300 } }).run(stop.signal);
  await arrived.promise;
  await server.server.kill();
  leave.resolve();
  await expect.poll(() => kinds(scene.events)).toContain('interrupted');
  expect(kinds(scene.events)).not.toContain('delivered');
  await server.server.restart();
  await expect.poll(() => kinds(scene.events)).toContain('delivered');
  stop.abort();
  await running;
  // The message is the same one, told twice: its receiver drops the second.
  expect(new Set(told(scene))).toEqual(new Set(['one access.opened 1']));
  expect(await deliveries(scene.database)).toMatchObject([{ state: 'done', revision: 1 }]);
});
