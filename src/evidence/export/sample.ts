import { testResultType, type TestResult } from '../statement.ts';
import { digestOf, canonical } from '../canonical.ts';
import type { Verified } from './outcome.ts';

const requirement = (
  id: string,
  verdict: TestResult['verdict'],
  level: 'shall' | 'should' = 'shall',
): TestResult['requirements'][number] => ({
  id,
  level,
  verdict,
  ...(verdict === 'fail' || verdict === 'warn' ? { fault: 'subject' } : {}),
});

const passing: TestResult = {
  result: 'PASSED',
  configuration: [{ name: 'suites', digest: { sha256: 'c'.repeat(64) } }],
  passedTests: ['par/accepts-a-pkce-request', 'par/rejects-the-plain-method'],
  warnedTests: [],
  failedTests: [],
  notJudgedTests: [],
  notApplicableTests: ['mtls/binds-the-token'],
  partner: 'Bank of Examples',
  integration: 'bank',
  environment: 'production',
  roles: ['authorization-server'],
  run: {
    id: '20261122T020000Z-ab12',
    started: '2026-11-22T02:00:00.000Z',
    finished: '2026-11-22T02:03:20.500Z',
    harness: '0.1.0',
    tier: 'full',
  },
  profile: {
    edition: 'fapi2-sp-final',
    digest: 'd'.repeat(64),
    client_authentication: 'private_key_jwt',
    sender_constraint: 'dpop',
    protocol: 'oauth2',
  },
  verdict: 'pass',
  reason: 'Each mandatory requirement of the profile was shown to hold, or does not apply.',
  requirements: [
    requirement('fapi2-sp/5.3.2.2-4', 'pass'),
    requirement('fapi2-sp/5.3.2.2-5', 'pass'),
    requirement('fapi2-sp/5.3.2.1-5', 'not-applicable'),
  ],
  waivers: [],
  exchanges: { count: 3, root: 'e'.repeat(64) },
  expires: '2026-12-22T02:03:20.500Z',
};

const failing: Partial<TestResult> = {
  result: 'FAILED',
  verdict: 'fail',
  fault: 'subject',
  reason: '1 requirement failed: fapi2-sp/5.3.2.2-5.\nThe server said <b>*no*</b> [here](https://x).',
  passedTests: ['par/accepts-a-pkce-request'],
  failedTests: ['par/rejects-the-plain-method'],
  requirements: [
    requirement('fapi2-sp/5.3.2.2-4', 'pass'),
    requirement('fapi2-sp/5.3.2.2-5', 'fail'),
    requirement('fapi2-sp/5.3.2.1-5', 'not-applicable'),
  ],
};

/** A run of each kind: what it says, and for the exports what is not shown to hold. */
export const runs = {
  pass: passing,
  fail: { ...passing, ...failing },
  waived: {
    ...passing,
    ...failing,
    result: 'FAILED',
    verdict: 'warn',
    reason: '1 failure waived: fapi2-sp/5.3.2.2-5.',
    waivers: [
      {
        requirement: 'fapi2-sp/5.3.2.2-5',
        reason: 'An upgrade is under way.',
        owner: 'grace',
        approver: 'ada',
        expires: '2026-12-01',
      },
    ],
  },
  warn: {
    ...passing,
    result: 'WARNED',
    verdict: 'warn',
    fault: 'subject',
    reason: '1 recommendation not followed: fapi2-sp/5.3.2.1-5.',
    warnedTests: ['metadata/recommends'],
    requirements: [
      requirement('fapi2-sp/5.3.2.2-5', 'pass'),
      requirement('fapi2-sp/5.3.2.1-5', 'warn', 'should'),
      requirement('other/of-an-older-catalogue', 'pass'),
    ],
  },
  inconclusive: {
    ...passing,
    result: 'FAILED',
    verdict: 'inconclusive',
    fault: 'environment',
    reason: '2 requirements could not be judged.',
    passedTests: [],
    notJudgedTests: ['par/accepts-a-pkce-request', 'par/rejects-the-plain-method'],
    requirements: [
      requirement('fapi2-sp/5.3.2.2-4', 'inconclusive'),
      requirement('fapi2-sp/5.3.2.2-5', 'inconclusive'),
    ],
  },
  'not-applicable': {
    ...passing,
    result: 'FAILED',
    verdict: 'inconclusive',
    reason: 'No requirement was shown to hold.',
    passedTests: [],
    requirements: [requirement('fapi2-sp/5.3.2.1-5', 'not-applicable')],
  },
} as const satisfies Readonly<Record<string, TestResult>>;

/** A statement with a predicate, as if its envelope had been verified. */
export function verified(predicate: TestResult): Verified {
  const statement: Verified['statement'] = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'fingerprint', digest: { sha256: 'f'.repeat(64) } }],
    predicateType: testResultType,
    predicate,
  };
  return { statement, digest: digestOf(canonical(statement)) };
}
