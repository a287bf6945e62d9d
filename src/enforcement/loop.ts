import {
  allDecided,
  claim,
  connectorMemory,
  decideUndecided,
  deliverAgain,
  endLeases,
  markUndecided,
  noteObserved,
} from '../store/outbox.ts';
import type { Database } from '../store/database.ts';
import type { Connector, Desired } from './connector.ts';
import { asConnectorError, deliver } from './deliver.ts';
import { desiredOf, inEffect, type DecideAccess } from './desired.ts';
import type { EnforcementEvent } from './event.ts';

/** What enforcement is made of. */
export interface EnforcementOptions {
  readonly database: Database;
  readonly connectors: readonly Connector[];
  readonly decide: DecideAccess;
  readonly now: () => Date;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly report?: (event: EnforcementEvent) => void;
  /** Milliseconds. */
  readonly intervals?: Partial<Intervals>;
}

/** Milliseconds. */
interface Intervals {
  /** Between looks for work that no notification told of. */
  readonly poll: number;
  /** Between decisions about everything, by which an expiry is found. */
  readonly recheck: number;
  readonly reconcile: number;
  /** How long a dead worker's delivery waits for another. */
  readonly lease: number;
}

const usual: Intervals = { poll: 2_000, recheck: 60_000, reconcile: 600_000, lease: 30_000 };

/** Deliveries of one connector that are under way at once in one process. */
const lanes = 4;
const batch = 50;

/** Makes decisions true outside, and keeps them so. */
export interface Enforcement {
  /** Decides what is undecided and delivers what is due, until nothing is due now. */
  settle(): Promise<void>;
  /** Decides about everything anew, as time alone may change a decision; then settles. */
  recheck(): Promise<void>;
  /** Looks at everything that was decided, at every connector; makes due what is not as desired; then settles. */
  reconcile(): Promise<void>;
  /** Does all of these until it is aborted, and ends what is under way. The connectors stay open. */
  run(signal: AbortSignal): Promise<void>;
}

/** Opens enforcement. Several may work on one database server; none does what another is at. */
export function openEnforcement(options: EnforcementOptions): Enforcement {
  const { database, connectors, decide, now, random, report = () => undefined } = options;
  const intervals = { ...usual, ...options.intervals };
  const later = (milliseconds: number) => new Date(now().getTime() + milliseconds);
  const concerned = (desired: Desired, previous?: Desired) =>
    connectors
      // What it knew before it must hear the end of.
      .filter((each) => each.concerns(desired) || (previous !== undefined && each.concerns(previous)))
      .map(({ name }) => name);

  async function decideAll(): Promise<void> {
    for (;;) {
      const at = now();
      const { taken, revised } = await decideUndecided<Desired>(database, batch, at, (matter) => {
        const desired = desiredOf(matter, decide, at);
        return desired && { desired, connectors: concerned(desired, matter.previous) };
      });
      for (const desired of revised) report({ kind: 'decided', desired });
      if (revised.length > 0) for (const each of connectors) wake(each);
      if (taken < batch) return;
    }
  }

  const working = new Map<string, Set<Promise<void>>>(connectors.map(({ name }) => [name, new Set()]));
  const woken = new Set<string>();

  /** Each connector has lanes of its own: one whose target hangs holds up no other. */
  function wake(connector: Connector): void {
    woken.add(connector.name);
    const active = working.get(connector.name);
    if (active === undefined || active.size >= lanes) return;
    const lane = drain(connector)
      .catch((error: unknown) => report({ kind: 'interrupted', error }))
      .finally(() => {
        active.delete(lane);
        if (woken.has(connector.name)) wake(connector);
      });
    active.add(lane);
  }

  async function drain(connector: Connector): Promise<void> {
    while (woken.delete(connector.name))
      for (;;) {
        const held = await claim<Desired>(database, connector.name, now(), later(intervals.lease));
        if (held === undefined) break;
        // There may be more: another lane looks.
        wake(connector);
        if (
          (await deliver(connector, held, { database, now, random, report, lease: intervals.lease })) ===
          'again'
        )
          wake(connector);
      }
  }

  async function idle(): Promise<void> {
    for (;;) {
      const all = [...working.values()].flatMap((active) => [...active]);
      if (all.length === 0) return;
      await Promise.all(all);
    }
  }

  let leases: 'unknown' | 'ended' = 'unknown';

  async function pump(): Promise<void> {
    // Its lock says that the worker who held them is dead.
    if (leases === 'unknown' && database.kind === 'embedded') await endLeases(database);
    leases = 'ended';
    await decideAll();
    for (const each of connectors) wake(each);
  }

  async function settle(): Promise<void> {
    await pump();
    await idle();
  }

  async function markLapsed(): Promise<void> {
    for await (const { desired, standing } of allDecided<Desired>(database)) {
      const { integration, environment } = desired;
      if (desiredOf({ integration, environment, standing, previous: desired }, decide, now()) !== undefined)
        await markUndecided(database, desired, now());
    }
  }

  async function markDrifted(): Promise<void> {
    for await (const { desired, deliveries } of allDecided<Desired>(database))
      await Promise.all(
        connectors
          .filter((each) => each.concerns(desired))
          .map(async (connector) => {
            const state = deliveries.find((each) => each.connector === connector.name)?.state;
            if (state === 'done') await look(connector, desired);
            // Never tried, or given up: the configuration may be another now.
            else if (state !== 'due') await deliverAgain(database, connector.name, desired, now());
          }),
      );
  }

  async function look(connector: Connector, desired: Desired): Promise<void> {
    const { name } = connector;
    try {
      const observed = await connector.observe(desired, connectorMemory(database, name));
      await noteObserved(database, name, desired, observed, now());
      if (inEffect(desired, observed) === 'yes') return;
      report({ kind: 'drifted', connector: name, desired, observed });
    } catch (cause) {
      const error = asConnectorError(cause, name);
      report({ kind: 'unobserved', connector: name, desired, error });
      // To look again is all that would be done about it.
      if (error.code === 'temporary') return;
    }
    await deliverAgain(database, name, desired, now());
  }

  return {
    settle,
    async recheck() {
      await markLapsed();
      await settle();
    },
    async reconcile() {
      await markDrifted();
      await settle();
    },
    async run(signal) {
      let notify = Promise.withResolvers<void>();
      const unlisten = await database.listen('assay', () => notify.resolve());
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      const background = new Map<string, Promise<void>>();
      const due = new Map<string, number>();
      /** Begins work at its interval, beside the loop: looking at every target takes long. */
      const periodically = (name: string, interval: number, work: () => Promise<void>): void => {
        if (background.has(name) || now().getTime() < (due.get(name) ?? 0)) return;
        due.set(name, now().getTime() + interval);
        const running = work()
          .catch((error: unknown) => report({ kind: 'interrupted', error }))
          .finally(() => {
            background.delete(name);
            notify.resolve();
          });
        background.set(name, running);
      };
      while (!signal.aborted) {
        try {
          await pump();
          periodically('recheck', intervals.recheck, markLapsed);
          periodically('reconcile', intervals.reconcile, markDrifted);
        } catch (error) {
          report({ kind: 'interrupted', error });
        }
        const patience = timer(intervals.poll);
        await Promise.race([notify.promise, patience.over, aborted]);
        patience.cancel();
        notify = Promise.withResolvers<void>();
      }
      await Promise.all(background.values());
      await idle();
      await unlisten();
    },
  };
}

function timer(milliseconds: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const handle = setTimeout(resolve, milliseconds);
  return { over: promise, cancel: () => clearTimeout(handle) };
}
