import { Type, type Static } from 'typebox';
import { Digest, Instant, instant } from '../evidence/statement.ts';

const closed = { additionalProperties: false } as const;

/** The states of a certification. */
export const states = ['uncertified', 'certified', 'conditional', 'suspended', 'revoked'] as const;

/** Where an integration runs. */
export const environments = ['sandbox', 'production'] as const;
export type Environment = (typeof environments)[number];

/** Why evidence no longer covers what is running. A stale certification keeps its state, and opens nothing. */
export const staleReasons = [
  'evidence-expired',
  'fingerprint-changed',
  'edition-retired',
  'inconclusive-too-long',
  'failure-unconfirmed',
  'exception-ended',
] as const;
export type StaleReason = (typeof staleReasons)[number];

/** The run that a certification rests on. */
export const Basis = Type.Object(
  {
    statement: Digest,
    run: Type.String(),
    partner: Type.String({ description: 'Whose software it tested.' }),
    roles: Type.Array(Type.String(), { description: 'As what it was tested.' }),
    finished: Instant,
    expires: Instant,
    fingerprint: Digest,
    waived: Type.Array(Type.String(), { description: 'Requirements whose failure a waiver covered.' }),
    disputed: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Requirements whose failure a dispute set aside.',
      }),
    ),
  },
  closed,
);
export type Basis = Static<typeof Basis>;

/** That an operator closed a certification. */
export const Held = Type.Object(
  {
    act: Type.Enum(['suspend', 'revoke', 'offboard']),
    actor: Type.String(),
    reason: Type.String(),
    since: Instant,
  },
  { ...closed, description: 'An operator closed it; no pass opens it again, only an operator does.' },
);
export type Held = Static<typeof Held>;

/** The state of one integration in one environment under one profile edition, because of its statements. */
export const Certification = Type.Object(
  {
    edition: Type.String(),
    environment: Type.Enum([...environments]),
    state: Type.Enum([...states]),
    since: instant('When the state was entered.'),
    basis: Type.Optional(Basis),
    after: Type.Optional(instant('Runs that finished up to then change nothing any more.')),
    stale: Type.Optional(
      Type.Object(
        {
          because: Type.Enum([...staleReasons]),
          since: Instant,
          fingerprint: Type.Optional(Digest),
        },
        { ...closed, description: 'With the fingerprint that was seen instead of that of the basis.' },
      ),
    ),
    suspicion: Type.Optional(
      Type.Object(
        {
          since: Instant,
          until: instant('When it must have been confirmed or refuted.'),
          failed: Type.Array(Digest, { description: 'Statements of the failed runs.' }),
          passed: Type.Array(Digest, { description: 'Statements of the quick reruns that passed.' }),
          requirements: Type.Array(Type.String()),
        },
        { ...closed, description: 'A critical failure that quick reruns have not confirmed yet.' },
      ),
    ),
    failed: Type.Optional(
      Type.Object(
        { statement: Digest, requirements: Type.Array(Type.String()) },
        { ...closed, description: 'The failure that the state suspended or conditional rests on.' },
      ),
    ),
    deadline: Type.Optional(instant('Until when a conditional certification must be a pass again.')),
    inconclusive_since: Type.Optional(
      instant('The first of the runs without an answer since the last one with one.'),
    ),
    in_revision: Type.Optional(
      Type.Array(
        Type.Object(
          { requirement: Type.String(), by: Type.String(), reason: Type.String(), since: Instant },
          closed,
        ),
        {
          description: 'Requirements whose check is disputed. Their failures do not close access meanwhile.',
        },
      ),
    ),
    held: Type.Optional(Held),
  },
  closed,
);
export type Certification = Static<typeof Certification>;

/** A certification of something of which nothing is known. */
export const uncertified = (edition: string, environment: Environment, since: string): Certification => ({
  edition,
  environment,
  state: 'uncertified',
  since,
});
