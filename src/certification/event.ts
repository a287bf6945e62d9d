import { testResultType, type Statement, type TestResult } from '../evidence/statement.ts';
import { judgeRun } from '../verdict/judge.ts';
import { actType, type Act } from './act.ts';
import type { Basis, Certification } from './certification.ts';
import type { Rules } from './rules.ts';
import type { SignedWaiver, Standing } from './standing.ts';

/** What counts of a run, whatever became of it. */
export interface RunFacts extends Basis {
  readonly started: string;
  /** Requirements that failed while their check was in revision. */
  readonly disputed: string[];
  /** What the run left open besides its failures. */
  readonly doubt?: string;
}

interface OfRun {
  readonly run: RunFacts;
}
interface OfFailure extends OfRun {
  /** The requirements that failed, neither waived nor disputed; of a critical failure the critical ones. */
  readonly requirements: readonly string[];
}
interface OfRequirement {
  readonly requirement: string;
}
interface OfOperator {
  readonly reason: string;
}

/** What each kind of event tells besides its time and actor. */
interface Kinds {
  passed: OfRun;
  'failed-critical': OfFailure;
  'failed-minor': OfFailure;
  /** All that failed, and was not waived, is disputed. */
  'failed-disputed': OfRun;
  inconclusive: OfRun & { readonly reason: string };
  'evidence-expired': unknown;
  'fingerprint-changed': { readonly fingerprint: string };
  'waiver-granted': OfRequirement;
  'waiver-withdrawn': OfRequirement;
  'waiver-expired': OfRequirement;
  suspended: OfOperator;
  revoked: OfOperator;
  reinstated: OfOperator;
  offboarded: OfOperator;
  registered: OfOperator;
  'edition-retired': OfOperator;
  'deadline-passed': unknown;
  'confirmation-lapsed': unknown;
  'inconclusive-too-long': unknown;
  disputed: OfRequirement & OfOperator;
  'dispute-settled': OfRequirement & OfOperator;
}

/** The kinds of events. */
export type EventKind = keyof Kinds;

/** What a run, an act or the clock did to a certification. */
export type Event = {
  [K in EventKind]: { readonly kind: K; readonly at: string; readonly actor: string } & Kinds[K];
}[EventKind];

/**
 * What a statement does to a certification that it is about; undefined for nothing.
 * @param standing With the waivers that were signed before.
 */
export function eventOf(
  statement: Statement,
  digest: string,
  certification: Certification,
  standing: Standing,
  rules: Rules,
): Event | undefined {
  if (statement.predicateType === actType) return eventOfAct(statement.predicate as Act);
  if (statement.predicateType !== testResultType) return undefined;
  const fingerprint = statement.subject[0]?.digest['sha256'];
  if (fingerprint === undefined) return undefined;
  return eventOfRun(
    statement.predicate as TestResult,
    { digest, fingerprint },
    certification,
    standing,
    rules,
  );
}

function eventOfRun(
  result: TestResult,
  { digest, fingerprint }: { readonly digest: string; readonly fingerprint: string },
  certification: Certification,
  standing: Standing,
  rules: Rules,
): Event | undefined {
  if (notCounted(result) !== undefined) return undefined;
  const waivers = livingWaivers(standing, result);
  // A failure that is not the subject's contradicts itself, and convicts nobody.
  const failed = result.requirements
    .filter(
      ({ level, verdict, fault = 'subject' }) =>
        level === 'shall' && verdict === 'fail' && fault === 'subject',
    )
    .map(({ id }) => id);
  const isWaived = (id: string): boolean => waivers.some(({ requirement }) => requirement === id);
  const open = failed.filter((id) => !isWaived(id));
  const inRevision = (id: string): boolean =>
    certification.in_revision?.some(({ requirement }) => requirement === id) ?? false;
  const undisputed = open.filter((id) => !inRevision(id));
  const doubt = doubtOf(result, failed, open, waivers);
  const { id: name, started, finished } = result.run;
  const run: RunFacts = {
    statement: digest,
    run: name,
    partner: result.partner,
    roles: result.roles,
    started,
    finished,
    expires: result.expires,
    fingerprint,
    waived: failed.filter(isWaived),
    disputed: open.filter(inRevision),
    ...(doubt === undefined ? {} : { doubt }),
  };
  const common = { at: finished, actor: 'harness', run } as const;
  const critical = undisputed.filter((id) => !isMinor(id, rules));
  if (critical.length > 0) return { kind: 'failed-critical', ...common, requirements: critical };
  if (undisputed.length > 0) return { kind: 'failed-minor', ...common, requirements: undisputed };
  if (doubt !== undefined) return { kind: 'inconclusive', ...common, reason: doubt };
  return run.disputed.length > 0 ? { kind: 'failed-disputed', ...common } : { kind: 'passed', ...common };
}

