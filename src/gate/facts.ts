import { environments, type Certification, type Environment } from '../certification/certification.ts';
import type { Registration } from '../certification/act.ts';
import type { SignedWaiver, Standing } from '../certification/standing.ts';
import { editionIds } from '../profiles/editions.ts';

/** What a rule can be asked of: its Cedar type, and what it is when nobody knows. */
interface Fact<T> {
  readonly type: 'Bool' | 'Long' | 'Set<String>';
  /** The value of a fact that nothing shows. No other value is worse. */
  readonly worst: T;
  /** The value of a profile that was shown today without any exception. For tests of policies. */
  readonly best: T;
  readonly about: string;
}

/** More hours or things than any rule grants, and far from where Cedar's numbers overflow. */
const beyond = 1_000_000_000;

const flag = (about: string): Fact<boolean> => ({ type: 'Bool', worst: false, best: true, about });
const amount = (about: string): Fact<number> => ({ type: 'Long', worst: beyond, best: 0, about });

/** The facts about one profile edition in one environment. */
export const profileFacts = {
  in_force: flag(
    'certified or conditional; neither stale, expired nor held by an operator, and each failure that it rests on is waived by a living signed waiver or disputed',
  ),
  certified: flag('in force, and without an open failure'),
  conditional: flag('in force in spite of a minor failure, until its deadline'),
  unsuspected: flag('no critical failure waits for its confirmation'),
  evidence_hours: amount('age of the run that it rests on, begun hours counted'),
  silence_hours: amount(
    'of these, the hours until the first run after it that had no answer, or until now: nobody looked',
  ),
  inconclusive_hours: amount('how long runs have had no answer; 0 when the last one had one'),
  waived: amount('how many failures waivers cover'),
  waivers: {
    type: 'Set<String>',
    worst: [],
    best: [],
    about: 'the requirements whose failures waivers cover',
  } satisfies Fact<readonly string[]> as Fact<readonly string[]>,
  in_revision: amount('how many requirements are disputed'),
} as const;

/** The facts about the registration in the environment that is asked about. */
export const registrationFacts = {
  credentials_days: {
    type: 'Long',
    worst: -beyond,
    best: 365,
    about: 'whole days until the first credential expires; negative when it has',
  } satisfies Fact<number> as Fact<number>,
  unheld: flag('no operator holds it closed in this environment'),
  scopes: {
    type: 'Set<String>',
    worst: [],
    best: ['openid'],
    about: 'the scopes that it may be granted',
  } satisfies Fact<readonly string[]> as Fact<readonly string[]>,
  roles: {
    type: 'Set<String>',
    worst: [],
    best: ['client'],
    about: 'its roles',
  } satisfies Fact<readonly string[]> as Fact<readonly string[]>,
} as const;

type Values<F extends Readonly<Record<string, Fact<unknown>>>> = {
  readonly [name in keyof F]: F[name]['worst'];
};
export type ProfileFacts = Values<typeof profileFacts>;
export type RegistrationFacts = Values<typeof registrationFacts>;

/** All that a rule can look at: the context of a Cedar request. */
export type Facts = Readonly<Record<Environment, Readonly<Record<string, ProfileFacts>>>> & RegistrationFacts;

const take = <F extends Readonly<Record<string, Fact<unknown>>>>(
  facts: F,
  which: 'worst' | 'best',
): Values<F> =>
  Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, fact[which]])) as Values<F>;

/** The facts of a profile of which nothing is known. */
export const unknownProfile: ProfileFacts = take(profileFacts, 'worst');
/** The facts of a registration that is not there. */
export const unknownRegistration: RegistrationFacts = take(registrationFacts, 'worst');
/** The facts of a profile that was shown today, without exceptions. */
export const soundProfile: ProfileFacts = { ...take(profileFacts, 'best'), conditional: false };
/** The facts of a registration with nothing to object to. */
export const soundRegistration: RegistrationFacts = take(registrationFacts, 'best');

/** What an environment's editions are where nothing is known of those that are not given. */
export const profilesWith = (
  known: Readonly<Record<string, ProfileFacts>>,
): Readonly<Record<string, ProfileFacts>> =>
  Object.fromEntries(editionIds.map((edition) => [edition, known[edition] ?? unknownProfile]));

/** The Cedar schema of a request, made from the facts above: what a policy is validated against. */
export const schema = `${[
  `type Profile = { ${declare(profileFacts)} };`,
  `type Profiles = { ${editionIds.map((edition) => `${JSON.stringify(edition)}: Profile`).join(', ')} };`,
  'entity Integration;',
  `entity Environment enum [${environments.map((name) => JSON.stringify(name)).join(', ')}];`,
  'action "promote", "access" appliesTo {',
  '  principal: [Integration], resource: [Environment],',
  `  context: { ${environments.map((name) => `${name}: Profiles`).join(', ')}, ${declare(registrationFacts)} }`,
  '};',
].join('\n')}\n`;

function declare(facts: Readonly<Record<string, Fact<unknown>>>): string {
  return Object.entries(facts)
    .map(([name, { type }]) => `${name}: ${type}`)
    .join(', ');
}

/**
 * The facts of a standing. What it does not show has the worst value: an absence never looks like something good.
 * @param standing With what time has done to it (`effective`).
 * @param environment The one that is asked about: whose registration counts.
 */
