import { inOrder, outcomesOf, type Describe, type Outcome, type Verified } from './outcome.ts';
import type { TestResult } from '../statement.ts';
import { uuidFrom } from './uuid.ts';

type Status = 'passed' | 'failed' | 'skipped' | 'pending' | 'other';

/** A test of a CTRF report, as far as it is used. */
export interface CtrfTest {
  readonly id: string;
  readonly name: string;
  readonly status: Status;
  /** Milliseconds. Always 0: a statement does not say how long a check took. */
  readonly duration: 0;
  readonly suite: readonly string[];
  readonly rawStatus: string;
  readonly tags?: readonly string[];
  readonly message?: string;
}

/** A report in the Common Test Report Format, 0.0.0. */
export interface CtrfReport {
  readonly reportFormat: 'CTRF';
  readonly specVersion: '0.0.0';
  readonly reportId: string;
  readonly timestamp: string;
  readonly generatedBy: 'assay';
  readonly results: {
    readonly tool: { readonly name: 'assay'; readonly version: string };
    readonly summary: Readonly<Record<Status | 'tests' | 'suites' | 'start' | 'stop' | 'duration', number>>;
    readonly tests: readonly CtrfTest[];
    readonly environment: {
      readonly appName: string;
      readonly testEnvironment: string;
      readonly healthy: boolean;
    };
    readonly extra: object;
  };
}

/** Only a pass is passed. CTRF has no word for a warning, or for what nobody could judge. */
const statusOf: Readonly<Record<Outcome['result'], Status>> = {
  pass: 'passed',
  fail: 'failed',
  waived: 'failed',
  warn: 'other',
  inconclusive: 'other',
  'not-applicable': 'skipped',
};

/**
 * A CTRF report of runs: a test for each requirement, and one for each check.
 * @param statements At least one. Their order does not matter.
 */
export function ctrfReport(statements: readonly Verified[], describe: Describe): CtrfReport {
  const ordered = inOrder(statements);
  const digests = ordered.map(({ digest }) => digest);
  const runs = ordered.map(({ statement }) => statement.predicate);
  const tests = ordered.flatMap((verified) => [
    ...requirementTests(verified, describe),
    ...checkTests(verified),
  ]);
  const count = (status: Status): number => tests.filter((test) => test.status === status).length;
  const start = Math.min(...runs.map(({ run }) => Date.parse(run.started)));
  const stop = Math.max(...runs.map(({ run }) => Date.parse(run.finished)));
  const all = (of: (run: TestResult) => string): string => [...new Set(runs.map(of))].join(', ');
  return {
    reportFormat: 'CTRF',
    specVersion: '0.0.0',
    reportId: uuidFrom(digests, 'ctrf'),
    timestamp: new Date(stop).toISOString(),
    generatedBy: 'assay',
    results: {
      tool: { name: 'assay', version: all(({ run }) => run.harness) },
      summary: {
        tests: tests.length,
        passed: count('passed'),
        failed: count('failed'),
        skipped: count('skipped'),
        pending: count('pending'),
        other: count('other'),
        suites: new Set(tests.map(({ suite }) => JSON.stringify(suite))).size,
        start,
        stop,
        duration: stop - start,
      },
      tests,
      environment: {
        appName: all(({ integration }) => integration),
        testEnvironment: all(({ environment }) => environment),
        healthy: runs.every(({ verdict }) => verdict === 'pass'),
      },
      extra: {
        runs: ordered.map(({ digest, statement: { predicate } }) => ({
          statement: digest,
          run: predicate.run.id,
          verdict: predicate.verdict,
          ...(predicate.fault === undefined ? {} : { fault: predicate.fault }),
          reason: predicate.reason,
          waivers: predicate.waivers,
        })),
      },
    },
  };
}

function requirementTests(verified: Verified, describe: Describe): readonly CtrfTest[] {
  return outcomesOf(verified, describe).map(({ id, level, result, text, waiver, fault }) => ({
    id: uuidFrom([verified.digest], 'requirement', id),
    name: text === id ? id : `${id} ${text}`,
    status: statusOf[result],
    duration: 0,
    suite: suiteOf(verified, 'requirements'),
    rawStatus: result,
    tags: [level, ...(fault === undefined ? [] : [`fault:${fault}`])],
    ...(waiver === undefined
      ? {}
      : { message: `Failed. Waived until ${waiver.expires} by ${waiver.approver}: ${waiver.reason}` }),
  }));
}

function checkTests(verified: Verified): readonly CtrfTest[] {
  const { predicate } = verified.statement;
  const lists = {
    pass: predicate.passedTests,
    fail: predicate.failedTests,
    warn: predicate.warnedTests,
    inconclusive: predicate.notJudgedTests,
    'not-applicable': predicate.notApplicableTests,
  } as const;
  return (['fail', 'warn', 'inconclusive', 'pass', 'not-applicable'] as const).flatMap((result) =>
    lists[result].map((name) => ({
      id: uuidFrom([verified.digest], 'check', name),
      name,
      status: statusOf[result],
      duration: 0,
      suite: suiteOf(verified, 'checks'),
      rawStatus: result,
    })),
  );
}

const suiteOf = (
  { statement: { predicate } }: Verified,
  kind: 'requirements' | 'checks',
): readonly string[] => [predicate.integration, predicate.environment, predicate.profile.edition, kind];
