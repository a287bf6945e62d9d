import { testResultType, type Statement, type TestResult } from '../evidence/statement.ts';
import { actType, transitionType, type Act, type Transition } from './act.ts';
import { environments, uncertified, type Certification, type Environment } from './certification.ts';
import { eventOf, type Event } from './event.ts';
import { later, next } from './next.ts';
import type { Rules } from './rules.ts';
import type { Standing } from './standing.ts';
import { transition } from './transition.ts';

export { staleWaivers } from './event.ts';

/** A statement that was read by `readLogged`, with the digest of its envelope. */
export interface Logged {
  readonly statement: Statement;
  readonly digest: string;
}

/** The id that stands for all integrations, in acts and in the log. */
export const everyone = '*';

/**
 * Replays one statement, without rules: an act changes registrations, waivers, break glass, holds and retired editions, a
 * transition replaces a certification, a test result alone changes nothing. What is about another integration, neither.
 */
export function absorb(standing: Standing, { statement, digest }: Logged): Standing {
  switch (statement.predicateType) {
    case actType: {
      const act = statement.predicate as Act;
      return concerns(act, standing) ? absorbAct(standing, act, digest) : standing;
    }
    case transitionType: {
      const made = statement.predicate as Transition;
      return concerns(made, standing) ? absorbTransition(standing, made) : standing;
    }
    default:
      return standing;
  }
}

const concerns = (
  { integration }: { readonly integration: string },
  { integration: id }: Standing,
): boolean => integration === id || integration === everyone;

function absorbTransition(standing: Standing, { certification }: Transition): Standing {
  const { certifications } = standing;
  const index = certifications.findIndex((each) => isSame(each, certification));
  return {
    ...standing,
    certifications:
      index === -1 ? [...certifications, certification] : certifications.with(index, certification),
  };
}

function absorbAct(standing: Standing, act: Act, digest: string): Standing {
  const { deed, actor, reason, at } = act;
  const within = concerned(act);
  const elsewhere = ({ environment }: { readonly environment: Environment }): boolean =>
    !within.includes(environment);
  switch (deed.kind) {
    case 'register': {
      const { registration } = deed;
      return {
        ...standing,
        registrations: [
          ...standing.registrations.filter(elsewhere),
          ...within.map((environment) => ({ environment, registration })),
        ],
        holds: standing.holds.map((hold) =>
          elsewhere(hold) || hold.act !== 'offboard' || hold.ended !== undefined
            ? hold
            : { ...hold, ended: at },
        ),
      };
    }
    case 'suspend':
    case 'revoke':
    case 'offboard': {
      const kind = deed.kind;
      const weight = { suspend: 1, revoke: 2, offboard: 3 };
      const stays = (hold: Standing['holds'][number]): boolean =>
        elsewhere(hold) || (hold.ended === undefined && weight[hold.act] >= weight[kind]);
      const kept = standing.holds.filter(stays);
      const made = within
        .filter((environment) => !kept.some((hold) => hold.environment === environment))
        .map((environment) => ({ environment, act: kind, actor, reason, since: at }));
      // Whoever closes after broken glass means it. The order of the log tells, not clocks, which who signs sets.
      return {
        ...standing,
        holds: [...kept, ...made],
        break_glass: standing.break_glass.filter(elsewhere),
      };
    }
    case 'reinstate':
      return {
        ...standing,
        holds: standing.holds.map((hold) =>
          elsewhere(hold) || hold.act === 'offboard' || hold.ended !== undefined
            ? hold
            : { ...hold, ended: at },
        ),
      };
    case 'waive':
    case 'withdraw-waiver': {
      const { edition, requirement } = deed;
      const others = standing.waivers.filter(
        (waiver) => elsewhere(waiver) || waiver.edition !== edition || waiver.requirement !== requirement,
      );
      if (deed.kind === 'withdraw-waiver') return { ...standing, waivers: others };
      const { owner, expires } = deed;
      const granted = within.map((environment) => ({
        environment,
        edition,
        requirement,
        reason,
        owner,
        approver: actor,
        expires,
        statement: digest,
      }));
      return { ...standing, waivers: [...others, ...granted] };
    }
    case 'break-glass': {
      const opened = within.map((environment) => ({
        environment,
        actor,
        reason,
        since: at,
        until: deed.until,
        statement: digest,
      }));
      return { ...standing, break_glass: [...standing.break_glass.filter(elsewhere), ...opened] };
    }
    case 'end-break-glass':
      return { ...standing, break_glass: standing.break_glass.filter(elsewhere) };
    case 'retire-edition':
      return standing.retired.includes(deed.edition)
        ? standing
        : { ...standing, retired: [...standing.retired, deed.edition] };
    case 'dispute':
    case 'settle-dispute':
    case 'observe':
      return standing;
  }
}

/**
 * The transitions that a newly accepted statement causes, in order: first those that time had caused until then, so that
 * the outcome does not depend on when somebody looked at the clock.
 * @param standing As it was before the statement.
 */
