import { Type, type Static } from 'typebox';
import { editionIds } from '../profiles/editions.ts';
import { Exchange } from '../transport/exchange.ts';
import { faults, verdicts } from '../verdict/verdict.ts';

const closed = { additionalProperties: false } as const;
const Verdict = Type.Enum([...verdicts]);
const Fault = Type.Optional(
  Type.Enum([...faults], { description: 'Who caused a verdict that is not a pass.' }),
);
const Instant = Type.String({ format: 'date-time', description: 'ISO 8601 in UTC.' });

/** Something that a check measured beside its verdict. */
export const Measurement = Type.Object(
  { name: Type.String(), value: Type.Number(), unit: Type.String() },
  { ...closed, description: 'What was measured, in words; how much, in which unit.' },
);
export type Measurement = Static<typeof Measurement>;

/** A page that a check judged, as the user saw it. */
export const Picture = Type.Object(
  {
    file: Type.String({ description: 'Path of the picture, relative to this document.' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Digest of the file.' }),
    title: Type.String({ description: 'Title of the page.' }),
    url: Type.String(),
  },
  { ...closed, description: 'A page that the check judged, as the user saw it; its fields are covered.' },
);
export type Picture = Static<typeof Picture>;

/** What became of one check. */
export const CheckResult = Type.Object(
  {
    id: Type.String({ description: 'Path of the spec file and the title, as a slug; stable between runs.' }),
    title: Type.String(),
    file: Type.String({ description: 'Spec file, relative to the suites.' }),
    line: Type.Integer(),
    requirements: Type.Array(Type.String()),
    executed: Type.Boolean({
      description: 'False for a check that the plan left out, or that the run did not reach.',
    }),
    verdict: Verdict,
    fault: Fault,
    reason: Type.Optional(
      Type.String({ description: 'Why the verdict is not a pass, in one sentence or two.' }),
    ),
    expected: Type.Optional(Type.String()),
    actual: Type.Optional(Type.String()),
    hint: Type.Optional(Type.String({ description: 'What the responsible party can do.' })),
    started: Type.Optional(Instant),
    duration_ms: Type.Number(),
    measured: Type.Optional(Type.Array(Measurement)),
    pictures: Type.Optional(Type.Array(Picture)),
    exchanges: Type.Array(Exchange),
    stack: Type.Optional(Type.String({ description: 'Where in the check an error arose.' })),
  },
  closed,
);
export type CheckResult = Static<typeof CheckResult>;

/** What became of one requirement: its worst check. */
export const RequirementResult = Type.Object(
  {
    id: Type.String(),
    level: Type.Enum(['shall', 'should', 'may']),
    text: Type.String(),
    link: Type.String(),
    verdict: Verdict,
    fault: Fault,
    reason: Type.Optional(Type.String()),
    checks: Type.Array(Type.String(), { description: 'Ids of the checks that exercise it.' }),
    waiver: Type.Optional(
      Type.Object(
        { reason: Type.String(), owner: Type.String(), approver: Type.String(), expires: Type.String() },
        { ...closed, description: 'The living waiver that lets the run pass in spite of this failure.' },
      ),
    ),
  },
  closed,
);
export type RequirementResult = Static<typeof RequirementResult>;

const Counts = Type.Object(
  {
    pass: Type.Integer(),
    fail: Type.Integer(),
    warn: Type.Integer(),
    inconclusive: Type.Integer(),
    'not-applicable': Type.Integer(),
  },
  closed,
);

/** The result document of a run: results.json, the source of every other view. */
export const Results = Type.Object(
  {
    format: Type.Literal('assay-results/1'),
    run: Type.Object(
      {
        id: Type.String({ description: 'UTC time of the start and a random suffix; sorts by time.' }),
        status: Type.Enum(['complete', 'interrupted'], {
          description:
            'interrupted: the run ended early, or is still under way. An interrupted run is never a pass.',
        }),
        started: Instant,
        finished: Type.Optional(Instant),
        harness: Type.String({ description: 'Version of Assay.' }),
        tier: Type.Enum(['fast', 'full']),
        selection: Type.Optional(
          Type.String({
            description: 'The filter that narrowed the plan; a narrowed run can never be a full pass.',
          }),
        ),
      },
      closed,
    ),
    integration: Type.Object(
      {
        partner: Type.String(),
        integration: Type.String(),
        environment: Type.Enum(['sandbox', 'production']),
        roles: Type.Array(Type.String()),
        file: Type.String({ description: 'Absolute path of the integration file.' }),
      },
      closed,
    ),
    profile: Type.Object(
      {
        edition: Type.Enum([...editionIds]),
        title: Type.String(),
        about: Type.String({ description: 'What the edition holds and what it leaves out.' }),
        client_authentication: Type.String(),
        sender_constraint: Type.String(),
        protocol: Type.String(),
        grant: Type.Optional(Type.String()),
      },
      closed,
    ),
    verdict: Verdict,
    fault: Fault,
    reason: Type.String({ description: 'The verdict in one sentence.' }),
    counts: Type.Object({ checks: Counts, requirements: Counts }, closed),
    requirements: Type.Array(RequirementResult),
    checks: Type.Array(CheckResult),
  },
  { ...closed, $id: 'https://assay.dev/schemas/results.json', title: 'Assay results' },
);
export type Results = Static<typeof Results>;
