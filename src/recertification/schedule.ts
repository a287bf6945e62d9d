import { Type, type Static } from 'typebox';
import { environments, type Environment } from '../certification/certification.ts';
import { Instant } from '../evidence/statement.ts';
import { hour, shareOf, slotAfter, type Closure } from './calendar.ts';

const closed = { additionalProperties: false } as const;
const positive = (description: string) => Type.Integer({ minimum: 1, description });
const Clock = Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', description: 'HH:MM on local clocks.' });
const Zone = Type.String({ minLength: 1, description: 'IANA time zone, such as Europe/Lisbon.' });
const Beginnings = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description }));

/** Whom a row is about. What it does not name is all. */
const Whom = {
  partners: Beginnings('Partners; with a * at the end, all that begin so.'),
  integrations: Beginnings('Integrations; with a * at the end, all that begin so.'),
  editions: Beginnings('Profile editions; with a * at the end, all that begin so.'),
  environments: Type.Optional(Type.Array(Type.Enum([...environments]), { minItems: 1 })),
};

const nights = {
  nights: positive('Once in so many nights.'),
  from: Clock,
  to: Type.String({ ...Clock, description: 'HH:MM; on the next day where it is not later than `from`.' }),
  time_zone: Type.Optional(Zone),
};
const hours = { hours: positive('Once in so many hours.') };

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** What an operator says of when runs are due: schedule.yaml. */
export const Schedule = Type.Object(
  {
    time_zone: Zone,
    routine: Type.Union([Type.Object(nights, closed), Type.Object(hours, closed)], {
      description: 'How often each integration is run when nothing is amiss.',
    }),
    cadences: Type.Array(
      Type.Union([Type.Object({ ...Whom, ...nights }, closed), Type.Object({ ...Whom, ...hours }, closed)]),
      { description: 'Instead of the routine for some; the first that names an integration counts.' },
    ),
    maintenance: Type.Array(
      Type.Union([
        Type.Object(
          {
            ...Whom,
            weekdays: Type.Optional(Type.Array(Type.Enum([...weekdays]), { minItems: 1 })),
            from: Clock,
            to: nights.to,
            time_zone: Type.Optional(Zone),
          },
          closed,
        ),
        Type.Object({ ...Whom, begins: Instant, ends: Instant }, closed),
      ]),
      { description: 'When no run of theirs may be under way, on the days on which it begins, or once.' },
    ),
    confirmation_minutes: Type.Array(positive('Minutes after the run before.'), {
      minItems: 1,
      description: 'Pauses before the reruns that confirm a failure; the last one repeats.',
    }),
    conditional_hours: positive('Once in so many hours while conditional, or while evidence covers nothing.'),
    pause_minutes: positive('Least pause between runs, but for confirmations and requests.'),
    unreachable: Type.Object(
      {
        first_minutes: positive('Pause after the first run without an answer; each further one doubles it.'),
        longest_minutes: positive('The pause grows no longer.'),
      },
      closed,
    ),
    lead_hours: positive('How long before evidence, credentials, waivers or deadlines expire a run is due.'),
    rollout_hours: positive('Over how many hours the runs spread that a new edition or policy asks for.'),
    run_minutes: positive('The longest that a run may take; it is ended then.'),
    budget: Type.Object(
      {
        starts_per_minute: positive('Runs that may start within a minute, of all integrations.'),
        concurrent: positive('Runs that may be under way at once.'),
      },
      closed,
    ),
    seed: Type.String({
      description: 'Any text that partners do not know: with it they could work out when they are tested.',
    }),
  },
  closed,
);
export type Schedule = Static<typeof Schedule>;

/** The schedule where the operator says nothing else. */
export const defaultSchedule: Schedule = {
  time_zone: 'UTC',
  routine: { nights: 1, from: '01:00', to: '05:00' },
  cadences: [],
  maintenance: [],
  confirmation_minutes: [2, 10],
  conditional_hours: 6,
  pause_minutes: 30,
  unreachable: { first_minutes: 5, longest_minutes: 360 },
  lead_hours: 48,
  rollout_hours: 24,
  run_minutes: 30,
  budget: { starts_per_minute: 20, concurrent: 8 },
  seed: '',
};

/** Which certification is watched: what rows of a schedule name. */
export interface Key {
  readonly partner: string;
  readonly integration: string;
  readonly environment: Environment;
  readonly edition: string;
}

/** The words that decide where in a stretch of time the runs of a key fall. */
export const wordsOf = (
  { seed }: Schedule,
  { integration, environment, edition }: Key,
): readonly string[] => [seed, integration, environment, edition];

/**
 * When the next run is due by cadence alone, in milliseconds since 1970.
 * @param started When the last one started.
 * @param rested From when on another one is no repetition: nights that begin before are over for this integration.
 */
export function routineAfter(started: number, rested: number, schedule: Schedule, key: Key): number {
  const cadence = schedule.cadences.find((row) => names(row, key)) ?? schedule.routine;
  const words = wordsOf(schedule, key);
  return 'hours' in cadence
    ? early(started, cadence.hours, [...words, String(started)])
    : slotAfter(rested, { ...cadence, time_zone: cadence.time_zone ?? schedule.time_zone }, words);
}

/** So many hours after an instant, or up to a tenth of them less: what happened at once must not stay together. */
export const early = (after: number, many: number, words: readonly string[]): number =>
  after + Math.floor(many * hour * (1 - shareOf(...words) / 10));

/** When nothing of a key may run. */
export const closuresOf = ({ maintenance, time_zone }: Schedule, key: Key): readonly Closure[] =>
  maintenance
    .filter((row) => names(row, key))
    .map((row) =>
      'begins' in row
        ? { start: Date.parse(row.begins), end: Date.parse(row.ends) }
        : {
            from: row.from,
            to: row.to,
            time_zone: row.time_zone ?? time_zone,
            weekdays: (row.weekdays ?? weekdays).map((name) => weekdays.indexOf(name)),
          },
    );

type Row = Static<ReturnType<typeof Type.Object<typeof Whom>>>;

const names = (row: Row, key: Key): boolean =>
  among(row.partners, key.partner) &&
  among(row.integrations, key.integration) &&
  among(row.editions, key.edition) &&
  (row.environments?.includes(key.environment) ?? true);

const among = (patterns: readonly string[] | undefined, name: string): boolean =>
  patterns?.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  ) ?? true;
