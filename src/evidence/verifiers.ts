import { Type, type Static } from 'typebox';
import { Instant, instant } from './statement.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.String({ minLength: 1, description });

/** What a key may sign: results of runs; acts of operators; approvals of waivers; transitions of certifications. */
export const entitlements = ['run', 'operate', 'approve', 'transition'] as const;
export type Entitlement = (typeof entitlements)[number];

/** A public key that counts, for what, whose it is, and from when until when. */
export const VerifierKey = Type.Object(
  {
    id: text('Key id: the RFC 7638 thumbprint (SHA-256, base64url) of the key.'),
    alg: Type.Enum(['ES256', 'Ed25519']),
    jwk: Type.Record(Type.String(), Type.String(), { description: 'The public key (RFC 7517).' }),
    holder: text('The person or system that holds the private key.'),
    may: Type.Array(Type.Enum([...entitlements]), { minItems: 1, uniqueItems: true }),
    integrations: Type.Optional(
      Type.Array(text('Id of an integration.'), {
        minItems: 1,
        uniqueItems: true,
        description: 'It counts for these only, as the key of a partner does. Default: for all.',
      }),
    ),
    environments: Type.Optional(
      Type.Array(Type.Enum(['sandbox', 'production']), {
        minItems: 1,
        uniqueItems: true,
        description: 'It counts for these only. Default: for all.',
      }),
    ),
    from: Instant,
    until: Type.Optional(instant('What it signed up to then goes on to count.')),
  },
  closed,
);
export type VerifierKey = Static<typeof VerifierKey>;

/** All that a reader of evidence must trust. It never lies in the evidence directory: who can write there could replace it. */
export const Verifiers = Type.Object(
  {
    format: Type.Literal('assay-verifiers/1'),
    keys: Type.Array(VerifierKey, { minItems: 1 }),
    log: Type.Object(
      {
        origin: text('The origin line of its checkpoints.'),
        keys: Type.Array(text('Verifier key of C2SP signed-note: <name>+<hash>+<base64>.'), { minItems: 1 }),
      },
      closed,
    ),
    witnesses: Type.Optional(
      Type.Object(
        { keys: Type.Array(text('Verifier key of a cosigner.')), quorum: Type.Integer({ minimum: 0 }) },
        { ...closed, description: 'Cosignatures that a checkpoint must have.' },
      ),
    ),
  },
  closed,
);
export type Verifiers = Static<typeof Verifiers>;
