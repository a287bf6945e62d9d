import type { Basis, Certification, Held, StaleReason } from './certification.ts';
import { uncertified } from './certification.ts';
import type { Event, RunFacts } from './event.ts';
import type { Rules } from './rules.ts';

const hour = 3_600_000;

type Of<K extends Event['kind']> = Extract<Event, { kind: K }>;

/**
 * The certification after an event. What changes nothing gives the same object back.
 * The table of it is in this room's README.
 */
export function next(before: Certification, event: Event, rules: Rules): Certification {
  switch (event.kind) {
    case 'passed':
    case 'failed-critical':
    case 'failed-minor':
    case 'failed-disputed':
      return counts(before, event.run) ? answered(before, event, rules) : before;
    case 'inconclusive':
      return counts(before, event.run) ? unanswered(before, event.at) : before;
    case 'fingerprint-changed':
      return fingerprintChanged(before, event);
    case 'evidence-expired':
      return stale(before, 'evidence-expired', event.at);
    case 'inconclusive-too-long':
      return before.inconclusive_since === undefined
        ? before
        : stale(before, 'inconclusive-too-long', event.at);
    case 'waiver-granted':
      return before;
    case 'waiver-withdrawn':
    case 'waiver-expired':
      return before.basis?.waived.includes(event.requirement) === true
        ? stale(before, 'exception-ended', event.at)
        : before;
    case 'confirmation-lapsed':
      return before.suspicion === undefined
        ? before
        : stale(without(before, 'suspicion'), 'failure-unconfirmed', event.at);
    case 'deadline-passed':
      return before.state !== 'conditional'
        ? before
        : enter(without(before, 'deadline', 'suspicion'), 'suspended', event.at);
    case 'disputed':
      return disputed(before, event);
    case 'dispute-settled':
      return settled(before, event);
    case 'suspended':
      return before.state === 'revoked' || before.held !== undefined
        ? before
        : { ...enter(doubted(before), 'suspended', event.at), held: hold('suspend', event) };
    case 'revoked':
      return before.state === 'revoked'
        ? before
        : {
            ...enter(without(before, 'suspicion', 'deadline'), 'revoked', event.at),
            held: hold('revoke', event),
          };
    case 'offboarded':
      return before.held?.act === 'offboard'
        ? before
        : {
            ...enter(without(before, 'suspicion', 'deadline'), 'revoked', event.at),
            held: hold('offboard', event),
          };
    case 'reinstated':
      return reinstated(before, event.at);
    case 'registered':
      return before.held?.act === 'offboard' ? anew(before, event.at, 'runs-after') : before;
    case 'edition-retired':
      return isRetired(before)
        ? before
        : {
            ...without(before, 'suspicion', 'inconclusive_since'),
            stale: { because: 'edition-retired', since: event.at },
          };
  }
}

const isRetired = ({ stale }: Certification): boolean => stale?.because === 'edition-retired';

const counts = (before: Certification, { finished }: RunFacts): boolean =>
  before.state !== 'revoked' && !isRetired(before) && (before.after === undefined || finished > before.after);

function answered(
  before: Certification,
  event: Of<'passed' | 'failed-critical' | 'failed-minor' | 'failed-disputed'>,
  rules: Rules,
): Certification {
  const { finished, doubt } = event.run;
  const since = before.inconclusive_since;
  const known =
    doubt !== undefined && event.kind !== 'failed-critical'
      ? unanswered(before, finished)
      : since !== undefined && since <= finished
        ? without(before, 'inconclusive_since')
        : before;
  const after = { ...known, after: finished };
  switch (event.kind) {
    case 'passed':
      return passed(after, event.run, rules);
    case 'failed-critical':
      return failedCritical(after, event, rules);
    case 'failed-minor':
    case 'failed-disputed':
      return failedOtherwise(after, event, rules);
  }
}

const unanswered = (before: Certification, at: string): Certification =>
  before.inconclusive_since !== undefined && before.inconclusive_since <= at
    ? before
    : { ...before, inconclusive_since: at };

function passed(before: Certification, run: RunFacts, rules: Rules): Certification {
  const refuted = weigh(before, run, rules);
  const current = coveredAgain(refuted, run) ? without(refuted, 'stale') : refuted;
  const renewed = { ...without(current, 'failed', 'deadline'), basis: basisOf(run) };
  return renewed.held === undefined ? enter(renewed, 'certified', run.finished) : renewed;
}

