import { Type, type Static } from 'typebox';
import { canonical, digestOf } from './canonical.ts';
import { Digest } from './statement.ts';

const closed = { additionalProperties: false } as const;

/** All that a run's evidence is about. When one part changes, the evidence no longer covers it. */
export const Fingerprint = Type.Object(
  {
    metadata: Type.Optional(Digest),
    keys: Type.Array(Type.String(), {
      description:
        'Thumbprints (RFC 7638, SHA-256, base64url) of the keys in the JWKS of the server, or of the client under test, sorted.',
    }),
    certificates: Type.Record(Type.String(), Type.Array(Digest), {
      description:
        'By origin: digests of the certificates that the server presented, its own first. Of a client under test: by its id.',
    }),
    descriptions: Type.Record(Type.String(), Digest, {
      description: 'By path or URL: digests of the API descriptions.',
    }),
    registration: Type.Object(
      { digest: Digest, clients: Type.Array(Type.String()) },
      {
        ...closed,
        description:
          'What the integration file says of issuer, clients, calls, features and variant, or of the client under test.',
      },
    ),
    profile: Type.Object({ edition: Type.String(), digest: Digest }, closed),
  },
  { ...closed, description: 'The parts of an integration that its evidence covers.' },
);
export type Fingerprint = Static<typeof Fingerprint>;

/** The digest that stands for a fingerprint, lower case hexadecimal SHA-256 over its canonical form. */
export const fingerprintDigest = (fingerprint: Fingerprint): string => digestOf(canonical(fingerprint));