export function consequences(standing: Standing, logged: Logged, rules: Rules): readonly Transition[] {
  const { statement, digest } = logged;
  const subject = subjectOf(statement, standing);
  if (subject === undefined) return [];
  const lapsed = lapses(standing, rules, subject.at);
  const current = absorb(lapsed.reduce(absorbTransition, standing), logged);
  const begun = subject.begins
    .filter((key) => !current.certifications.some((each) => isSame(each, key)))
    .map((key) => begin(current, key, subject.at));
  const caused = [...current.certifications, ...begun].filter(subject.concerns).flatMap((before) => {
    const event = eventOf(statement, digest, before, current, rules);
    const after = event === undefined ? before : next(before, event, rules);
    return event === undefined || after === before
      ? []
      : [transition(standing.integration, before, event, after, digest)];
  });
  return [...lapsed, ...caused];
}

type Key = Pick<Certification, 'edition' | 'environment'>;

/** The certifications that a statement is about, those that begin with it, and when it was made. */
interface Affected {
  readonly at: string;
  readonly begins: readonly Key[];
  readonly concerns: (certification: Certification) => boolean;
}

function subjectOf(statement: Statement, standing: Standing): Affected | undefined {
  if (statement.predicateType === testResultType) {
    const { integration, environment, profile, run } = statement.predicate as TestResult;
    if (integration !== standing.integration) return undefined;
    const key = { environment, edition: profile.edition };
    return { at: run.finished, begins: [key], concerns: (each) => isSame(each, key) };
  }
  if (statement.predicateType !== actType) return undefined;
  const act = statement.predicate as Act;
  if (!concerns(act, standing)) return undefined;
  const within = concerned(act);
  const edition = 'edition' in act.deed ? act.deed.edition : undefined;
  return {
    at: act.at,
    // Whoever disputes a check may do so before the first run.
    begins:
      act.deed.kind === 'dispute' && edition !== undefined
        ? within.map((environment) => ({ environment, edition }))
        : [],
    concerns: (each) =>
      within.includes(each.environment) && (edition === undefined || each.edition === edition),
  };
}

/** A certification that is needed for the first time. What was done to all of the integration was done to it. */
function begin({ holds, retired }: Standing, { edition, environment }: Key, at: string): Certification {
  const fresh = uncertified(edition, environment, at);
  const hold = holds.find((each) => each.environment === environment);
  const { stale }: Pick<Certification, 'stale'> = retired.includes(edition)
    ? { stale: { because: 'edition-retired', since: at } }
    : {};
  const begun = stale === undefined ? fresh : { ...fresh, stale };
  if (hold === undefined) return begun;
  const { environment: _, ended, ...held } = hold;
  if (ended === undefined)
    return { ...begun, state: hold.act === 'suspend' ? 'suspended' : 'revoked', since: hold.since, held };
  return hold.act === 'suspend' ? begun : { ...begun, after: ended };
}

/** The transitions that time has caused before `now`, each dated when it was due, in that order. */
export function lapses(standing: Standing, rules: Rules, now: string): readonly Transition[] {
  return standing.certifications
    .flatMap((certification) => {
      const made: Transition[] = [];
      let before = certification;
      for (;;) {
        const event = due(before, standing, rules)
          .filter(({ at }) => at < now)
          .toSorted((one, other) => (one.at === other.at ? 0 : one.at < other.at ? -1 : 1))[0];
        if (event === undefined) return made;
        const after = next(before, event, rules);
        made.push(transition(standing.integration, before, event, after));
        before = after;
      }
    })
    .toSorted((one, other) => (one.at === other.at ? 0 : one.at < other.at ? -1 : 1));
}

/** What time will do to a certification if nothing else does: only events that change it. */
function due(certification: Certification, { waivers }: Standing, rules: Rules): readonly Event[] {
  const { basis, deadline, suspicion, inconclusive_since, edition, environment, in_revision } = certification;
  const actor = 'clock';
  const events: readonly Event[] = [
    ...(basis === undefined ? [] : [{ kind: 'evidence-expired', at: basis.expires, actor } as const]),
    ...(basis?.waived ?? []).flatMap((requirement) =>
      waivers
        .filter(
          (each) =>
            each.requirement === requirement && each.edition === edition && each.environment === environment,
        )
        .map(({ expires }) => ({ kind: 'waiver-expired', at: expires, actor, requirement }) as const),
    ),
    ...(suspicion === undefined
      ? []
      : [{ kind: 'confirmation-lapsed', at: suspicion.until, actor } as const]),
    ...(deadline === undefined ? [] : [{ kind: 'deadline-passed', at: deadline, actor } as const]),
    ...(inconclusive_since === undefined
      ? []
      : [
          {
            kind: 'inconclusive-too-long',
            at: later(inconclusive_since, rules.inconclusive_hours),
            actor,
          } as const,
        ]),
    ...(in_revision ?? []).map(
      ({ requirement, since }) =>
        ({
          kind: 'dispute-settled',
          at: later(since, rules.dispute_days * 24),
          actor,
          requirement,
          reason: `nobody else did within ${rules.dispute_days} days`,
        }) as const,
    ),
  ];
  return events.filter((event) => next(certification, event, rules) !== certification);
}

/** A standing with what time has caused before `now`, ISO 8601 in UTC: what the gate decides from. */
export const effective = (standing: Standing, rules: Rules, now: string): Standing =>
  lapses(standing, rules, now).reduce(absorbTransition, standing);

const isSame = (one: Key, other: Key): boolean =>
  one.edition === other.edition && one.environment === other.environment;

const concerned = ({ environment }: Act): readonly Environment[] =>
  environment === undefined ? environments : [environment];
