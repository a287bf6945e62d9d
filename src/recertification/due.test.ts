import { expect, test } from '@playwright/test';
import type { Certification } from '../certification/certification.ts';
import type { Standing } from '../certification/standing.ts';
import { due, nextInstant, plan, type Terms, type Watched } from './due.ts';
import { sampleBasis, sampleCertification, sampleLast, sampleTerms, sampleWatched } from './sample.ts';
import type { Schedule } from './schedule.ts';

const now = '2026-07-01T03:00:00.000Z';
const suspicion = {
  since: sampleLast.finished,
  until: '2026-07-01T03:10:00.000Z',
  failed: ['c'.repeat(64)],
  passed: [],
  requirements: ['spec/a'],
};
const unwatched = { last: undefined };
const registration = { partner: 'acme', roles: ['client'], clients: [], certificates: [], scopes: [] };
const held = { environment: 'production', actor: 'olga', reason: 'x', since: now } as const;

interface Row {
  readonly watched?: Partial<Watched>;
  readonly certification?: Partial<Certification>;
  readonly standing?: Partial<Standing>;
  readonly schedule?: Partial<Schedule>;
  readonly now?: string;
  /** Reasons, and between which instants; nothing where no run would count. */
  readonly plan?: readonly [reasons: string, from: string, to?: string];
}

