import { expect, test } from '@playwright/test';
import { defaultRules } from '../certification/rules.ts';
import type { Standing } from '../certification/standing.ts';
import type { Question } from './gate.ts';
import { openLiveGate, type LiveGate, type LiveGateOptions } from './live.ts';
import { defaultPolicy } from './policy.ts';
import { inHours, sampleNow, soundCertification, soundRegistered, soundStanding } from './sample.ts';

test.describe.configure({ mode: 'default' });

/** A source in memory that keeps the position of each change, calls when told to, and can fail or hang. */
function memorySource() {
  const changes: Standing[] = [];
  let listener: (() => void) | undefined;
  const source = {
    asked: [] as number[],
    health: 'well' as 'well' | 'failing',
    pending: undefined as Promise<void> | undefined,
    put: (...standings: readonly Standing[]) => void changes.push(...standings),
    call: () => listener?.(),
    get watched() {
      return listener !== undefined;
    },
    async changedSince(position: number) {
      source.asked.push(position);
      await source.pending;
      if (source.health === 'failing') throw new Error('the database is away');
      return { position: changes.length, standings: changes.slice(position) };
    },
    watch(onChange: () => void) {
      listener = onChange;
      return Promise.resolve(() => {
        listener = undefined;
        return Promise.resolve();
      });
    },
  };
  return source;
}

const production = (kind: Question['party']['kind'], value: string): Question => ({
  party: { kind, value },
  environment: 'production',
  action: 'access',
});
const acme = production('integration', 'acme-1');

const suspended: Standing = {
  ...soundStanding,
  certifications: [{ ...soundCertification, state: 'suspended' }],
};

/** Opens a gate that looks only when it is told to, by a clock that stands still. */
async function opened(
  source: LiveGateOptions['source'],
  more: Partial<LiveGateOptions> = {},
): Promise<{ gate: LiveGate; clock: { at: number } } & AsyncDisposable> {
  const clock = { at: sampleNow.getTime() };
  const gate = await openLiveGate({
    source,
    policy: await defaultPolicy(),
    rules: defaultRules,
    now: () => new Date(clock.at),
    interval: 3_600_000,
    ...more,
  });
  return { gate, clock, [Symbol.asyncDispose]: () => gate.close() };
}

test('knows what the source has when it is opened', async () => {
  const source = memorySource();
  source.put(soundStanding);
  await using live = await opened(source);
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'allow', integration: 'acme-1' });
  expect(live.gate.standing('acme-1')).toEqual(soundStanding);
  expect(live.gate.standings()).toEqual([soundStanding]);
});

test('does not open over a source that does not answer', async () => {
  const source = memorySource();
  source.health = 'failing';
  await expect(opened(source)).rejects.toThrow('the database is away');
});

test('a change is seen at the next look, from the position that was reached', async () => {
  const source = memorySource();
  source.put(soundStanding);
  await using live = await opened(source);
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'allow' });
  source.put(suspended);
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'allow' });
  await live.gate.refresh();
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'deny', rule: 'no-rule' });
  expect(source.asked).toEqual([0, 1]);
});

test('a call of the source leads to a look, and a call during a look to another one', async () => {
  const source = memorySource();
  source.put(soundStanding);
  await using live = await opened(source);
  const { promise, resolve } = Promise.withResolvers<void>();
  source.pending = promise;
  source.call();
  source.call();
  source.put(suspended);
  resolve();
  await live.gate.refresh();
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'deny' });
  expect(source.asked).toEqual([0, 1, 2]);
});

test('looks by itself after the interval', async () => {
  const source = memorySource();
  source.put(soundStanding);
  await using live = await opened(source, { interval: 5 });
  source.put(suspended);
  await expect.poll(async () => (await live.gate.ask(acme)).decision).toBe('deny');
});

test('denies who is not known, and remembers none of them', async () => {
  const source = memorySource();
  source.put(soundStanding);
  await using live = await opened(source);
  for (const question of [
    production('integration', 'acme-9'),
    production('client', 'acme-1'),
    production('client', ''),
    production('certificate', 'acme-client'),
    production('certificate', 'B'.repeat(43)),
    { ...production('client', 'acme-client'), environment: 'sandbox' },
  ] as const)
    expect(await live.gate.ask(question)).toMatchObject({ decision: 'deny', rule: 'not-registered' });
  expect(live.gate.standings()).toEqual([soundStanding]);
});

