import { Type, type Static } from 'typebox';
import { closed, Common, Profile, Reference, text } from './common.ts';

export const Client = Type.Object(
  {
    id: text('client_id, as registered at the authorization server.'),
    name: Type.Optional(text('Name under which the server shows the client to users. Default: the id.')),
    scope: text('Scopes that the registration permits, separated by spaces.'),
    redirect_uri: Type.Optional(
      Type.String({
        format: 'uri',
        description:
          'A registered redirect URI; needed with the authorization code grant. Assay never serves it.',
      }),
    ),
    key: Type.Optional(Reference),
    alg: Type.Optional(
      Type.Enum(['PS256', 'ES256', 'EdDSA', 'Ed25519'], {
        description: 'Algorithm of client assertions. Default: the key tells.',
      }),
    ),
    certificate: Type.Optional(Reference),
    certificate_key: Type.Optional(Reference),
    expired_certificate: Type.Optional(Reference),
    expired_certificate_key: Type.Optional(Reference),
  },
  { ...closed, description: 'A client registered at the authorization server for these tests.' },
);
export type Client = Static<typeof Client>;

export const HostedClient = Type.Object(
  {
    id: Client.properties.id,
    name: Client.properties.name,
    scope: Client.properties.scope,
    redirect_uri: Client.properties.redirect_uri,
    jwks_uri: Type.String({
      format: 'uri',
      pattern: '^https://',
      description: 'The registered jwks_uri. Assay serves new keys there while it asks.',
    }),
    listen: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description: 'Port to listen on, where a proxy stands before it. Default: that of jwks_uri.',
      }),
    ),
    tls_certificate: Reference,
    tls_key: Reference,
    certificate: Type.Optional(Reference),
    certificate_key: Type.Optional(Reference),
  },
  {
    ...closed,
    description:
      'A third client, registered with private_key_jwt and a jwks_uri at which the server reaches Assay; for the feature client-jwks-uri. tls_certificate is one that the server trusts.',
  },
);
export type HostedClient = Static<typeof HostedClient>;

export const Resource = Type.Object(
  {
    name: text('A short name, unique in this file.'),
    method: Type.Enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], { description: 'HTTP method.' }),
    url: Type.String({ format: 'uri', pattern: '^https://', description: 'Absolute https URL of the call.' }),
    scope: text('Scopes that the call needs, separated by spaces.'),
    body: Type.Optional(Type.Unknown({ description: 'JSON body of the call.' })),
    openapi: Type.Optional(text('Path or URL of the OpenAPI document that describes the call.')),
  },
  { ...closed, description: 'A call to the resource API that succeeds with a valid token.' },
);
export type Resource = Static<typeof Resource>;

const Fields = Type.Record(Type.String(), Type.Union([Type.String(), Reference]), {
  description: 'What to fill in, by the name of the form field. Passwords are references.',
});

const Choice = Type.Object(
  {
    button: Type.Optional(text('Name, value or visible text of the button to press.')),
    link: Type.Optional(text('Visible text of the link to follow.')),
    fields: Type.Optional(Fields),
  },
  { ...closed, description: 'How to accept or reject on a page.' },
);

export const HttpUser = Type.Object(
  {
    driver: Type.Literal('http'),
    fields: Fields,
    accept: Choice,
    reject: Choice,
  },
  {
    ...closed,
    description: 'Follows redirects with a cookie jar and fills server-rendered HTML forms by name.',
  },
);

const Step = Type.Union(
  [
    Type.Object(
      { fill: text('Selector of the field.'), with: Type.Union([Type.String(), Reference]) },
      closed,
    ),
    Type.Object({ click: text('Selector of the element.') }, closed),
    Type.Object({ wait: text('Selector of an element that must appear.') }, closed),
  ],
  { description: 'One step of a recipe. Steps whose element is not on the page are passed over.' },
);

export const BrowserUser = Type.Object(
  {
    driver: Type.Literal('browser'),
    accept: Type.Optional(Type.Array(Step, { description: 'Steps that log in and accept.' })),
    reject: Type.Optional(Type.Array(Step, { description: 'Steps that log in and reject.' })),
    script: Type.Optional(
      text('Path of a module whose default export is an async function (page, decision), instead of steps.'),
    ),
  },
  { ...closed, description: 'Drives real Chromium by a recipe of steps or a script.' },
);

const Extra = Type.Object(
  {
    headers: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Reference]))),
    query: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  closed,
);

export const AutomaticUser = Type.Object(
  { driver: Type.Literal('automatic'), accept: Extra, reject: Extra },
  {
    ...closed,
    description: "Uses the server's own test mode: headers or query parameters decide, no page is shown.",
  },
);

export const User = Type.Union([HttpUser, BrowserUser, AutomaticUser], {
  description: 'Who logs in and consents; needed with the authorization code grant.',
});
export type User = Static<typeof User>;

/** The integration file: one piece of software of a partner in one environment. */
export const Integration = Type.Object(
  {
    ...Common,
    roles: Type.Array(Type.Enum(['authorization-server', 'resource-server', 'client']), {
      minItems: 1,
      uniqueItems: true,
      description: 'What is under test.',
    }),
    profile: Profile,
    issuer: Type.Optional(
      Type.String({
        format: 'uri',
        pattern: '^https://',
        description: 'Issuer identifier of the authorization server.',
      }),
    ),
    discovery: Type.Optional(
      Type.String({
        format: 'uri',
        pattern: '^https://',
        description: 'URL of the metadata document, where it is not derived from the issuer.',
      }),
    ),
    hosts: Type.Array(Type.String({ pattern: '^[^/:\\s]+(:[0-9]+)?$' }), {
      minItems: 1,
      description: 'Hosts that Assay may call, as host or host:port. Everything else is refused.',
    }),
    clients: Type.Array(Client, {
      minItems: 2,
      maxItems: 2,
      description: 'Two test clients, so that mix-ups can be tried.',
    }),
    hosted_client: Type.Optional(HostedClient),
    resources: Type.Array(Resource, { minItems: 1, description: 'Calls to the resource API.' }),
    scope_names: Type.Optional(
      Type.Record(Type.String(), text('Words for the scope on the consent page.'), {
        description: 'What the consent page calls the scopes, where it does not show them as they are.',
      }),
    ),
    user: Type.Optional(User),
  },
  {
    ...closed,
    title: 'Assay integration',
    description: 'One piece of software of a partner in one environment, and how to test it.',
  },
);
export type Integration = Static<typeof Integration>;