const table: Readonly<Record<string, Row>> = {
  'a run a night': { plan: ['routine', '07-02T01:00', '07-02T05:00'] },
  'what was missed, once and at once': {
    now: '2026-07-09T12:00:00.000Z',
    plan: ['routine', '07-09T12:00'],
  },
  'another cadence for some': {
    schedule: { cadences: [{ partners: ['acme'], hours: 12 }] },
    plan: ['routine', '07-01T12:48', '07-01T14:00'],
  },
  'the first cadence that names it': {
    schedule: {
      cadences: [
        { integrations: ['acme-2'], hours: 1 },
        { environments: ['sandbox'], hours: 1 },
        { editions: ['other-*'], hours: 1 },
        { integrations: ['ac*'], nights: 1, from: '22:00', to: '23:00', time_zone: 'America/Sao_Paulo' },
        { hours: 1 },
      ],
    },
    plan: ['routine', '07-02T01:00', '07-02T02:00'],
  },
  'no night that began before it had rested': {
    watched: { last: { ...sampleLast, finished: '2026-07-01T23:00:00.000Z' } },
    schedule: { routine: { nights: 1, from: '23:10', to: '23:20' } },
    now: '2026-07-01T23:05:00.000Z',
    plan: ['routine', '07-02T23:10', '07-02T23:20'],
  },
  'nothing within maintenance, and nothing that would last into it': {
    watched: { requested: '2026-07-01T02:50:00.000Z' },
    schedule: { maintenance: [{ partners: ['acme'], from: '03:29', to: '07:00' }] },
    plan: ['requested', '07-01T07:00'],
  },
  'the maintenance of others holds nothing up': {
    watched: { requested: '2026-07-01T02:50:00.000Z' },
    schedule: { maintenance: [{ partners: ['globex'], from: '03:29', to: '07:00' }] },
    plan: ['requested', '07-01T03:00'],
  },
  'maintenance on another weekday': {
    // 1 July 2026 is a Wednesday.
    watched: { requested: '2026-07-01T02:50:00.000Z' },
    schedule: { maintenance: [{ weekdays: ['thu'], from: '00:00', to: '23:00' }] },
    plan: ['requested', '07-01T03:00'],
  },
  'a first run at once': {
    watched: { ...unwatched, since: '2026-07-01T02:59:00.000Z' },
    standing: { certifications: [] },
    plan: ['first', '07-01T03:00'],
  },
  'a first run at once although the policy has changed since': {
    watched: { ...unwatched, version: { id: 'v2', since: '2026-07-01T02:59:00.000Z' } },
    standing: { certifications: [] },
    plan: ['first', '07-01T03:00'],
  },
  'a first run of a new edition within the rollout': {
    watched: { ...unwatched, since: now, edition: 'fapi2-sp-2' },
    plan: ['changed', '07-01T03:00', '07-02T03:00'],
  },
  'a new policy within the rollout': {
    watched: { version: { id: 'v2', since: now } },
    schedule: { rollout_hours: 4 },
    plan: ['changed', '07-01T03:00', '07-01T07:00'],
  },
  'the first rerun soon': {
    certification: { suspicion },
    now: '2026-07-01T02:10:00.000Z',
    plan: ['confirmation', '07-01T02:12'],
  },
  'the second rerun later': {
    certification: { suspicion: { ...suspicion, passed: ['d'.repeat(64)] } },
    now: '2026-07-01T02:10:00.000Z',
    plan: ['confirmation', '07-01T02:20'],
  },
  'the last pause again': {
    certification: { suspicion: { ...suspicion, passed: ['d', 'e', 'f'] } },
    now: '2026-07-01T02:10:00.000Z',
    plan: ['confirmation', '07-01T02:20'],
  },
  'reruns without the pauses of what is unreachable': {
    watched: { last: { ...sampleLast, unanswered: 9 } },
    certification: { suspicion },
    now: '2026-07-01T02:10:00.000Z',
    plan: ['confirmation', '07-01T02:12'],
  },
  'no rerun when the time for reruns is over, but evidence that covers nothing': {
    certification: { suspicion },
    schedule: { maintenance: [{ begins: now, ends: '2026-07-01T04:00:00.000Z' }] },
    plan: ['stale', '07-01T04:00'],
  },
  'a request at once, and after a run that began before it': {
    watched: { requested: '2026-07-01T02:05:00.000Z' },
    now: '2026-07-01T02:11:00.000Z',
    plan: ['requested', '07-01T02:11'],
  },
  'no request that a run has answered': {
    watched: { requested: '2026-07-01T02:00:00.000Z' },
    plan: ['routine', '07-02T01:00', '07-02T05:00'],
  },
  'drift once it was seen': {
    certification: { stale: { because: 'fingerprint-changed', since: '2026-07-01T02:55:00.000Z' } },
    plan: ['drift', '07-01T03:00'],
  },
  'drift after the least pause': {
    certification: { stale: { because: 'fingerprint-changed', since: '2026-07-01T02:12:00.000Z' } },
    now: '2026-07-01T02:12:00.000Z',
    plan: ['drift', '07-01T02:40'],
  },
  'drift that a run did not settle, faster than by cadence': {
    certification: { stale: { because: 'fingerprint-changed', since: '2026-07-01T01:55:00.000Z' } },
    plan: ['unsettled', '07-01T07:24', '07-01T08:00'],
  },
  'a conditional certification faster than by cadence': {
    certification: { state: 'conditional', deadline: '2026-07-14T02:10:00.000Z' },
    plan: ['unsettled', '07-01T07:24', '07-01T08:00'],
  },
  'a retry soon after the first run without an answer': {
    watched: { last: { ...sampleLast, unanswered: 1 } },
    schedule: { pause_minutes: 1 },
    now: '2026-07-01T02:10:00.000Z',
    plan: ['retry', '07-01T02:15', '07-01T02:16:15'],
  },
  'a retry later after the fourth': {
    watched: { last: { ...sampleLast, unanswered: 4 } },
    plan: ['retry', '07-01T03:00'],
    now: '2026-07-01T03:00:00.000Z',
  },
  'a retry after the longest pause at last': {
    watched: { last: { ...sampleLast, unanswered: 900 } },
    plan: ['retry', '07-01T08:10', '07-01T09:40'],
  },
  'nothing before the retry but requests and confirmations': {
    watched: {
      last: { ...sampleLast, unanswered: 900 },
      version: { id: 'v2', since: '2026-06-01T00:00:00.000Z' },
    },
    certification: { stale: { because: 'evidence-expired', since: '2026-07-01T02:55:00.000Z' } },
    plan: ['changed stale retry', '07-01T08:10', '07-01T09:40'],
  },
  'before evidence expires': {
    certification: {
      basis: { ...sampleBasis, finished: '2026-06-20T02:10:00.000Z', expires: '2026-07-03T08:00:00.000Z' },
    },
    plan: ['expiring', '07-01T08:00'],
  },
  'not again and again before short evidence expires': {
    certification: { basis: { ...sampleBasis, expires: '2026-07-01T12:10:00.000Z' } },
    plan: ['expiring', '07-01T07:10'],
  },
  'before a deadline': {
    certification: { state: 'conditional', deadline: '2026-07-03T05:00:00.000Z' },
    plan: ['expiring', '07-01T05:00'],
  },
  'before credentials expire': {
    standing: {
      registrations: [
        {
          environment: 'production',
          registration: { ...registration, credentials_expire: '2026-07-03T05:00:00.000Z' },
        },
      ],
    },
    plan: ['expiring', '07-01T05:00'],
  },
  'not before credentials of another environment expire': {
    standing: {
      registrations: [
        {
          environment: 'sandbox',
          registration: { ...registration, credentials_expire: '2026-07-03T05:00:00.000Z' },
        },
      ],
    },
    plan: ['routine', '07-02T01:00', '07-02T05:00'],
  },
  'before a waiver that it rests on expires': {
    certification: { basis: { ...sampleBasis, waived: ['spec/a'] } },
    standing: {
      waivers: [
        {
          environment: 'production',
          edition: sampleCertification.edition,
          requirement: 'spec/a',
          reason: 'x',
          owner: 'otto',
          approver: 'olga',
          expires: '2026-07-03T05:00:00.000Z',
          statement: 'e'.repeat(64),
        },
      ],
    },
    plan: ['expiring', '07-01T05:00'],
  },
  'what was suspected, when the time for reruns is over': {
    certification: { suspicion: { ...suspicion, until: '2026-07-01T02:59:00.000Z' } },
    plan: ['stale', '07-01T03:00'],
  },
  'evidence that has expired by the clock alone': {
    certification: { basis: { ...sampleBasis, expires: '2026-07-01T02:59:00.000Z' } },
    plan: ['expiring stale', '07-01T03:00'],
  },
  'a suspended integration by its cadence': {
    certification: { state: 'suspended' },
    plan: ['routine', '07-02T01:00', '07-02T05:00'],
  },
  'all reasons together, the highest priority first': {
    watched: { requested: '2026-07-02T10:00:00.000Z' },
    certification: { stale: { because: 'fingerprint-changed', since: '2026-07-02T11:00:00.000Z' } },
    now: '2026-07-02T12:00:00.000Z',
    plan: ['routine requested drift', '07-02T12:00'],
  },
  'nothing after a revocation': { certification: { state: 'revoked' } },
  'nothing of an edition that is retired': { standing: { retired: [sampleCertification.edition] } },
  'nothing after an offboarding before the first run': {
    watched: { ...unwatched },
    standing: { certifications: [], holds: [{ ...held, act: 'offboard' }] },
  },
  'a first run once an offboarding was undone': {
    watched: { ...unwatched },
    standing: { certifications: [], holds: [{ ...held, act: 'offboard', ended: now }] },
    plan: ['first', '07-01T03:00'],
  },
  'a first run although an operator suspended it': {
    watched: { ...unwatched },
    standing: { certifications: [], holds: [{ ...held, act: 'suspend' }] },
    plan: ['first', '07-01T03:00'],
  },
};

