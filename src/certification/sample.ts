import { digestOf } from '../evidence/canonical.ts';
import { testResultType, type Statement, type TestResult } from '../evidence/statement.ts';
import type { Fault, Verdict } from '../verdict/verdict.ts';
import type { Act, Deed } from './act.ts';
import type { Logged } from './fold.ts';
import { actStatement } from './transition.ts';

/** What a sample run found: verdicts of requirements that are all mandatory. */
export interface SampleRun {
  readonly finished: string;
  readonly requirements: Readonly<Record<string, Verdict>>;
  /** Default: pass, or fail when a requirement failed, or inconclusive when one is. */
  readonly verdict?: Verdict;
  readonly fault?: Fault;
  readonly id?: string;
  readonly started?: string;
  readonly fingerprint?: string;
  readonly selection?: string;
  readonly tier?: 'fast' | 'full';
  readonly notJudged?: readonly string[];
  readonly integration?: string;
  readonly environment?: 'sandbox' | 'production';
}

/** The edition of all samples. */
export const sampleEdition = 'fapi2-sp-flows-1';

/** The statement of a run of `acme-1`, in production if nothing else is said, whose evidence lasts for 30 days. */
export function sampleResult(run: SampleRun): Statement<TestResult> {
  const { finished, environment = 'production', integration = 'acme-1', id = `run-${finished}` } = run;
  const found = Object.values(run.requirements);
  const verdict =
    run.verdict ??
    (found.includes('fail') ? 'fail' : found.includes('inconclusive') ? 'inconclusive' : 'pass');
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [
      {
        name: `acme/${integration}/${environment}`,
        digest: { sha256: run.fingerprint ?? digestOf('fingerprint') },
      },
    ],
    predicateType: testResultType,
    predicate: {
      result: verdict === 'pass' ? 'PASSED' : verdict === 'warn' ? 'WARNED' : 'FAILED',
      configuration: [],
      passedTests: [],
      warnedTests: [],
      failedTests: [],
      notJudgedTests: [...(run.notJudged ?? [])],
      notApplicableTests: [],
      partner: 'acme',
      integration,
      environment,
      roles: ['authorization-server'],
      run: {
        id,
        started: run.started ?? finished,
        finished,
        harness: '0.1.0',
        tier: run.tier ?? 'full',
        ...(run.selection === undefined ? {} : { selection: run.selection }),
      },
      profile: {
        edition: sampleEdition,
        digest: digestOf('edition'),
        client_authentication: 'private_key_jwt',
        sender_constraint: 'dpop',
        protocol: 'openid',
      },
      verdict,
      ...(run.fault === undefined ? {} : { fault: run.fault }),
      reason: `The run's verdict is ${verdict}.`,
      requirements: Object.entries(run.requirements).map(([name, each]) => ({
        id: name,
        level: 'shall',
        verdict: each,
      })),
      waivers: [],
      exchanges: { count: 0, root: digestOf('') },
      expires: new Date(Date.parse(finished) + 30 * 86_400_000).toISOString(),
    },
  };
}

/** An act of Olga's on `acme-1`, in production if nothing else is said. */
export const sampleAct = (deed: Deed, at: string, more: Partial<Act> = {}): Statement<Act> =>
  actStatement({
    integration: 'acme-1',
    environment: 'production',
    deed,
    actor: 'olga',
    reason: 'incident 7',
    at,
    nonce: `${deed.kind} ${at}`,
    ...more,
  });

/** A statement as if it had been read from the log; no envelope has its digest. */
export const logged = (statement: Statement): Logged => ({
  statement,
  digest: digestOf(JSON.stringify(statement)),
});
