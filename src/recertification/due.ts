import type { Certification } from '../certification/certification.ts';
import { effective, lapses } from '../certification/fold.ts';
import type { Rules } from '../certification/rules.ts';
import type { Standing } from '../certification/standing.ts';
import { release, type Load } from './budget.ts';
import { hour, minute, openFrom, shareOf } from './calendar.ts';
import { closuresOf, early, routineAfter, wordsOf, type Key, type Schedule } from './schedule.ts';

/** One certification that is watched, and what was run for it. */
export interface Watched extends Key {
  /** Hosts that its runs call. */
  readonly hosts: readonly string[];
  /** Since when it is watched. */
  readonly since: string;
  readonly standing: Standing;
  /** What runs are judged by now: a digest of edition, suites and policy, and since when. */
  readonly version: { readonly id: string; readonly since: string };
  /** The last run that ended, whatever came of it. */
  readonly last?: LastRun | undefined;
  /** When a run was last asked for, as by a gate in CI. */
  readonly requested?: string | undefined;
}

/** What a run that ended means for the next one. */
export interface LastRun {
  readonly started: string;
  readonly finished: string;
  /** The version that it was judged by. */
  readonly version: string;
  /** Runs in a row, up to this one, without an answer by a fault of environment or harness. */
  readonly unanswered: number;
}

/** Why a run is due, with its priority: a lower number goes first. */
export const priorities = {
  /** A critical failure is to be confirmed or refuted. */
  confirmation: 1,
  requested: 2,
  /** Something else is running than what the evidence covers. */
  drift: 3,
  /** The evidence covers nothing for another reason. */
  stale: 3,
  /** It was never run. */
  first: 4,
  /** The edition or the policy changed. */
  changed: 4,
  /** It is conditional, or stays stale in spite of a run. */
  unsettled: 4,
  /** The last run had no answer. */
  retry: 4,
  /** Evidence, credentials, a waiver or a deadline expire soon. */
  expiring: 4,
  routine: 4,
} as const;
export type Reason = keyof typeof priorities;

/** The next run of a certification: at most one, with all reasons for it. */
export interface Planned extends Key {
  readonly hosts: readonly string[];
  /** Not before this instant, if nothing changes until then. */
  readonly at: string;
  readonly priority: number;
  readonly reasons: readonly { readonly reason: Reason; readonly since: string }[];
}

/** What the operator has laid down. */
export interface Terms {
  readonly schedule: Schedule;
  readonly rules: Rules;
}

/**
 * The runs that are due, the most urgent first; of two alike the one that is due for longer. What of them may start is the budget's to say.
 * @param now ISO 8601 in UTC.
 */
export const due = (watched: readonly Watched[], terms: Terms, now: string): readonly Planned[] =>
  watched
    .map((each) => plan(each, terms, now))
    .filter((planned): planned is Planned => planned !== undefined && planned.at <= now)
    .toSorted(byUrgency);

/** The order in which runs that are due start. */
export const byUrgency = (one: Planned, other: Planned): number =>
  one.priority - other.priority ||
  compare(waitingSince(one), waitingSince(other)) ||
  compare(idOf(one), idOf(other));

const waitingSince = ({ reasons }: Planned): string => reasons[0]?.since ?? '';
const idOf = ({ integration, environment, edition }: Key): string =>
  JSON.stringify([integration, environment, edition]);
const compare = (one: string, other: string): number => (one === other ? 0 : one < other ? -1 : 1);

/**
 * When a run may start next if nothing happens until then; now, when one may at once; undefined when only an event can change
 * that. Whoever sleeps until then wakes also when a run ends, and when something is watched, requested, seen or decided.
 * @param now ISO 8601 in UTC.
 */