/** Why a run would be no pass without the failures that no waiver covers; undefined when it would be one. */
function doubtOf(
  result: TestResult,
  failed: readonly string[],
  open: readonly string[],
  waivers: readonly SignedWaiver[],
): string | undefined {
  if (result.verdict === 'fail' && failed.length === 0)
    return 'The statement says fail, and names no requirement that the subject failed.';
  // What the run said of itself is never bettered, but for the failures that it saw.
  if (!['pass', 'warn', 'fail'].includes(result.verdict)) return result.reason;
  const judged = judgeRun(
    result.requirements
      .filter(({ id }) => !open.includes(id))
      .map(({ id, level, verdict, fault }) => ({
        id,
        level,
        verdict,
        ...(fault === undefined ? {} : { fault }),
      })),
    waivers.map(({ requirement, expires }) => ({ requirement, expires: expires.slice(0, 10) })),
    { now: new Date(result.run.finished), status: 'complete' },
  );
  return ['pass', 'warn'].includes(judged.verdict) ? undefined : judged.reason;
}

function eventOfAct({ deed, at, actor, reason }: Act): Event | undefined {
  switch (deed.kind) {
    case 'register':
      return { kind: 'registered', at, actor, reason };
    case 'suspend':
      return { kind: 'suspended', at, actor, reason };
    case 'revoke':
      return { kind: 'revoked', at, actor, reason };
    case 'reinstate':
      return { kind: 'reinstated', at, actor, reason };
    case 'offboard':
      return { kind: 'offboarded', at, actor, reason };
    case 'retire-edition':
      return { kind: 'edition-retired', at, actor, reason };
    case 'waive':
      return { kind: 'waiver-granted', at, actor, requirement: deed.requirement };
    case 'withdraw-waiver':
      return { kind: 'waiver-withdrawn', at, actor, requirement: deed.requirement };
    case 'dispute':
      return { kind: 'disputed', at, actor, requirement: deed.requirement, reason };
    case 'settle-dispute':
      return { kind: 'dispute-settled', at, actor, requirement: deed.requirement, reason };
    case 'observe':
      // Whether it is another one than before is for the certification to tell.
      return { kind: 'fingerprint-changed', at, actor, fingerprint: deed.fingerprint };
    case 'break-glass':
    case 'end-break-glass':
      return undefined;
  }
}

/** Why a run changes no certification, whatever its verdict; undefined when it counts. */
export function notCounted({ run, notJudgedTests }: TestResult): string | undefined {
  if (run.selection !== undefined) return `It was narrowed to ${run.selection}.`;
  if (run.tier !== 'full' && notJudgedTests.length > 0)
    return `It was a ${run.tier} run, and left ${notJudgedTests.length} checks out.`;
  return undefined;
}

/**
 * The signed waivers whose requirement passed in a run. They hide what would fail later: the run counts as inconclusive
 * until they are withdrawn.
 */
export const staleWaivers = (standing: Standing, result: TestResult): readonly SignedWaiver[] =>
  livingWaivers(standing, result).filter(({ requirement }) =>
    result.requirements.some(({ id, verdict }) => id === requirement && verdict === 'pass'),
  );

function livingWaivers(
  { waivers }: Standing,
  { environment, profile, run }: TestResult,
): readonly SignedWaiver[] {
  return waivers.filter(
    (waiver) =>
      waiver.environment === environment &&
      waiver.edition === profile.edition &&
      waiver.expires >= run.finished,
  );
}

/** Whether the failure of a requirement does not suspend. In a glob, * stands for any text. */
export const isMinor = (requirement: string, { minor }: Rules): boolean =>
  minor.some((glob) =>
    new RegExp(
      `^${glob
        .split('*')
        .map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/gu, String.raw`\$&`))
        .join('.*')}$`,
      'u',
    ).test(requirement),
  );
