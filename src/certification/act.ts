import { Type, type Static } from 'typebox';
import { idPattern } from '../directory/common.ts';
import { Digest, Instant, instant, longestName, statementOf } from '../evidence/statement.ts';
import { Certification, environments } from './certification.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.String({ minLength: 1, description });
const Environment = Type.Enum([...environments]);

/** By what a gateway or an authorization server knows an integration, and what is known of it. */
export const Registration = Type.Object(
  {
    partner: text('The organisation.'),
    roles: Type.Array(Type.String(), { minItems: 1 }),
    clients: Type.Array(Type.String({ minLength: 1, maxLength: 2 * longestName }), {
      uniqueItems: true,
      description: 'client_ids that are its own.',
    }),
    certificates: Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }), {
      uniqueItems: true,
      description: 'SHA-256 thumbprints (x5t#S256, base64url) of its client certificates.',
    }),
    scopes: Type.Array(Type.String(), { uniqueItems: true, description: 'Scopes that it may be granted.' }),
    credentials_expire: Type.Optional(instant('When the first of its credentials expires.')),
  },
  closed,
);
export type Registration = Static<typeof Registration>;

/** What an operator does. Each kind has a reason; each is signed, and logged. */
export const Deed = Type.Union([
  Type.Object({ kind: Type.Literal('register'), registration: Registration }, closed),
  Type.Object({ kind: Type.Literal('suspend') }, closed),
  Type.Object({ kind: Type.Literal('revoke') }, closed),
  Type.Object({ kind: Type.Literal('reinstate') }, closed),
  Type.Object({ kind: Type.Literal('offboard') }, closed),
  Type.Object(
    {
      kind: Type.Literal('waive'),
      requirement: text('The requirement whose failure is accepted.'),
      edition: text('The profile edition.'),
      owner: text('Who is responsible for mending it.'),
      expires: Instant,
    },
    { ...closed, description: 'The actor is the approver, and another person than the owner.' },
  ),
  Type.Object(
    { kind: Type.Literal('withdraw-waiver'), requirement: Type.String(), edition: Type.String() },
    closed,
  ),
  Type.Object({ kind: Type.Literal('dispute'), requirement: Type.String(), edition: Type.String() }, closed),
  Type.Object(
    { kind: Type.Literal('settle-dispute'), requirement: Type.String(), edition: Type.String() },
    closed,
  ),
  Type.Object(
    { kind: Type.Literal('break-glass'), until: Instant },
    { ...closed, description: 'Allows access in spite of everything, until then.' },
  ),
  Type.Object({ kind: Type.Literal('end-break-glass') }, closed),
  Type.Object(
    {
      kind: Type.Literal('observe'),
      edition: text('The profile edition; its digest is a part of the fingerprint.'),
      fingerprint: Digest,
    },
    { ...closed, description: 'The fingerprint that was seen, by a watcher.' },
  ),
  Type.Object(
    { kind: Type.Literal('retire-edition'), edition: text('For every integration; the integration is *.') },
    closed,
  ),
]);
export type Deed = Static<typeof Deed>;

/** Hours that broken glass may stay open. */
export const longestGlass = 168;

export const actType = 'https://assay.dev/attestation/act/v1';

/** The predicate of an operator's act. */
export const Act = Type.Object(
  {
    integration: Type.Union([Type.String({ pattern: idPattern }), Type.Literal('*')], {
      description: 'Id of the integration, or * for all.',
    }),
    environment: Type.Optional(Environment),
    deed: Deed,
    actor: text('Who did it: the holder of the key that signed.'),
    reason: text('Why.'),
    at: Instant,
    nonce: Type.String({
      minLength: 1,
      maxLength: longestName,
      description: 'Random, so that two alike are two.',
    }),
  },
  closed,
);
export type Act = Static<typeof Act>;
export const ActStatement = statementOf(actType, Act);

export const transitionType = 'https://assay.dev/attestation/transition/v1';

/** The predicate of a change to a certification: which event changed it, and what it is now. */
export const Transition = Type.Object(
  {
    integration: Type.String({ pattern: idPattern }),
    from: Type.String({ description: 'The state before.' }),
    event: Type.String({ description: 'The kind of the event.' }),
    because: Type.String({ description: 'Why, in one sentence.' }),
    evidence: Type.Optional(Digest),
    actor: Type.String({ description: 'Who caused it: a person, or the harness, or the clock.' }),
    at: Instant,
    certification: Certification,
  },
  closed,
);
export type Transition = Static<typeof Transition>;
export const TransitionStatement = statementOf(transitionType, Transition);