const instant = (text: string): string =>
  new Date(`2026-${text}${text.length > 11 ? '' : ':00'}Z`).toISOString();
const termsOf = (row: Row): Terms => ({
  ...sampleTerms,
  schedule: { ...sampleTerms.schedule, ...row.schedule },
});
const watchedOf = ({ watched, certification, standing }: Row): Watched =>
  sampleWatched(watched, certification, standing);

for (const [what, row] of Object.entries(table))
  test(`due is ${what}`, () => {
    const at = row.now ?? now;
    const planned = plan(watchedOf(row), termsOf(row), at);
    if (row.plan === undefined || planned === undefined) {
      expect(planned).toBe(row.plan);
      return;
    }
    const [reasons, from, to = from] = row.plan;
    expect(planned.reasons.map(({ reason }) => reason).join(' ')).toBe(reasons);
    expect(planned.at >= instant(from) && planned.at <= instant(to), planned.at).toBe(true);
    // Whoever sleeps until then misses nothing and wakes for nothing.
    const middle = new Date((Date.parse(at) + Date.parse(planned.at)) / 2).toISOString();
    for (const when of [middle, planned.at])
      expect(plan(watchedOf(row), termsOf(row), when)).toEqual(planned);
  });

test('of what is due the most urgent goes first, then what waits for longer', () => {
  const one = (integration: string, more: Row): Watched => ({ ...watchedOf(more), integration });
  const wednesday = { requested: '2026-07-01T02:50:00.000Z' };
  const stale = (since: string) => ({ stale: { because: 'fingerprint-changed', since } }) as const;
  const found = due(
    [
      one('later', {}),
      one('drift', { certification: stale('2026-07-01T02:55:00.000Z') }),
      one('drift-before', { certification: stale('2026-07-01T02:45:00.000Z') }),
      one('suspected', { certification: { suspicion } }),
      one('requested', { watched: wednesday }),
      one('first', { watched: unwatched, standing: { certifications: [] } }),
      one('revoked', { certification: { state: 'revoked' }, watched: wednesday }),
    ],
    sampleTerms,
    now,
  );
  expect(found.map(({ integration, priority }) => [integration, priority])).toEqual([
    ['suspected', 1],
    ['requested', 2],
    ['drift-before', 3],
    ['drift', 3],
    ['first', 4],
  ]);
});

