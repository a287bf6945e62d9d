import type { Level } from '../requirements/specification.ts';
import type { Fault, Verdict } from './verdict.ts';

/** How the execution of a check ended. */
export type Ending =
  /** The check ran to its end and nothing contradicted it. */
  | { readonly end: 'completed' }
  /** An observation contradicted what the check states. */
  | { readonly end: 'contradicted'; readonly reason: string }
  /** Something kept the check from its question. */
  | { readonly end: 'prevented'; readonly fault: Fault; readonly reason: string }
  | { readonly end: 'not-applicable'; readonly reason: string }
  /** The plan left the check out, or the run did not reach it. */
  | { readonly end: 'not-executed'; readonly reason: string };

/** A verdict with who caused it and why, where it is not a pass. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly fault?: Fault;
  readonly reason?: string;
}

/**
 * The verdict of one check.
 *
 * | ending        | exercised    | verdict                                                      |
 * |---------------|--------------|--------------------------------------------------------------|
 * | completed     | yes          | pass                                                         |
 * | completed     | no           | inconclusive, harness: nothing was asked, nothing was shown  |
 * | contradicted  | yes          | fail, subject; warn where only a should or a may is exercised |
 * | contradicted  | no           | inconclusive, harness: it judged before it asked             |
 * | prevented     | either       | inconclusive, with its fault                                 |
 * | not-applicable| -            | not-applicable                                               |
 * | not-executed  | -            | inconclusive, without a fault                                |
 *
 * @param exercised How often the check put its question to the subject.
 * @param levels The levels of the requirements that it exercises.
 */
export function judgeCheck(ending: Ending, exercised: number, levels: readonly Level[]): Judgement {
  switch (ending.end) {
    case 'completed':
      return exercised > 0
        ? { verdict: 'pass' }
        : {
            verdict: 'inconclusive',
            fault: 'harness',
            reason: 'The check ended without putting its question to the subject.',
          };
    case 'contradicted':
      if (exercised === 0)
        return {
          verdict: 'inconclusive',
          fault: 'harness',
          reason: `The check judged before it put its question: ${ending.reason}`,
        };
      return { verdict: levels.includes('shall') ? 'fail' : 'warn', fault: 'subject', reason: ending.reason };
    case 'prevented':
      return { verdict: 'inconclusive', fault: ending.fault, reason: ending.reason };
    case 'not-applicable':
      return { verdict: 'not-applicable', reason: ending.reason };
    case 'not-executed':
      return { verdict: 'inconclusive', reason: ending.reason };
  }
}

/** From the worst to the best. Of two inconclusive ones, the one with a fault tells more. */
const severity: readonly Verdict[] = ['fail', 'warn', 'inconclusive', 'pass', 'not-applicable'];

/**
 * The verdict of a requirement: its worst check. Without an executed check it is inconclusive; it is not applicable
 * only if all its checks are. A convicting check outweighs an inconclusive one: the defect was seen.
 * @param untested Why no check exists, where none does.
 */
export function judgeRequirement(level: Level, checks: readonly Judgement[], untested?: string): Judgement {
  const worst = checks.toSorted((a, b) => rank(a) - rank(b))[0];
  if (worst === undefined) return { verdict: 'inconclusive', reason: untested ?? 'No check exercises it.' };
  const { verdict, fault, reason } = worst;
  return {
    verdict: verdict === 'fail' && level !== 'shall' ? 'warn' : verdict,
    ...(fault === undefined ? {} : { fault }),
    ...(reason === undefined ? {} : { reason }),
  };
}

const rank = ({ verdict, fault }: Judgement): number =>
  severity.indexOf(verdict) * 2 + (fault === undefined ? 1 : 0);

/** A requirement with its verdict, as the profile sees it. */
export interface JudgedRequirement extends Judgement {
  readonly id: string;
  readonly level: Level;
}

/** A failure that somebody accepted, for a while. */
export interface Waived {
  readonly requirement: string;
  /** Last day on which it counts, YYYY-MM-DD in UTC. */
  readonly expires: string;
}

