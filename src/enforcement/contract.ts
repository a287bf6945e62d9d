import { expect, test } from '@playwright/test';
import type { Database } from '../store/database.ts';
import { ConnectorError, type Connector, type Desired, type Memory, type Observed } from './connector.ts';

/** A target that knows one integration, open at first. */
export interface Target extends AsyncDisposable {
  /** By what the target knows the integration. */
  readonly integration: Pick<Desired, 'integration' | 'environment' | 'clients' | 'certificates'>;
  /**
   * Opens the connector as connectors.yaml would, by `openConnector`. `wrong`: with credentials that are well-formed, and
   * not accepted. `down`: at an address where nothing listens.
   */
  connect(how: 'right' | 'wrong' | 'down'): Promise<Connector>;
  /** What an outsider finds who tries: not what the connector's own requests say. */
  access(): Promise<'open' | 'closed' | 'absent'>;
  /** All that must be as it was after closing and opening. */
  snapshot(): Promise<unknown>;
  /** Somebody changes the access behind the connector's back. */
  readonly tamper?: (to: 'open' | 'closed') => Promise<void>;
  /** Somebody removes the integration behind the connector's back. */
  readonly forget?: () => Promise<void>;
  /** The next change that is asked for is made, and the connection breaks before the answer. */
  readonly loseNextAnswer?: () => void;
}

/** What cannot be: a receiver of messages cannot be looked at. */
export type Inability = 'look' | 'tamper' | 'forget' | 'lose-answers';

/** How the suite gets its targets. */
export interface Harness {
  /** A target of its own for each test. */
  readonly start: () => Promise<Target>;
  readonly lacks?: readonly Inability[];
}