/** Whether a pass ends what made the evidence stale. */
function coveredAgain({ stale, suspicion }: Certification, run: RunFacts): boolean {
  switch (stale?.because) {
    case 'fingerprint-changed':
      // A run that began before the change was seen, and met another fingerprint, tested what is there no more.
      return run.fingerprint === stale.fingerprint || run.started > stale.since;
    case 'failure-unconfirmed':
      return suspicion === undefined;
    case 'edition-retired':
      return false;
    default:
      return true;
  }
}

function failedCritical(before: Certification, event: Of<'failed-critical'>, rules: Rules): Certification {
  const { run, at } = event;
  if (before.state === 'uncertified') return before;
  const failure = { statement: run.statement, requirements: [...event.requirements] };
  if (before.state === 'suspended') return failedSuspended(before, failure);
  const { failures, within_minutes } = rules.confirmation;
  const open = before.suspicion ?? {
    since: at,
    until: later(at, within_minutes / 60),
    failed: [],
    passed: [],
    requirements: [],
  };
  const failed = [...open.failed, run.statement];
  const requirements = union(open.requirements, event.requirements);
  if (failed.length < Math.min(failures, rules.confirmation.runs))
    return { ...before, suspicion: { ...open, failed, requirements } };
  const confirmed = without(before, 'suspicion', 'deadline');
  const judged = confirmed.stale?.because === 'failure-unconfirmed' ? without(confirmed, 'stale') : confirmed;
  return { ...enter(judged, 'suspended', at), failed: { statement: run.statement, requirements } };
}

/** A run without a critical failure, which is no pass: it keeps access open where it is, and opens none. */
function failedOtherwise(
  before: Certification,
  event: Of<'failed-minor' | 'failed-disputed'>,
  rules: Rules,
): Certification {
  if (before.state === 'uncertified') return before;
  const minor =
    event.kind === 'failed-minor'
      ? { statement: event.run.statement, requirements: [...event.requirements] }
      : undefined;
  if (before.state === 'suspended') return minor === undefined ? before : failedSuspended(before, minor);
  const { doubt, fingerprint } = event.run;
  const weighed = doubt === undefined ? weigh(before, event.run, rules) : before;
  const covered =
    doubt === undefined && weighed.stale === undefined && weighed.basis?.fingerprint === fingerprint;
  const kept = covered ? { ...weighed, basis: basisOf(event.run) } : weighed;
  if (minor === undefined) return enter(without(kept, 'failed', 'deadline'), 'certified', event.at);
  const deadline = before.deadline ?? later(event.at, rules.conditional_days * 24);
  return { ...enter(kept, 'conditional', event.at), failed: minor, deadline };
}

/** An operator closed it: whoever reinstates it must know that it has failed since. */
const failedSuspended = (
  before: Certification,
  failure: NonNullable<Certification['failed']>,
): Certification =>
  before.held === undefined ? before : { ...without(before, 'deadline'), failed: failure };

/** Counts a run without a critical failure against a suspicion, which ends when it can no longer be confirmed. */
function weigh(before: Certification, { statement }: RunFacts, { confirmation }: Rules): Certification {
  const { suspicion } = before;
  if (suspicion === undefined) return before;
  const passed = [...suspicion.passed, statement];
  const left = confirmation.runs - suspicion.failed.length - passed.length;
  return suspicion.failed.length + left < Math.min(confirmation.failures, confirmation.runs)
    ? without(before, 'suspicion')
    : { ...before, suspicion: { ...suspicion, passed } };
}

function fingerprintChanged(
  before: Certification,
  { at, fingerprint }: Of<'fingerprint-changed'>,
): Certification {
  const { basis, stale } = before;
  const seen = stale?.because === 'fingerprint-changed' ? stale : undefined;
  return !rests(before) ||
    isRetired(before) ||
    basis === undefined ||
    basis.fingerprint === fingerprint ||
    at <= basis.finished ||
    seen?.fingerprint === fingerprint ||
    (seen !== undefined && at <= seen.since)
    ? before
    : { ...before, stale: { because: 'fingerprint-changed', since: at, fingerprint } };
}

function disputed(before: Certification, event: Of<'disputed'>): Certification {
  const { at, actor, reason, requirement } = event;
  const entries = before.in_revision ?? [];
  const ids = [...entries.map((each) => each.requirement), requirement];
  if (ids.indexOf(requirement) < entries.length) return before;
  const noted = { ...before, in_revision: [...entries, { requirement, by: actor, reason, since: at }] };
  return freed(noted, ids, at);
}