/** Whether a waiver still counts on a day. */
export const living = (waiver: Waived, now: Date): boolean =>
  now.toISOString().slice(0, 10) <= waiver.expires;

/**
 * The verdict of a run over a profile, first match first.
 *
 * | condition                                              | verdict                         |
 * |--------------------------------------------------------|---------------------------------|
 * | a shall fails and no living waiver covers it           | fail, subject                   |
 * | a waiver's requirement passes                          | inconclusive, configuration: the waiver is stale |
 * | the run was interrupted                                | inconclusive                    |
 * | a shall, or what a waiver names, is inconclusive       | inconclusive, with its fault    |
 * | no requirement passes                                  | inconclusive: nothing was shown |
 * | a requirement warns, or a waiver was used              | warn                            |
 * | otherwise                                              | pass                            |
 */
export function judgeRun(
  requirements: readonly JudgedRequirement[],
  waivers: readonly Waived[],
  { now, status }: { readonly now: Date; readonly status: 'complete' | 'interrupted' },
): Judgement & { readonly reason: string } {
  const waived = (id: string): boolean =>
    waivers.some((each) => each.requirement === id && living(each, now));
  const shalls = requirements.filter(({ level }) => level === 'shall');
  const failed = shalls.filter(({ id, verdict }) => verdict === 'fail' && !waived(id));
  if (failed.length > 0)
    return {
      verdict: 'fail',
      fault: 'subject',
      reason: `${count(failed, 'requirement')} failed: ${names(failed)}.`,
    };
  const named = ({ id }: JudgedRequirement): boolean => waivers.some((each) => each.requirement === id);
  const stale = requirements.filter((each) => each.verdict === 'pass' && named(each));
  if (stale.length > 0)
    return {
      verdict: 'inconclusive',
      fault: 'configuration',
      reason: `Stale waiver: ${names(stale)} passes. Remove the waiver from the integration file.`,
    };
  if (status === 'interrupted')
    return { verdict: 'inconclusive', reason: 'The run was interrupted before its end.' };
  const open = requirements
    .filter((each) => each.verdict === 'inconclusive' && (each.level === 'shall' || named(each)))
    .toSorted((a, b) => faultOrder.indexOf(a.fault) - faultOrder.indexOf(b.fault));
  if (open[0])
    return {
      verdict: 'inconclusive',
      ...(open[0].fault === undefined ? {} : { fault: open[0].fault }),
      reason: `${count(open, 'requirement')} could not be judged: ${names(open)}.`,
    };
  if (!requirements.some(({ verdict }) => verdict === 'pass'))
    return { verdict: 'inconclusive', reason: 'No requirement was shown to hold.' };
  const warned = requirements.filter(({ verdict }) => verdict === 'warn');
  const excused = shalls.filter(({ verdict }) => verdict === 'fail');
  if (warned.length + excused.length > 0)
    return {
      verdict: 'warn',
      fault: 'subject',
      reason: [
        warned.length > 0 ? `${count(warned, 'recommendation')} not followed: ${names(warned)}.` : '',
        excused.length > 0 ? `${count(excused, 'failure')} waived: ${names(excused)}.` : '',
      ]
        .filter((sentence) => sentence !== '')
        .join(' '),
    };
  return {
    verdict: 'pass',
    reason: 'Each mandatory requirement of the profile was shown to hold, or does not apply.',
  };
}

/** Which fault explains an inconclusive run best: the one that must be mended first. */
const faultOrder: readonly (Fault | undefined)[] = [
  'configuration',
  'environment',
  'harness',
  'subject',
  undefined,
];

const count = (list: readonly unknown[], noun: string): string =>
  `${list.length} ${noun}${list.length === 1 ? '' : 's'}`;

function names(list: readonly { readonly id: string }[]): string {
  const shown = list.slice(0, 5).map(({ id }) => id);
  return list.length > shown.length
    ? `${shown.join(', ')} and ${list.length - shown.length} more`
    : shown.join(', ');
}
