import { Type, type Static, type TSchema } from 'typebox';
import { idPattern } from '../directory/common.ts';
import { faults, verdicts } from '../verdict/verdict.ts';

const closed = { additionalProperties: false } as const;
/** SHA-256, lower case hexadecimal. */
export const Digest = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'SHA-256, lower case hexadecimal.',
});

/** ISO 8601 in UTC with milliseconds, as `Date.prototype.toISOString` writes it. */
export const instant = (description: string) =>
  Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$', description });
export const Instant = instant('ISO 8601 in UTC, with milliseconds.');

/** Whether a text is an instant that exists: the pattern lets days pass that no calendar has. */
export function isInstant(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text;
}

const Subject = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    digest: Type.Record(Type.String(), Type.String({ pattern: '^[0-9a-f]{32,128}$' })),
  },
  closed,
);
/** What a statement is about: a name and digests by algorithm, as `{ sha256: '…' }`. */
export type Subject = Static<typeof Subject>;

/** The schema of an in-toto Statement (v1) with a predicate. */
export const statementOf = <P extends TSchema>(predicateType: string, predicate: P) =>
  Type.Object(
    {
      _type: Type.Literal('https://in-toto.io/Statement/v1'),
      subject: Type.Array(Subject, { minItems: 1 }),
      predicateType: Type.Literal(predicateType),
      predicate,
    },
    closed,
  );

/** An in-toto Statement whose predicate has been read by nobody yet. */
export interface Statement<P = unknown> {
  readonly _type: 'https://in-toto.io/Statement/v1';
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: P;
}

export const testResultType = 'https://in-toto.io/attestation/test-result/v0.1';

const Names = Type.Array(Type.String());

/** Characters of what databases find statements by: an index holds about 2,700 bytes. */
export const longestName = 200;

/**
 * The predicate of a run: in-toto's test result v0.1, with additional members. `result` says FAILED for everything that is
 * not a pass or a warning: a reader who knows no more than in-toto must take nothing for green that was not shown.
 */
export const TestResult = Type.Object(
  {
    result: Type.Enum(['PASSED', 'WARNED', 'FAILED']),
    configuration: Type.Array(
      Type.Object({ name: Type.String(), digest: Type.Record(Type.String(), Type.String()) }, closed),
      {
        description: 'Digests of the suites, of the kill table that proves them, and of the profile edition.',
      },
    ),
    passedTests: Names,
    warnedTests: Names,
    failedTests: Names,
    notJudgedTests: Names,
    notApplicableTests: Names,
    partner: Type.String(),
    integration: Type.String({ pattern: idPattern }),
    environment: Type.Enum(['sandbox', 'production']),
    roles: Type.Array(Type.String()),
    run: Type.Object(
      {
        id: Type.String({ minLength: 1, maxLength: longestName }),
        started: Instant,
        finished: Instant,
        harness: Type.String({ description: 'Version of Assay.' }),
        tier: Type.Enum(['fast', 'full']),
        selection: Type.Optional(Type.String()),
      },
      closed,
    ),
    profile: Type.Object(
      {
        edition: Type.String({ maxLength: longestName }),
        digest: Digest,
        client_authentication: Type.String(),
        sender_constraint: Type.String(),
        protocol: Type.String(),
        grant: Type.Optional(Type.String()),
      },
      closed,
    ),
    verdict: Type.Enum([...verdicts]),
    fault: Type.Optional(Type.Enum([...faults])),
    reason: Type.String(),
    requirements: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          level: Type.Enum(['shall', 'should', 'may']),
          verdict: Type.Enum([...verdicts]),
          fault: Type.Optional(Type.Enum([...faults])),
        },
        closed,
      ),
    ),
    waivers: Type.Array(
      Type.Object(
        {
          requirement: Type.String(),
          reason: Type.String(),
          owner: Type.String(),
          approver: Type.String(),
          expires: Type.String({ description: 'Last day, YYYY-MM-DD in UTC.' }),
        },
        closed,
      ),
      { description: 'The waivers of the integration file that the verdict used.' },
    ),
    exchanges: Type.Object(
      {
        count: Type.Integer({ minimum: 0 }),
        root: Digest,
      },
      {
        ...closed,
        description:
          'Root of the Merkle tree (RFC 6962) over salted hashes of the redacted exchanges, in the order of the results.',
      },
    ),
    expires: instant('After this instant the statement shows nothing any more.'),
  },
  closed,
);
export type TestResult = Static<typeof TestResult>;

export const TestResultStatement = statementOf(testResultType, TestResult);
export type TestResultStatement = Static<typeof TestResultStatement>;
