import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';
import { canonical, digestOf } from '../evidence/canonical.ts';
import type { Statement } from '../evidence/statement.ts';
import type { Deed, Transition } from './act.ts';
import type { Certification } from './certification.ts';
import { absorb, consequences, effective, lapses, type Logged } from './fold.ts';
import { later } from './next.ts';
import { defaultRules, type Rules } from './rules.ts';
import { logged, sampleAct, sampleEdition, sampleResult } from './sample.ts';
import { unknownStanding, type Standing } from './standing.ts';
import { transitionStatement } from './transition.ts';

const rules: Rules = { ...defaultRules, minor: ['spec/minor*'], conditional_days: 3, inconclusive_hours: 30 };
const edition = sampleEdition;

/** One step of a history: how long after the one before, and what happens. */
interface Step {
  readonly hours: number;
  readonly what: string;
}

const runs = {
  pass: { 'spec/a': 'pass', 'spec/minor': 'pass' },
  critical: { 'spec/a': 'fail', 'spec/minor': 'pass' },
  minor: { 'spec/a': 'pass', 'spec/minor': 'fail' },
  inconclusive: { 'spec/a': 'inconclusive', 'spec/minor': 'pass' },
} as const;

const deeds: Readonly<Record<string, Deed>> = {
  suspend: { kind: 'suspend' },
  revoke: { kind: 'revoke' },
  reinstate: { kind: 'reinstate' },
  offboard: { kind: 'offboard' },
  register: {
    kind: 'register',
    registration: { partner: 'acme', roles: ['client'], clients: ['c'], certificates: [], scopes: [] },
  },
  observe: { kind: 'observe', edition, fingerprint: digestOf('another fingerprint') },
  retire: { kind: 'retire-edition', edition },
  'break-glass': { kind: 'break-glass', until: '2027-06-01T00:00:00.000Z' },
};

/** What disputes and waivers change depends on what rests on them. */
const exceptions: Readonly<Record<string, Deed>> = {
  waive: {
    kind: 'waive',
    requirement: 'spec/a',
    edition,
    owner: 'otto',
    expires: '2026-12-20T00:00:00.000Z',
  },
  withdraw: { kind: 'withdraw-waiver', requirement: 'spec/a', edition },
  dispute: { kind: 'dispute', requirement: 'spec/a', edition },
  settle: { kind: 'settle-dispute', requirement: 'spec/a', edition },
};

/** Mostly within the time for reruns, sometimes beyond deadlines. */
const hours = fc
  .oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 8 }) },
    { weight: 1, arbitrary: fc.integer({ min: 8, max: 800 }) },
  )
  .map((eighths) => eighths / 8);
const history = (...whats: readonly string[]) =>
  fc.array(fc.record({ hours, what: fc.constantFrom(...whats) }), { maxLength: 24 });
/** Most steps are runs, and most of those pass or fail. */
const runKinds = ['pass', 'pass', 'pass', 'critical', 'critical', 'critical', 'minor', 'inconclusive'];
const usual = [...runKinds, ...runKinds, ...Object.keys(deeds), 'reinstate', 'tick', 'tick'];
const everything = [...usual, ...Object.keys(exceptions), 'reinstate', 'narrowed', 'elsewhere'];

const beginning = '2026-11-01T00:00:00.000Z';

/** What a history leads to: the standing as it was built live, and the log. */
function live(
  steps: readonly Step[],
  by: Rules = rules,
  edit: (statement: Statement) => Statement = (same) => same,
) {
  let standing = unknownStanding('acme-1');
  let at = beginning;
  const log: Logged[] = [];
  const transitions: Transition[] = [];
  for (const { hours, what } of steps) {
    at = later(at, hours);
    const statement = statementOf(what, at);
    const cause = statement === undefined ? undefined : logged(edit(statement));
    const made = cause === undefined ? lapses(standing, by, at) : consequences(standing, cause, by);
    const added = [...(cause ? [cause] : []), ...made.map((each) => logged(transitionStatement(each)))];
    standing = added.reduce(absorb, standing);
    log.push(...added);
    transitions.push(...made);
  }
  return { standing, log, transitions, at };
}

function statementOf(what: string, at: string): Statement | undefined {
  if (what === 'tick') return undefined;
  if (what === 'narrowed') return sampleResult({ finished: at, requirements: runs.pass, selection: 'par' });
  if (what === 'elsewhere')
    return sampleResult({ finished: at, requirements: runs.pass, environment: 'sandbox' });
  if (what in runs) {
    const kind = what as keyof typeof runs;
    return sampleResult({
      finished: at,
      requirements: runs[kind],
      ...(kind === 'inconclusive' ? { fault: 'environment' } : {}),
    });
  }
  const deed = deeds[what] ?? exceptions[what];
  if (deed === undefined) throw new Error(`no such step: ${what}`);
  const { environment: _, ...act } = sampleAct(deed, at).predicate;
  return deed.kind === 'retire-edition'
    ? { ...sampleAct(deed, at), predicate: { ...act, integration: '*' } }
    : sampleAct(deed, at);
}

const certificationOf = ({ certifications }: Standing): Certification | undefined =>
  certifications.find(({ environment }) => environment === 'production');