export function nextInstant(
  watched: readonly Watched[],
  terms: Terms,
  load: Load,
  now: string,
): string | undefined {
  const plans = watched.map((each) => plan(each, terms, now)).filter((planned) => planned !== undefined);
  const waiting = plans.filter(({ at }) => at <= now);
  return [
    ...plans.filter(({ at }) => at > now).map(({ at }) => at),
    release(waiting, load, terms.schedule.budget, now),
  ]
    .filter((at) => at !== undefined)
    .toSorted(compare)[0];
}

/** Later than all that is dated. */
const ever = '9999-12-31T00:00:00.000Z';

/**
 * The next run of a certification; undefined when none would count, as after a revocation or when the edition is retired. It is the
 * same at every instant up to `at`.
 * @param now ISO 8601 in UTC.
 */
export function plan(watched: Watched, terms: Terms, now: string): Planned | undefined {
  const { standing } = watched;
  const { rules } = terms;
  // Time itself changes certifications, after the instants that are named, and each time other reasons hold.
  const changes = lapses(standing, rules, ever)
    .filter(({ at }) => at >= now)
    .map(({ at }) => isoOf(Date.parse(at) + 1));
  const instants = [now, ...new Set(changes)];
  for (const [index, from] of instants.entries()) {
    const planned = planFrom({ ...watched, standing: effective(standing, rules, from) }, terms, from);
    const until = instants[index + 1];
    if (until === undefined || (planned !== undefined && planned.at < until)) return planned;
  }
  return undefined;
}

/** The next run if its standing stays as it is. */
function planFrom(watched: Watched, { schedule }: Terms, now: string): Planned | undefined {
  const certification = certificationOf(watched);
  if (isClosed(watched, certification)) return undefined;
  const wants = wantsOf(watched, certification, schedule).toSorted((one, other) => one.since - other.since);
  const at = openFrom(
    Math.max(Date.parse(now), Math.min(...wants.map(({ since }) => since))),
    schedule.run_minutes * minute,
    closuresOf(schedule, watched),
  );
  const reasons = wants.filter(({ since }) => since <= at);
  const { partner, integration, environment, edition, hosts } = watched;
  return {
    partner,
    integration,
    environment,
    edition,
    hosts,
    at: isoOf(at),
    priority: Math.min(...reasons.map(({ reason }) => priorities[reason])),
    reasons: reasons.map(({ reason, since }) => ({ reason, since: isoOf(since) })),
  };
}

const isoOf = (at: number): string => new Date(at).toISOString();

const certificationOf = ({ standing, environment, edition }: Watched): Certification | undefined =>
  standing.certifications.find((each) => each.environment === environment && each.edition === edition);

/** Whether no run would count: only an operator opens again what was revoked or retired. */
const isClosed = (
  { standing, environment, edition }: Watched,
  certification: Certification | undefined,
): boolean =>
  standing.retired.includes(edition) ||
  certification?.state === 'revoked' ||
  standing.holds.some(
    (hold) => hold.environment === environment && hold.act !== 'suspend' && hold.ended === undefined,
  );

interface Want {
  readonly reason: Reason;
  /** From when on. */
  readonly since: number;
}

/** All that speaks for a next run, each with the instant from which on it does. */
function wantsOf(watched: Watched, certification: Certification | undefined, schedule: Schedule): Want[] {
  const { last, version, requested } = watched;
  const words = wordsOf(schedule, watched);
  const asked: Want[] =
    requested !== undefined && (last === undefined || last.started < requested)
      ? [{ reason: 'requested', since: Date.parse(requested) }]
      : [];
  const changedAt = (since: string): Want => ({
    reason: 'changed',
    since: Date.parse(since) + Math.floor(shareOf(...words, version.id) * schedule.rollout_hours * hour),
  });
  if (last === undefined)
    return [
      ...asked,
      isOnOtherEdition(watched)
        ? changedAt(watched.since)
        : { reason: 'first', since: Date.parse(watched.since) },
    ];

  const started = Date.parse(last.started);
  const finished = Date.parse(last.finished);
  const rested = finished + schedule.pause_minutes * minute;
  const patient = last.unanswered > 0 ? Math.max(rested, finished + backoff(last, schedule, words)) : rested;
  const ordinary: Want[] = [
    ...(last.version === version.id ? [] : [changedAt(version.since)]),
    ...(certification === undefined ? [] : unsettled(certification, last, schedule, words)),
    ...(last.unanswered > 0 ? [{ reason: 'retry', since: patient } as const] : []),
    ...endsOf(watched, certification, schedule)
      .filter((since) => started < since)
      .map((since) => ({ reason: 'expiring', since }) as const),
    { reason: 'routine', since: routineAfter(started, rested, schedule, watched) },
  ];
  return [
    ...asked,
    ...confirmations(certification, finished, schedule),
    ...ordinary.map(({ reason, since }) => ({ reason, since: Math.max(since, patient) })),
  ];
}