/** Lifts what rests on disputed requirements alone; a failure that was confirmed stands until a pass. */
function freed(before: Certification, ids: readonly string[], at: string): Certification {
  const undisputed = (requirements: readonly string[]): string[] =>
    requirements.filter((id) => !ids.includes(id));
  const { suspicion, failed } = before;
  let after = before;
  if (suspicion !== undefined) {
    const requirements = undisputed(suspicion.requirements);
    after =
      requirements.length > 0
        ? { ...after, suspicion: { ...suspicion, requirements } }
        : setAside(without(after, 'suspicion'), suspicion.requirements);
  }
  if (failed !== undefined && before.state === 'conditional' && undisputed(failed.requirements).length === 0)
    after = enter(setAside(without(after, 'failed', 'deadline'), failed.requirements), 'certified', at);
  return after;
}

function setAside(before: Certification, requirements: readonly string[]): Certification {
  const { basis } = before;
  if (basis === undefined) return before;
  return {
    ...before,
    basis: { ...basis, disputed: union(basis.disputed ?? [], requirements) },
  };
}

function settled(before: Certification, { requirement, at }: Of<'dispute-settled'>): Certification {
  const left = before.in_revision?.filter((each) => each.requirement !== requirement) ?? [];
  if (left.length === (before.in_revision?.length ?? 0)) return before;
  const after = without(before, 'in_revision');
  const noted = left.length > 0 ? { ...after, in_revision: left } : after;
  return noted.basis?.disputed?.includes(requirement) === true ? stale(noted, 'exception-ended', at) : noted;
}

/** A hold is no time for reruns: what was suspected counts as failed until a pass. */
function doubted(before: Certification): Certification {
  const { suspicion } = before;
  if (suspicion === undefined) return before;
  return {
    ...without(before, 'suspicion', 'deadline'),
    failed: { statement: suspicion.failed.at(-1) ?? '', requirements: suspicion.requirements },
  };
}

function reinstated(before: Certification, at: string): Certification {
  const { held, basis, stale, failed, deadline } = before;
  if (held?.act === 'revoke') return anew(before, at, 'runs-after');
  if (held?.act !== 'suspend') return before;
  if (basis === undefined || stale !== undefined) return anew(before, at, 'runs-before');
  const free = without(before, 'held');
  if (failed === undefined) return enter(free, 'certified', at);
  return deadline !== undefined && deadline >= at
    ? enter(free, 'conditional', at)
    : anew(before, at, 'runs-before');
}

/** Back to the start. What stays is what a pass would not end either: disputes, and that the edition is retired. */
function anew(before: Certification, at: string, count: 'runs-after' | 'runs-before'): Certification {
  const after = count === 'runs-after' && at > (before.after ?? '') ? at : before.after;
  return {
    ...uncertified(before.edition, before.environment, at),
    ...(after === undefined ? {} : { after }),
    ...(before.in_revision === undefined ? {} : { in_revision: before.in_revision }),
    ...(before.stale !== undefined && isRetired(before) ? { stale: before.stale } : {}),
  };
}

/** Whether a state rests on a run, so that it matters whether the run still shows something. */
const rests = ({ state, basis }: Certification): boolean =>
  basis !== undefined && state !== 'uncertified' && state !== 'revoked';

/** The first reason stays: all but two of them end with the same pass, and those two put themselves first. */
const stale = (before: Certification, because: StaleReason, since: string): Certification =>
  before.stale !== undefined || !rests(before) ? before : { ...before, stale: { because, since } };

const enter = (before: Certification, state: Certification['state'], since: string): Certification =>
  before.state === state ? before : { ...before, state, since };

const hold = (act: Held['act'], { actor, reason, at }: Of<'suspended' | 'revoked' | 'offboarded'>): Held => ({
  act,
  actor,
  reason,
  since: at,
});

function basisOf({ started: _, doubt: __, disputed, waived, ...run }: RunFacts): Basis {
  return { ...run, waived: [...waived], ...(disputed.length > 0 ? { disputed: [...disputed] } : {}) };
}

const union = (one: readonly string[], other: readonly string[]): string[] => [
  ...new Set([...one, ...other]),
];

/** An instant some hours after another. */
export const later = (instant: string, hours: number): string =>
  new Date(Date.parse(instant) + hours * hour).toISOString();

type Optional = 'suspicion' | 'deadline' | 'failed' | 'stale' | 'held' | 'in_revision' | 'inconclusive_since';

function without(before: Certification, ...names: readonly Optional[]): Certification {
  const after = { ...before };
  for (const name of names) delete after[name];
  return after;
}
