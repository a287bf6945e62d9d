import type { Environment } from '../certification/certification.ts';
import { effective } from '../certification/fold.ts';
import type { Rules } from '../certification/rules.ts';
import { unknownStanding, type Standing } from '../certification/standing.ts';
import { decide } from './decide.ts';
import type { Action, Decision } from './decision.ts';
import type { Gate, Party, Question } from './gate.ts';
import type { Policy } from './policy.ts';

/** Standings with the position of the log that they are of. */
export interface Snapshot {
  readonly position: number;
  readonly standings: readonly Standing[];
}

/** Where a live gate has its standings from: the store, or a log that is replayed. */
export interface StandingSource {
  /** The standings that changed since a position; all of them since 0. */
  changedSince(position: number): Promise<Snapshot>;
  /** Calls when something may have changed; calls may be missed, and there may be too many. */
  watch(onChange: () => void): Promise<() => Promise<void>>;
}

export interface LiveGateOptions {
  readonly source: StandingSource;
  readonly policy: Policy;
  readonly rules: Rules;
  readonly now: () => Date;
  /** Milliseconds between two looks at the source, beside its own calls. Default: 500. */
  readonly interval?: number;
  /**
   * Milliseconds for which the gate goes on with what it knows when the source does not answer. After that it denies, as
   * a revocation could not reach it. Default: 10,000.
   */
  readonly patience?: number;
  /** Called when the source does not answer. */
  readonly onError?: (error: unknown) => void;
}

/** A gate that keeps all standings in memory and follows their source. */
export interface LiveGate extends Gate {
  /** Looks at the source now. */
  refresh(): Promise<void>;
  standing(integration: string): Standing | undefined;
  standings(): readonly Standing[];
  close(): Promise<void>;
}

/** How long a decision may be given again, in milliseconds: conditions on time are that coarse. */
const freshness = 1000;

/**
 * Opens a gate that answers within microseconds, from memory. A change in the source is seen within `interval`, and at once
 * where the source calls.
 * @throws what the source throws at the first look.
 */
export async function openLiveGate(options: LiveGateOptions): Promise<LiveGate> {
  const { source, policy, rules, now, interval = 500, patience = 10_000 } = options;
  const known = new Map<string, Standing>();
  const keys = new Map<string, string>();
  const decided = new Map<string, { readonly at: number; readonly decision: Decision }>();
  let position = 0;
  let confirmed = 0;
  let looking: Promise<void> | undefined;
  let calls = 0;

  function take({ position: reached, standings }: Snapshot): void {
    for (const standing of standings) {
      const { integration } = standing;
      for (const key of keysOf(known.get(integration))) if (keys.get(key) === integration) keys.delete(key);
      for (const key of keysOf(standing)) keys.set(key, integration);
      known.set(integration, standing);
    }
    if (standings.length > 0) decided.clear();
    position = reached;
  }

  async function look(): Promise<void> {
    for (let answered = -1; answered !== calls;) {
      answered = calls;
      const asked = now().getTime();
      take(await source.changedSince(position));
      confirmed = asked;
    }
  }

  /** One look at a time; a call during a look leads to another one after it. */
  function refresh(): Promise<void> {
    calls += 1;
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  const follow = (): void => void refresh().catch((error: unknown) => options.onError?.(error));

  function answer({ party, environment, action }: Question): Decision {
    const at = now();
    const name = identify(party, environment);
    const standing = name === undefined ? undefined : known.get(name);
    // Callers name what they like, also what is no Unicode text.
    const integration = standing?.integration ?? (name ?? `${party.kind} ${party.value}`).toWellFormed();
    // Whichever way the clock was set meanwhile.
    if (Math.abs(at.getTime() - confirmed) > patience)
      return withoutFacts(integration, environment, action, at);
    const asked = `${integration} ${environment} ${action}`;
    const before = standing && decided.get(asked);
    const age = before === undefined ? Infinity : at.getTime() - before.at;
    if (before && age >= 0 && age < freshness) return before.decision;
    const decision = decide({
      standing: effective(standing ?? unknownStanding(integration), rules, at.toISOString()),
      environment,
      action,
      now: at,
      completeness: 'complete',
      policy,
    });
    // What is not known is not remembered: there is no end of it.
    if (standing !== undefined) decided.set(asked, { at: at.getTime(), decision });
    return decision;
  }

  await refresh();
  const unwatch = await source.watch(follow);
  const timer = setInterval(follow, interval);
  return {
    ask: async (question) => answer(question),
    refresh,
    standing: (integration) => known.get(integration),
    standings: () => [...known.values()],
    async close() {
      clearInterval(timer);
      await unwatch();
      await looking?.catch(() => undefined);
    },
  };

  function identify({ kind, value }: Party, environment: Environment): string | undefined {
    return kind === 'integration' ? value : keys.get(keyName(environment, kind, value));
  }
}

const keyName = (environment: Environment, kind: 'client' | 'certificate', value: string): string =>
  `${environment} ${kind} ${value}`;

function keysOf(standing: Standing | undefined): readonly string[] {
  return (standing?.registrations ?? []).flatMap(({ environment, registration }) => [
    ...registration.clients.map((value) => keyName(environment, 'client', value)),
    ...registration.certificates.map((value) => keyName(environment, 'certificate', value)),
  ]);
}

const withoutFacts = (integration: string, environment: Environment, action: Action, at: Date): Decision => ({
  format: 'assay-decision/1',
  integration,
  environment,
  action,
  decision: 'deny',
  mode: 'enforce',
  rule: 'no-facts',
  reasons: ['The store has not answered for too long: a suspension could not have reached this gate.'],
  required: [],
  evidence: [],
  at: at.toISOString(),
});
