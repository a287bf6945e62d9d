import type { Results } from '../report/results.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { EvidenceError } from './error.ts';
import { fingerprintDigest, type Fingerprint } from './fingerprint.ts';
import { testResultType, type Statement, type Subject, type TestResult } from './statement.ts';

/** A run, and what its statement says besides its results. */
export interface TestedRun {
  readonly results: Results;
  readonly fingerprint: Fingerprint;
  /** Of the checks, of the table of mutants that proves them, and of the profile edition. */
  readonly digests: { readonly suites: string; readonly killTable: string; readonly edition: string };
  /** What `commit` says of the exchanges. */
  readonly disclosure: TestResult['exchanges'];
  readonly validityHours: number;
  /** What the run is about besides the fingerprint, such as a commit or an image. */
  readonly subjects: readonly Subject[];
}

/** For a reader who knows only in-toto: what was not shown is not green. */
const outcomes: Readonly<Record<Verdict, TestResult['result']>> = {
  pass: 'PASSED',
  warn: 'WARNED',
  fail: 'FAILED',
  inconclusive: 'FAILED',
  'not-applicable': 'FAILED',
};

/**
 * What is signed of a run. The first subject is the integration by the digest of its fingerprint.
 * @throws EvidenceError `incomplete` for an interrupted run, `wrong-subject` for a fingerprint of another profile edition,
 * `malformed` for a subject named twice.
 */
export function testResultStatement(tested: TestedRun): Statement<TestResult> {
  const { results, fingerprint, digests, disclosure, validityHours, subjects } = tested;
  const { run, integration, profile } = results;
  if (run.status !== 'complete' || run.finished === undefined)
    throw new EvidenceError(
      'incomplete',
      `expected a complete run, but ${run.id} was interrupted; run it again`,
    );
  if (fingerprint.profile.edition !== profile.edition || fingerprint.profile.digest !== digests.edition)
    throw new EvidenceError(
      'wrong-subject',
      `expected a fingerprint for ${profile.edition} (${digests.edition}), got one for ${fingerprint.profile.edition} (${fingerprint.profile.digest})`,
    );
  const { partner, environment, roles } = integration;
  const subject = [
    {
      name: `${partner}/${integration.integration}/${environment}`,
      digest: { sha256: fingerprintDigest(fingerprint) },
    },
    ...subjects,
  ];
  const names = subject.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new EvidenceError('malformed', `expected each subject once, got ${twice} twice`);
  const named = (verdict: Verdict): string[] =>
    results.checks.filter((check) => check.verdict === verdict).map(({ id }) => id);
  const { title: _, about: __, ...variant } = profile;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject,
    predicateType: testResultType,
    predicate: {
      result: outcomes[results.verdict],
      configuration: [
        { name: 'suites', digest: { sha256: digests.suites } },
        { name: 'kill-table', digest: { sha256: digests.killTable } },
        { name: 'profile-edition', digest: { sha256: digests.edition } },
      ],
      passedTests: named('pass'),
      warnedTests: named('warn'),
      failedTests: named('fail'),
      notJudgedTests: named('inconclusive'),
      notApplicableTests: named('not-applicable'),
      partner,
      integration: integration.integration,
      environment,
      roles,
      run: {
        id: run.id,
        started: instantOf(run.started),
        finished: instantOf(run.finished),
        harness: run.harness,
        tier: run.tier,
        ...(run.selection === undefined ? {} : { selection: run.selection }),
      },
      profile: { ...variant, digest: digests.edition },
      verdict: results.verdict,
      ...(results.fault === undefined ? {} : { fault: results.fault }),
      reason: results.reason,
      requirements: results.requirements.map(({ id, level, verdict, fault }) => ({
        id,
        level,
        verdict,
        ...(fault === undefined ? {} : { fault }),
      })),
      waivers: results.requirements.flatMap(({ id, waiver }) =>
        waiver === undefined ? [] : [{ requirement: id, ...waiver }],
      ),
      exchanges: disclosure,
      expires: new Date(Date.parse(run.finished) + validityHours * 3_600_000).toISOString(),
    },
  };
}

/** Algorithms of in-toto's digest sets that a subject may have, with the length of their hexadecimal digits. */
const lengths: Readonly<Record<string, readonly number[]>> = {
  sha256: [64],
  sha384: [96],
  sha512: [128],
  gitCommit: [40, 64],
};

/**
 * Reads `name=algorithm:hex`, such as `registry.example/app:1.2=sha256:…` or `app=gitCommit:…`. What stands before the last
 * equals sign is the name.
 * @throws EvidenceError `malformed`
 */
export function parseSubject(text: string): Subject {
  const {
    name = '',
    algorithm = '',
    digest = '',
  } = /^(?<name>.+)=(?<algorithm>[A-Za-z0-9]+):(?<digest>[0-9a-f]+)$/u.exec(text)?.groups ?? {};
  const expected = Object.hasOwn(lengths, algorithm) ? lengths[algorithm] : undefined;
  if (expected?.includes(digest.length) !== true)
    throw new EvidenceError(
      'malformed',
      `expected name=algorithm:digest with ${Object.keys(lengths).join(', ')} in lower case hexadecimal, got ${JSON.stringify(text)}`,
    );
  return { name, digest: { [algorithm]: digest } };
}

const instantOf = (time: string): string => new Date(time).toISOString();
