import type { Results } from '../report/results.ts';

/** The exit codes of every command. */
export const exit = { pass: 0, fail: 1, configuration: 2, environment: 3, inconclusive: 4 } as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

/**
 * The exit code of a run. A run that was narrowed by `--only` or `--grep` answers for what it executed; everything else answers
 * for the profile, so that nothing is green that was not shown.
 */
export function exitCodeOf({ verdict, fault, run, checks }: Results): ExitCode {
  const executed = checks.filter((check) => check.executed);
  const narrowed = run.status === 'complete' && /--only|--grep/u.test(run.selection ?? '');
  if (!narrowed || verdict !== 'inconclusive' || executed.length === 0) return codeOf(verdict, fault);
  const open = executed.filter((check) => check.verdict === 'inconclusive');
  if (open.length > 0) return worst(open.map((check) => codeOf('inconclusive', check.fault)));
  // A fault that no check has is of the file as a whole: a stale waiver.
  return fault === undefined ? exit.pass : codeOf(verdict, fault);
}

function codeOf(verdict: Results['verdict'], fault: Results['fault']): ExitCode {
  if (verdict === 'fail') return exit.fail;
  if (verdict !== 'inconclusive') return exit.pass;
  if (fault === 'configuration') return exit.configuration;
  return fault === 'environment' || fault === 'harness' ? exit.environment : exit.inconclusive;
}

/** Of several runs, the code that says most: a failure first, then what must be mended before anything can be said. */
export function worst(codes: readonly ExitCode[]): ExitCode {
  const order: readonly ExitCode[] = [exit.fail, exit.configuration, exit.environment, exit.inconclusive];
  return order.find((code) => codes.includes(code)) ?? exit.pass;
}