/** Whether it was run before under another edition: then its first run under this one is part of a rollout. */
const isOnOtherEdition = ({ standing, environment, edition }: Watched): boolean =>
  standing.certifications.some((each) => each.environment === environment && each.edition !== edition);

/** Reruns while a critical failure is suspected. They end with the suspicion, and so need no longer pauses. */
function confirmations(
  certification: Certification | undefined,
  finished: number,
  { confirmation_minutes }: Schedule,
): Want[] {
  const { suspicion } = certification ?? {};
  if (suspicion === undefined) return [];
  const done = suspicion.failed.length + suspicion.passed.length;
  const pause = confirmation_minutes[done - 1] ?? confirmation_minutes.at(-1) ?? 0;
  return [{ reason: 'confirmation', since: finished + pause * minute }];
}

/** What a state that should not last asks for: a run as soon as it is stale, and others faster than by cadence. */
function unsettled(
  { stale, state }: Certification,
  { started }: LastRun,
  { conditional_hours }: Schedule,
  words: readonly string[],
): Want[] {
  if (stale !== undefined && started <= stale.since)
    return [
      {
        reason: stale.because === 'fingerprint-changed' ? 'drift' : 'stale',
        since: Date.parse(stale.since),
      },
    ];
  return stale !== undefined || state === 'conditional'
    ? [{ reason: 'unsettled', since: early(Date.parse(started), conditional_hours, [...words, started]) }]
    : [];
}

/** When it is time to renew what stops counting at an instant that is known before. */
function endsOf(
  { standing, environment }: Watched,
  certification: Certification | undefined,
  { lead_hours }: Schedule,
): readonly number[] {
  const { basis, deadline, edition } = certification ?? {};
  const registration = standing.registrations.find((each) => each.environment === environment)?.registration;
  const waivers = standing.waivers.filter(
    (waiver) =>
      waiver.environment === environment &&
      waiver.edition === edition &&
      basis?.waived.includes(waiver.requirement) === true,
  );
  const ends = [deadline, registration?.credentials_expire, ...waivers.map(({ expires }) => expires)]
    .filter((expires) => expires !== undefined)
    .map((expires) => Date.parse(expires) - lead_hours * hour);
  if (basis === undefined) return ends;
  // A run renews its evidence: of evidence that is kept for less than two leads, half its time must have passed.
  const half = (Date.parse(basis.finished) + Date.parse(basis.expires)) / 2;
  return [...ends, Math.max(half, Date.parse(basis.expires) - lead_hours * hour)];
}

/** The pause after runs without an answer: it doubles up to the longest, and up to a quarter more spreads what failed at once. */
function backoff(
  { unanswered, finished }: LastRun,
  { unreachable }: Schedule,
  words: readonly string[],
): number {
  const { first_minutes, longest_minutes } = unreachable;
  const pause = Math.min(longest_minutes, first_minutes * 2 ** Math.max(0, unanswered - 1));
  return Math.floor(pause * minute * (1 + shareOf(...words, finished) / 4));
}