test('a name that looks like a key of somebody else is not taken for it', async () => {
  const source = memorySource();
  source.put({ ...soundStanding, integration: 'client stranger' });
  await using live = await opened(source);
  // What is unknown is called by its kind and value: an integration may have that very id.
  expect(await live.gate.ask(production('client', 'stranger'))).toMatchObject({ decision: 'deny' });
});

test('a key that moves is of the other integration, in either order of the changes', async () => {
  const registered = (integration: string, clients: readonly string[]): Standing => ({
    ...soundStanding,
    integration,
    registrations: [
      {
        environment: 'production',
        registration: { ...soundRegistered, clients: [...clients], certificates: [] },
      },
    ],
  });
  for (const order of ['giver first', 'taker first'] as const) {
    const source = memorySource();
    source.put(registered('giver', ['moving']), registered('taker', []));
    await using live = await opened(source);
    expect(await live.gate.ask(production('client', 'moving'))).toMatchObject({ integration: 'giver' });
    const changes = [registered('giver', []), registered('taker', ['moving'])];
    source.put(...(order === 'giver first' ? changes : changes.toReversed()));
    await live.gate.refresh();
    expect(await live.gate.ask(production('client', 'moving'))).toMatchObject({
      integration: 'taker',
      decision: 'allow',
    });
    source.put(registered('taker', []));
    await live.gate.refresh();
    expect(await live.gate.ask(production('client', 'moving'))).toMatchObject({ decision: 'deny' });
  }
});

test('a source that is silent for longer than the patience closes, and opens when it is back', async () => {
  const errors: unknown[] = [];
  const source = memorySource();
  source.put(soundStanding);
  await using live = await opened(source, { patience: 10_000, onError: (error) => errors.push(error) });
  source.health = 'failing';
  live.clock.at += 10_000;
  await expect(live.gate.refresh()).rejects.toThrow('the database is away');
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'allow' });
  live.clock.at += 1;
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'deny', rule: 'no-facts', mode: 'enforce' });
  source.call();
  await expect.poll(() => errors.length).toBe(1);
  expect(await live.gate.ask(acme)).toMatchObject({ rule: 'no-facts' });
  source.health = 'well';
  await live.gate.refresh();
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'allow' });
});

test('a clock that is set back does not lengthen the patience', async () => {
  const source = memorySource();
  source.put(soundStanding);
  await using live = await opened(source, { patience: 10_000 });
  source.health = 'failing';
  live.clock.at -= 10_001;
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'deny', rule: 'no-facts' });
  source.health = 'well';
  await live.gate.refresh();
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'allow' });
});

test('a look that hangs counts from when it was begun', async () => {
  const source = memorySource();
  source.put(soundStanding);
  await using live = await opened(source, { patience: 10_000 });
  const { promise, resolve } = Promise.withResolvers<void>();
  source.pending = promise;
  const looking = live.gate.refresh();
  live.clock.at += 10_001;
  expect(await live.gate.ask(acme)).toMatchObject({ rule: 'no-facts' });
  resolve();
  await looking;
  // What it heard is as old as its question.
  expect(await live.gate.ask(acme)).toMatchObject({ rule: 'no-facts' });
  await live.gate.refresh();
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'allow' });
});

test('a decision is given again for less than a second, and not by a clock that was set back', async () => {
  const source = memorySource();
  source.put(soundStanding);
  await using live = await opened(source);
  const first = await live.gate.ask(acme);
  live.clock.at += 999;
  expect(await live.gate.ask(acme)).toBe(first);
  live.clock.at += 1;
  const second = await live.gate.ask(acme);
  expect(second.at).toBe(new Date(live.clock.at).toISOString());
  live.clock.at -= 500;
  expect((await live.gate.ask(acme)).at).toBe(new Date(live.clock.at).toISOString());
});

test('time alone closes: evidence expires under an open gate', async () => {
  const source = memorySource();
  const basis = soundCertification.basis;
  source.put({
    ...soundStanding,
    certifications: [{ ...soundCertification, ...(basis && { basis: { ...basis, expires: inHours(1) } }) }],
  });
  await using live = await opened(source, { patience: Infinity });
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'allow' });
  live.clock.at += 3_600_001;
  expect(await live.gate.ask(acme)).toMatchObject({ decision: 'deny', rule: 'no-rule' });
});

test('no longer watches when it is closed', async () => {
  const source = memorySource();
  const live = await opened(source);
  expect(source.watched).toBe(true);
  await live.gate.close();
  expect(source.watched).toBe(false);
});