/** What every connector must do, whatever it connects to. */
export function contract(name: string, { start, lacks = [] }: Harness): void {
  const can = (what: Inability) => !lacks.includes(what);
  const seen = (truth: Observed): Observed => (can('look') ? truth : 'unknown');

  test.describe(`the ${name} connector`, () => {
    test('opens what is open already, twice', async () => {
      await using target = await start();
      await using right = await connected(target);
      const before = await target.snapshot();
      await right.connector.apply(state(target, 'open', 1), right.memory);
      await right.connector.apply(state(target, 'open', 1), right.memory);
      expect(await target.access()).toBe('open');
      expect(await target.snapshot()).toEqual(before);
      expect(await right.connector.observe(state(target, 'open', 1), right.memory)).toBe(seen('open'));
    });

    test('closes, and closes again', async () => {
      await using target = await start();
      await using right = await connected(target);
      await right.connector.apply(state(target, 'closed', 1), right.memory);
      expect(await target.access()).toBe('closed');
      await right.connector.apply(state(target, 'closed', 1), right.memory);
      expect(await target.access()).toBe('closed');
      expect(await right.connector.observe(state(target, 'closed', 1), right.memory)).toBe(seen('closed'));
    });

    test('restores exactly what it closed, as often as it is asked', async () => {
      await using target = await start();
      await using right = await connected(target);
      const before = await target.snapshot();
      for (const revision of [1, 3]) {
        await right.connector.apply(state(target, 'closed', revision), right.memory);
        await right.connector.apply(state(target, 'closed', revision), right.memory);
        await right.connector.apply(state(target, 'open', revision + 1), right.memory);
        await right.connector.apply(state(target, 'open', revision + 1), right.memory);
        expect(await target.access()).toBe('open');
        expect(await target.snapshot()).toEqual(before);
      }
    });

    test('changes nothing for an older revision', async () => {
      await using target = await start();
      await using right = await connected(target);
      await right.connector.apply(state(target, 'closed', 5), right.memory);
      await right.connector.apply(state(target, 'open', 4), right.memory);
      expect(await target.access()).toBe('closed');
      await right.connector.apply(state(target, 'open', 6), right.memory);
      await right.connector.apply(state(target, 'closed', 5), right.memory);
      expect(await target.access()).toBe('open');
    });

    test('repeats what was broken off at any of its notes', async () => {
      await using target = await start();
      await using right = await connected(target);
      const before = await target.snapshot();
      let breaks = 0;
      for (let steps = 0, cut = 1; cut > 0; steps += 1) {
        cut = 0;
        // Each time from the beginning: what an earlier round noted could hide what this one has lost.
        const memory = keptMemory();
        for (const [access, revision] of [['closed', 1] as const, ['open', 2] as const]) {
          const desired = state(target, access, 2 * steps + revision);
          const outcome = await right.connector.apply(desired, dying(memory, steps)).catch(noticed);
          if (outcome === 'died') cut += 1;
          await right.connector.apply(desired, memory);
          expect(await target.access()).toBe(access);
        }
        expect(await target.snapshot()).toEqual(before);
        breaks += cut;
      }
      // The wrapper that keeps the order takes two notes of each: without any, nothing was broken off.
      expect(breaks).toBeGreaterThanOrEqual(4);
    });

    if (can('lose-answers'))
      test('repeats what was made, but never confirmed', async () => {
        await using target = await start();
        await using right = await connected(target);
        const before = await target.snapshot();
        for (const [access, revision] of [['closed', 1] as const, ['open', 2] as const]) {
          expect(target.loseNextAnswer).toBeDefined();
          target.loseNextAnswer?.();
          const desired = state(target, access, revision);
          expect(await failure(right.connector.apply(desired, right.memory))).toBe('temporary');
          await right.connector.apply(desired, right.memory);
          expect(await target.access()).toBe(access);
        }
        expect(await target.snapshot()).toEqual(before);
      });

    test('calls a target that is down temporary, and closes it once it is back', async () => {
      await using target = await start();
      await using right = await connected(target);
      await using down = await connected(target, 'down');
      const desired = state(target, 'closed', 1);
      expect(await failure(down.connector.apply(desired, right.memory))).toBe('temporary');
      if (can('look')) expect(await failure(down.connector.observe(desired, right.memory))).toBe('temporary');
      expect(await target.access()).toBe('open');
      await right.connector.apply(desired, right.memory);
      expect(await target.access()).toBe('closed');
    });

    test('says that its credentials are wrong, and changes nothing', async () => {
      await using target = await start();
      await using wrong = await connected(target, 'wrong');
      const code = await failure(wrong.connector.apply(state(target, 'closed', 1), wrong.memory));
      expect(['configuration', 'refused']).toContain(code);
      if (can('look'))
        expect(['configuration', 'refused']).toContain(
          await failure(wrong.connector.observe(state(target, 'closed', 1), wrong.memory)),
        );
      expect(await target.access()).toBe('open');
    });

    if (can('tamper') && can('look'))
      test('sees what somebody changed by hand, and repairs it', async () => {
        await using target = await start();
        await using right = await connected(target);
        await right.connector.apply(state(target, 'open', 1), right.memory);
        const before = await target.snapshot();
        for (const [access, revision] of [['closed', 2] as const, ['open', 3] as const]) {
          const desired = state(target, access, revision);
          await right.connector.apply(desired, right.memory);
          const other = access === 'open' ? 'closed' : 'open';
          expect(target.tamper).toBeDefined();
          await target.tamper?.(other);
          expect(await target.access()).toBe(other);
          expect(await right.connector.observe(desired, right.memory)).toBe(other);
          await right.connector.apply(desired, right.memory);
          expect(await target.access()).toBe(access);
          expect(await right.connector.observe(desired, right.memory)).toBe(access);
        }
        expect(await target.snapshot()).toEqual(before);
      });

    test('ends what is offboarded, and ends it again', async () => {
      await using target = await start();
      await using right = await connected(target);
      const ended: Desired = { ...state(target, 'closed', 1), ended: 'yes' };
      await right.connector.apply(ended, right.memory);
      expect(['absent', 'closed']).toContain(await target.access());
      await right.connector.apply(ended, right.memory);
      expect(['absent', 'closed']).toContain(await target.access());
      expect([seen('absent'), seen('closed')]).toContain(await right.connector.observe(ended, right.memory));
    });

    test('does not touch, or calls absent, an integration that the target does not know', async () => {
      await using target = await start();
      await using right = await connected(target);
      const stranger: Desired = {
        ...state(target, 'closed', 1),
        integration: 'stranger',
        clients: ['stranger'],
        certificates: [],
      };
      if (right.connector.concerns(stranger))
        expect(await right.connector.observe(stranger, right.memory)).toBe(seen('absent'));
      expect(right.connector.concerns(state(target, 'open', 1))).toBe(true);
      expect(await target.access()).toBe('open');
    });

    if (can('forget') && can('look'))
      test('does not take for open what somebody removed', async () => {
        await using target = await start();
        await using right = await connected(target);
        const desired = state(target, 'open', 1);
        await right.connector.apply(desired, right.memory);
        expect(target.forget).toBeDefined();
        await target.forget?.();
        expect(await target.access()).toBe('absent');
        // RFC 7592, section 2.1 has servers answer for a client that is gone as they do for a wrong token.
        const observed = await right.connector.observe(desired, right.memory).catch(codeOf);
        expect(['absent', 'refused']).toContain(observed);
        expect(['absent', 'refused']).toContain(await failure(right.connector.apply(desired, right.memory)));
      });
  });
}