/** How far a certification opens: 2 for certified, 1 for conditional, 0 for what is stale or anything else. */
function openness(standing: Standing): number {
  const certification = certificationOf(standing);
  if (certification === undefined || certification.stale !== undefined) return 0;
  return certification.state === 'certified' ? 2 : certification.state === 'conditional' ? 1 : 0;
}

const runsOf = { numRuns: 25000 };

test('without a counted pass nothing is certified or conditional', () => {
  fc.assert(
    fc.property(history(...everything.filter((what) => what !== 'pass' && what !== 'waive')), (steps) => {
      const { standing, transitions } = live(steps);
      const states = [
        ...transitions.map(({ certification }) => certification),
        ...standing.certifications,
      ].filter(({ environment }) => environment === 'production');
      expect(states.filter(({ state }) => state === 'certified' || state === 'conditional')).toEqual([]);
    }),
    runsOf,
  );
});

test('only a failure of the subject, its deadline or an operator suspends', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(history(...everything), (steps) => {
      for (const { from, event, certification } of live(steps).transitions)
        if (from !== 'suspended' && certification.state === 'suspended') {
          seen.add(event);
          expect(['failed-critical', 'deadline-passed', 'suspended']).toContain(event);
        }
    }),
    runsOf,
  );
  expect([...seen].toSorted()).toEqual(['deadline-passed', 'failed-critical', 'suspended']);
});

test('revoked ends only by a named operator with a reason', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(history(...everything), (steps) => {
      for (const { from, event, actor, because, certification } of live(steps).transitions)
        if (from === 'revoked' && certification.state !== 'revoked') {
          seen.add(event);
          expect(['reinstated', 'registered']).toContain(event);
          expect(certification.state).toBe('uncertified');
          expect([actor, because]).toEqual(['olga', expect.stringContaining('incident 7')]);
        }
    }),
    runsOf,
  );
  expect([...seen].toSorted()).toEqual(['registered', 'reinstated']);
});

test('replaying the log gives the standing that was built live', () => {
  fc.assert(
    fc.property(history(...everything), (steps) => {
      const { standing, log } = live(steps);
      expect(log.reduce(absorb, unknownStanding('acme-1'))).toEqual(standing);
    }),
    runsOf,
  );
});

test('what time causes composes, and is not caused twice', () => {
  fc.assert(
    fc.property(history(...everything), hours, hours, (steps, one, other) => {
      const { standing, at } = live(steps);
      const first = later(at, one);
      const second = later(first, other);
      expect(effective(effective(standing, rules, first), rules, second)).toEqual(
        effective(standing, rules, second),
      );
      expect(lapses(effective(standing, rules, second), rules, second)).toEqual([]);
    }),
    runsOf,
  );
});

test('it does not matter when somebody looked at the clock', () => {
  fc.assert(
    fc.property(history(...everything), (steps) => {
      const { standing, at } = live(steps);
      // Without the ticks; the time that they took stays.
      let waited = 0;
      const unseen = steps.flatMap(({ hours, what }) => {
        waited += hours;
        if (what === 'tick') return [];
        const step = { hours: waited, what };
        waited = 0;
        return [step];
      });
      const end = later(at, 1);
      expect(effective(live(unseen).standing, rules, end)).toEqual(effective(standing, rules, end));
    }),
    runsOf,
  );
});

test('the order of members does not matter', () => {
  const reversed = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(reversed)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([name, member]) => [name, reversed(member)]),
          )
        : value;
  fc.assert(
    fc.property(history(...everything), (steps) => {
      const outcome = (edit: (statement: Statement) => Statement) =>
        live(steps, rules, edit).transitions.map(({ evidence: _, ...each }) =>
          canonical(each).replaceAll(/[0-9a-f]{64}/gu, ''),
        );
      expect(outcome((statement) => reversed(statement) as Statement)).toEqual(outcome((same) => same));
    }),
    { numRuns: 1000 },
  );
});

/** A history without one of its passes; the time that it took stays. */
function lacking(steps: readonly Step[], index: number): readonly Step[] {
  return steps.with(index, { hours: steps[index]?.hours ?? 0, what: 'tick' });
}

test('without its last pass no history is better off', () => {
  let removed = 0;
  fc.assert(
    fc.property(history(...usual), (steps) => {
      const last = steps.findLastIndex(({ what }) => what === 'pass');
      fc.pre(last !== -1);
      const [whole, rest] = [live(steps), live(lacking(steps, last))];
      expect(openness(rest.standing)).toBeLessThanOrEqual(openness(whole.standing));
      if (openness(rest.standing) < openness(whole.standing)) removed += 1;
    }),
    runsOf,
  );
  expect(removed).toBeGreaterThan(0);
});

test('where one failure confirms, no history is better off without any of its passes', () => {
  const strict: Rules = { ...rules, confirmation: { failures: 1, runs: 1, within_minutes: 60 } };
  fc.assert(
    fc.property(history(...usual), fc.nat(), (steps, choice) => {
      const passes = steps.flatMap(({ what }, index) => (what === 'pass' ? [index] : []));
      fc.pre(passes.length > 0);
      const index = passes[choice % passes.length] ?? 0;
      expect(openness(live(lacking(steps, index), strict).standing)).toBeLessThanOrEqual(
        openness(live(steps, strict).standing),
      );
    }),
    runsOf,
  );
});
