import { Type, type Static } from 'typebox';
import { editionIds } from '../profiles/editions.ts';
import { features } from '../profiles/plan.ts';
import { requirementIds } from '../requirements/catalogue.ts';

export const text = (description: string) => Type.String({ minLength: 1, description });

/** What an id of an integration looks like. */
export const idPattern = '^[a-z0-9][a-z0-9-]{0,62}$';

export const closed = { additionalProperties: false } as const;

/** Where a secret is found. The file that refers to it never holds it. */
export const Reference = Type.Union(
  [
    Type.Object({ file: text('Path, relative to the integration file.') }, closed),
    Type.Object(
      {
        env: Type.String({
          pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
          description: 'Name of an environment variable that holds the content.',
        }),
      },
      closed,
    ),
  ],
  { description: 'A reference to a secret: a file or an environment variable. Never the secret itself.' },
);
export type Reference = Static<typeof Reference>;

export const Waiver = Type.Object(
  {
    requirement: Type.Enum([...requirementIds], {
      description: 'The requirement whose failure is accepted. `assay list requirements` shows them.',
    }),
    reason: text('Why it is accepted.'),
    owner: text('Who is responsible for mending it.'),
    approver: text('Who approved the waiver; another person than the owner.'),
    expires: Type.String({
      format: 'date',
      description: 'Last day on which the waiver counts, YYYY-MM-DD (UTC).',
    }),
  },
  { ...closed, description: 'A failure that somebody accepted, for a while.' },
);
export type Waiver = Static<typeof Waiver>;

/** What is demanded, and in which variant. */
export const Profile = Type.Object(
  {
    edition: Type.Enum([...editionIds], {
      description: 'Profile edition. `assay list profiles` shows them.',
    }),
    client_authentication: Type.Enum(['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'], {
      description: 'How clients authenticate.',
    }),
    sender_constraint: Type.Enum(['dpop', 'mtls'], { description: 'How access tokens are bound.' }),
    protocol: Type.Enum(['openid', 'oauth'], { description: 'OpenID Connect, or plain OAuth.' }),
    grant: Type.Optional(
      Type.Enum(['authorization_code', 'client_credentials'], {
        description:
          'How clients obtain tokens. Default: authorization_code. With client_credentials there is no user, and what needs one does not apply.',
      }),
    ),
  },
  { ...closed, description: 'What is demanded, and in which variant.' },
);

/** What every integration file says, whatever is under test. */
export const Common = {
  $schema: Type.Optional(text('Where editors find the JSON Schema of this file; of use in JSON files.')),
  partner: text('The organisation, by its id in the directory.'),
  integration: Type.String({
    pattern: idPattern,
    description: 'Id of the integration: lower case letters, digits and hyphens.',
  }),
  environment: Type.Enum(['sandbox', 'production'], { description: 'Where the software runs.' }),
  trust: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      description: 'PEM files of certificate authorities to trust beside the public ones.',
    }),
  ),
  features: Type.Array(Type.Enum([...features]), {
    uniqueItems: true,
    description: 'Declared optional features.',
  }),
  waivers: Type.Optional(Type.Array(Waiver, { description: 'Accepted failures.' })),
} as const;