/** For connectors that need no database: whoever asks it fails. */
export const noDatabase: Database = {
  kind: 'embedded',
  query: async () => await Promise.reject(new Error('this connector has no database')),
  transaction: async () => await Promise.reject(new Error('this connector has no database')),
  listen: async () => await Promise.reject(new Error('this connector has no database')),
  close: async () => {},
};

/** Notes kept in this process, as JSON as the database keeps them. */
export function keptMemory(): Memory {
  const notes = new Map<string, string>();
  return {
    get: async (key) => {
      const note = notes.get(key);
      return note === undefined ? undefined : JSON.parse(note);
    },
    set: async (key, value) => void notes.set(key, JSON.stringify(value)),
  };
}

/** A desired state of the target's integration. */
export const state = (target: Target, access: Desired['access'], revision: number): Desired => ({
  ...target.integration,
  access,
  ended: 'no',
  revision,
  reason: access === 'open' ? 'certified' : 'suspended: fapi2-sp/5.3.2.2-5 failed',
  evidence: ['0'.repeat(64)],
  at: new Date(Date.UTC(2026, 0, 1, 0, 0, revision)).toISOString(),
});

class Died extends Error {
  override readonly name = 'Died';
}

const noticed = (error: unknown): 'died' => {
  if (error instanceof Died) return 'died';
  throw error;
};

/** The process ends at the note with this number: this one and all later ones do not happen. */
function dying(memory: Memory, steps: number): Memory {
  let left = steps;
  const step = () => {
    left -= 1;
    if (left < 0) throw new Died('the process ended here');
  };
  return {
    async get(key) {
      step();
      return await memory.get(key);
    },
    async set(key, value) {
      step();
      await memory.set(key, value);
    },
  };
}

async function connected(target: Target, how: 'right' | 'wrong' | 'down' = 'right') {
  const connector = await target.connect(how);
  return {
    connector,
    memory: keptMemory(),
    [Symbol.asyncDispose]: async () => await connector.close(),
  };
}

const codeOf = (error: unknown): ConnectorError['code'] => {
  if (error instanceof ConnectorError) return error.code;
  throw error;
};

/** With which code it failed; an error if it did not. */
async function failure(work: Promise<unknown>): Promise<ConnectorError['code'] | 'succeeded'> {
  return await work.then(() => 'succeeded' as const, codeOf);
}
