import type { Exchange } from '../transport/exchange.ts';
import type { Fault, Verdict } from '../verdict/verdict.ts';
import type { CheckResult, Measurement, RequirementResult, Results } from './results.ts';
import { plural } from './text.ts';

/** What a verdict is called where a person reads it. */
export const verdictNames: Readonly<Record<Verdict, string>> = {
  pass: 'Pass',
  fail: 'Fail',
  warn: 'Warn',
  inconclusive: 'Inconclusive',
  'not-applicable': 'Not applicable',
};

/** Whom a fault points at, in words. */
export const faultNames: Readonly<Record<Fault, string>> = {
  subject: 'the software under test',
  configuration: 'the integration file, or the registration that it describes',
  environment: 'the network, a certificate, or a machine on the way',
  harness: 'Assay itself',
};

/** What was measured, for people: of what was measured several times, from the least to the most. */
export function measured(measurements: readonly Measurement[]): readonly string[] {
  const groups = Map.groupBy(measurements, ({ name, unit }) => `${name} ${unit}`);
  return [...groups.values()].map((group) => {
    const values = group.map(({ value }) => Number(value.toPrecision(4)));
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return `${group[0]?.name}: ${least === most ? least : `${least} to ${most}`} ${group[0]?.unit}`;
  });
}

/** The order in which verdicts ask for attention. */
export const attention: readonly Verdict[] = ['fail', 'inconclusive', 'warn', 'pass', 'not-applicable'];

/** The words above every view of a run, and what keeps them from being a full pass. */
export interface Headline {
  readonly word: string;
  readonly tone: Verdict;
  /** Why the run judges less than the whole profile; one sentence each. */
  readonly limits: readonly string[];
}

/**
 * What a view says first. An interrupted run, or one that judged only a part, is never called a pass, whatever its
 * document says.
 */
export function headline({ run, verdict, checks }: Results): Headline {
  const limits: string[] = [];
  const skipped = plural(checks.filter(({ executed }) => !executed).length, 'check');
  if (run.status === 'interrupted')
    limits.push(
      `The run was interrupted: ${skipped} of ${checks.length} not executed. It proves nothing as a whole.`,
    );
  if (run.selection !== undefined)
    limits.push(`Only a part was selected (${run.selection}); ${skipped} of ${checks.length} not executed.`);
  else if (run.tier === 'fast')
    limits.push(`The fast tier leaves out slow checks; ${skipped} of ${checks.length} not executed.`);
  // A failure was seen, and stays one; whatever else an interrupted run says is open.
  if (run.status === 'interrupted' && verdict !== 'fail')
    return { word: 'Interrupted', tone: 'inconclusive', limits };
  const good = verdict === 'pass' || verdict === 'warn';
  if (good && limits.length > 0)
    return { word: `Partial ${verdict}`, tone: verdict === 'pass' ? 'inconclusive' : verdict, limits };
  return { word: verdictNames[verdict], tone: verdict, limits };
}

/** What other tools make of a verdict: their four classical states. */
export type Outcome = 'passed' | 'failed' | 'broken' | 'skipped';

/** The outcome of a check. A failure that is waived in each requirement it fails counts as skipped, not as passed. */
export function outcomeOf(results: Results, check: CheckResult): Outcome {
  if (!check.executed || check.verdict === 'not-applicable') return 'skipped';
  if (check.verdict === 'inconclusive') return 'broken';
  if (check.verdict === 'fail') return waiverOf(results, check) === undefined ? 'failed' : 'skipped';
  return 'passed';
}

/**
 * The outcome of the whole run. A part that passed is what was asked for: it is labelled as a part, and does not break a
 * pipeline; an interrupted run is never passed.
 */
export function runOutcome({ verdict, run }: Results): Outcome {
  if (verdict === 'fail') return 'failed';
  if (run.status === 'interrupted' || verdict === 'inconclusive') return 'broken';
  return verdict === 'not-applicable' ? 'skipped' : 'passed';
}

type Waiver = NonNullable<RequirementResult['waiver']>;

/** The living waiver that covers a failed check; undefined unless every requirement that it fails has one. */
export function waiverOf(results: Results, check: CheckResult): Waiver | undefined {
  const failed = results.requirements.filter(
    ({ id, verdict }) => verdict === 'fail' && check.requirements.includes(id),
  );
  if (check.verdict !== 'fail' || failed.some(({ waiver }) => waiver === undefined)) return undefined;
  return failed[0]?.waiver;
}

/** Requirements of one clause, in the order of their ids. */
export interface Clause {
  readonly specification: string;
  readonly number: string;
  readonly requirements: readonly RequirementResult[];
}

/** Requirements grouped by clause, all in the order of their numbers: 5.3.2.2-9 stands before 5.3.2.2-10. */
export function clauses(requirements: readonly RequirementResult[]): readonly Clause[] {
  const groups = new Map<string, RequirementResult[]>();
  for (const requirement of requirements.toSorted((a, b) => compareIds(a.id, b.id))) {
    const clause = clauseOf(requirement.id);
    const group = groups.get(clause);
    if (group === undefined) groups.set(clause, [requirement]);
    else group.push(requirement);
  }
  return Array.from(groups, ([clause, members]) => {
    const slash = clause.indexOf('/');
    return { specification: clause.slice(0, slash), number: clause.slice(slash + 1), requirements: members };
  });
}

function clauseOf(id: string): string {
  const dash = id.lastIndexOf('-');
  return dash > id.indexOf('/') ? id.slice(0, dash) : id;
}

const byNumbers = new Intl.Collator('en', { numeric: true });
/** Orders ids by specification, clause and position, numbers as numbers. */
export const compareIds = (a: string, b: string): number => byNumbers.compare(a, b);

/** How many of each verdict, only those that occur, in the order of attention. */
export function tally(
  items: readonly { readonly verdict: Verdict }[],
): readonly { verdict: Verdict; count: number }[] {
  return attention
    .map((verdict) => ({ verdict, count: items.filter((item) => item.verdict === verdict).length }))
    .filter(({ count }) => count > 0);
}

/** Checks that a person must look at, worst first and waived ones last: executed, and neither passed nor not applicable. */
export function findings(results: Results): readonly CheckResult[] {
  const rank = (check: CheckResult): number =>
    waiverOf(results, check) === undefined ? attention.indexOf(check.verdict) : attention.length;
  return results.checks
    .filter(({ verdict, executed }) => executed && verdict !== 'pass' && verdict !== 'not-applicable')
    .toSorted((a, b) => rank(a) - rank(b));
}

/** How an exchange ended: its status, or the code of the error that took its place. */
export function outcome({ response, error }: Exchange): string {
  return response === undefined ? (error?.code ?? 'no response') : String(response.status);
}