export function factsOf(standing: Standing, environment: Environment, now: Date): Facts {
  const registration = registrationIn(standing, environment);
  const of = (where: Environment): Readonly<Record<string, ProfileFacts>> =>
    profilesWith(
      Object.fromEntries(
        standing.certifications
          .filter((certification) => certification.environment === where)
          .map((certification) => [
            certification.edition,
            profileOf(certification, { ...standing, registration }, now),
          ]),
      ),
    );
  return {
    sandbox: of('sandbox'),
    production: of('production'),
    ...(registration === undefined
      ? unknownRegistration
      : {
          credentials_days:
            registration.credentials_expire === undefined
              ? unknownRegistration.credentials_days
              : Math.floor((Date.parse(registration.credentials_expire) - now.getTime()) / day),
          unheld: !standing.holds.some(
            (hold) => hold.environment === environment && hold.ended === undefined,
          ),
          scopes: registration.scopes,
          roles: registration.roles,
        }),
  };
}

const hour = 3_600_000;
const day = 24 * hour;
/** How far the clocks of those who sign may be ahead. */
const skew = 5 * 60_000;

/** What an integration is registered as in an environment. */
export const registrationIn = (standing: Standing, environment: Environment): Registration | undefined =>
  standing.registrations.find((each) => each.environment === environment)?.registration;

/** What a certification is seen beside: the waivers, and the registration where it is asked about. */
interface Beside {
  readonly waivers: readonly SignedWaiver[];
  readonly registration: Registration | undefined;
}

function profileOf(certification: Certification, beside: Beside, now: Date): ProfileFacts {
  const { state, basis, suspicion, inconclusive_since, in_revision = [] } = certification;
  if (basis === undefined) return unknownProfile;
  const inForce = shortfall(certification, beside, now) === undefined;
  const finished = Date.parse(basis.finished);
  const unanswered = inconclusive_since === undefined ? now.getTime() : Date.parse(inconclusive_since);
  return {
    in_force: inForce,
    certified: inForce && state === 'certified',
    conditional: inForce && state === 'conditional',
    unsuspected: suspicion === undefined,
    evidence_hours: hoursBetween(finished, now.getTime()),
    silence_hours: hoursBetween(finished, unanswered),
    inconclusive_hours: inconclusive_since === undefined ? 0 : hoursBetween(unanswered, now.getTime()),
    waived: basis.waived.length,
    waivers: basis.waived,
    in_revision: in_revision.length,
  };
}

/** Begun hours. Of what is dated later than clocks may differ, nothing is known. */
function hoursBetween(from: number, to: number): number {
  const elapsed = to - from;
  return elapsed >= -skew ? Math.max(0, Math.ceil(elapsed / hour)) : beyond;
}

/**
 * Why a certification is not in force, in words; undefined when it is. What time must have done to it is looked at again
 * here: a standing that nobody has brought up to now must not open anything either.
 */
export function shortfall(
  { state, edition, environment, since, basis, stale, held, suspicion, deadline }: Certification,
  { waivers, registration }: Beside,
  now: Date,
): string | undefined {
  if (held !== undefined) return `${state} since ${since}: ${held.act} by ${held.actor} (${held.reason})`;
  if (state !== 'certified' && state !== 'conditional') return `${state} since ${since}`;
  if (stale !== undefined) return `${state}, but stale since ${stale.since}: ${stale.because}`;
  if (basis === undefined) return `${state}, but no run shows it`;
  if (!(Date.parse(basis.expires) > now.getTime()))
    return `${state}, but its evidence expired at ${basis.expires}`;
  if (!(Date.parse(basis.finished) - now.getTime() <= skew))
    return `${state}, but its evidence is dated in the future: ${basis.finished}`;
  if (state === 'conditional' && !(Date.parse(deadline ?? '') > now.getTime()))
    return `conditional, but its deadline passed${deadline === undefined ? '' : ` at ${deadline}`}`;
  if (suspicion !== undefined && !(Date.parse(suspicion.until) > now.getTime()))
    return `${state}, but a critical failure was neither confirmed nor refuted by ${suspicion.until}`;
  // A run that came before the registration may have been of another's software, or of a part of it.
  if (registration !== undefined && registration.partner !== basis.partner)
    return `${state}, but by a run of ${basis.partner}, and it is registered as ${registration.partner}'s`;
  const untested = registration?.roles.find((role) => !basis.roles.includes(role));
  if (untested !== undefined) return `${state}, but was not tested as ${untested}, which it is registered as`;
  const uncovered = basis.waived.find(
    (requirement) =>
      !waivers.some(
        (waiver) =>
          waiver.requirement === requirement &&
          waiver.environment === environment &&
          waiver.edition === edition &&
          Date.parse(waiver.expires) > now.getTime(),
      ),
  );
  return uncovered === undefined
    ? undefined
    : `${state}, but no living waiver covers the failure of ${uncovered}`;
}

/** The value at a path of the facts. */
export function atPath(facts: Facts, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (holder, name) => (typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined),
    facts,
  );
}

/** Whether a value stands for a number that nothing shows. */
export const isUnknown = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) >= beyond;

/** The description of the fact at a path; undefined where no single fact is. */
export function factAt(path: readonly string[]): Fact<unknown> | undefined {
  const name = path.at(-1) ?? '';
  const all: Readonly<Record<string, Fact<unknown>>> = path.length === 1 ? registrationFacts : profileFacts;
  return all[name];
}
