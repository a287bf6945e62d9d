import { Type, type Static } from 'typebox';
import { Instant } from '../evidence/statement.ts';
import { Registration } from './act.ts';
import { Certification, environments, Held } from './certification.ts';

const closed = { additionalProperties: false } as const;

/** A living or lapsed waiver that was signed by its approver. */
export const SignedWaiver = Type.Object(
  {
    environment: Type.Enum([...environments]),
    edition: Type.String(),
    requirement: Type.String(),
    reason: Type.String(),
    owner: Type.String(),
    approver: Type.String(),
    expires: Instant,
    statement: Type.String({ description: 'Digest of the envelope that granted it.' }),
  },
  closed,
);
export type SignedWaiver = Static<typeof SignedWaiver>;

/** All that the log says of one integration: what the gate decides from. */
export const Standing = Type.Object(
  {
    integration: Type.String(),
    registrations: Type.Array(
      Type.Object({ environment: Type.Enum([...environments]), registration: Registration }, closed),
    ),
    certifications: Type.Array(Certification, { description: 'At most one of an environment and edition.' }),
    waivers: Type.Array(SignedWaiver),
    break_glass: Type.Array(
      Type.Object(
        {
          environment: Type.Enum([...environments]),
          actor: Type.String(),
          reason: Type.String(),
          since: Instant,
          until: Instant,
          statement: Type.String(),
        },
        closed,
      ),
    ),
    holds: Type.Array(
      Type.Object(
        { environment: Type.Enum([...environments]), ...Held.properties, ended: Type.Optional(Instant) },
        closed,
      ),
      {
        description:
          'The last act of each environment that closed it: certifications that begin later are held, too.',
      },
    ),
    retired: Type.Array(Type.String(), { description: 'Profile editions that show nothing any more.' }),
  },
  closed,
);
export type Standing = Static<typeof Standing>;

/** The standing of an integration that the log does not mention. */
export const unknownStanding = (integration: string): Standing => ({
  integration,
  registrations: [],
  certifications: [],
  waivers: [],
  break_glass: [],
  holds: [],
  retired: [],
});