test('the next instant is the first plan, now for what may start, and later where the budget asks for it', () => {
  const quiet = sampleWatched();
  const asking = sampleWatched({ requested: '2026-07-01T02:50:00.000Z' });
  const idle = { running: [], starts: [] };
  const next = (watched: readonly Watched[], load: Parameters<typeof nextInstant>[2]) =>
    nextInstant(watched, sampleTerms, load, now);
  const routine = plan(quiet, sampleTerms, now)?.at;
  expect(next([], idle)).toBeUndefined();
  expect(next([quiet], idle)).toBe(routine);
  expect(next([quiet, asking], idle)).toBe(now);
  const starts = Array.from({ length: 20 }, (_, index) =>
    new Date(Date.parse(now) - 1000 * index).toISOString(),
  );
  expect(next([quiet, asking], { running: [], starts })).toBe('2026-07-01T03:00:41.000Z');
  // Its own run makes room when it ends, and nothing before.
  expect(next([quiet, asking], { running: [asking], starts: [] })).toBe(routine);
});

test('a change of policy spreads a thousand runs evenly', () => {
  const version = { id: 'v2', since: now };
  const hours = Array.from({ length: 1000 }, (_, index) => {
    const watched = { ...sampleWatched({ version, last: { ...sampleLast, started: now, finished: now } }) };
    const never = { nights: 400, from: '01:00', to: '05:00' };
    const schedule = { ...sampleTerms.schedule, routine: never, pause_minutes: 1 };
    const planned = plan({ ...watched, integration: `i-${index}` }, { ...sampleTerms, schedule }, now);
    return Math.floor((Date.parse(planned?.at ?? '') - Date.parse(now)) / 3_600_000);
  });
  const counts = Array.from({ length: 24 }, (_, each) => hours.filter((found) => found === each).length);
  expect(Math.min(...counts)).toBeGreaterThan(20);
  expect(Math.max(...counts)).toBeLessThan(70);
});
