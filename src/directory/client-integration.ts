import { Type, type Static } from 'typebox';
import { Integration } from './integration.ts';
import { closed, Common, Profile, Reference, text } from './common.ts';

/**
 * The ways through which a trigger sends the client: `connect` (obtain tokens and make the calls of the file), `refresh` (connect,
 * then twice: obtain new tokens by the refresh token and make them again; with the feature refresh-token), `disconnect` (connect, then revoke; with the
 * feature revocation).
 */
export const scenarios = ['connect', 'refresh', 'disconnect'] as const;
export type Scenario = (typeof scenarios)[number];

const Timeout = Type.Optional(
  Type.Number({
    exclusiveMinimum: 0,
    maximum: 600,
    description: 'Seconds after which a client that said nothing is no longer waited for. Default: 30.',
  }),
);

export const CommandTrigger = Type.Object(
  {
    driver: Type.Literal('command'),
    run: Type.Array(Type.String(), {
      minItems: 1,
      description:
        'Program and arguments, started without a shell beside the integration file, once per flow.',
    }),
    env: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Reference]), {
        description: 'Environment variables besides; references are resolved.',
      }),
    ),
    timeout: Timeout,
  },
  {
    ...closed,
    description:
      'A program that goes through one flow and tells by its exit code how it ended: 0, the flow completed; another, it refused.',
  },
);

export const HttpTrigger = Type.Object(
  {
    driver: Type.Literal('http'),
    start: text(
      'URL that begins a flow. {issuer}, {api}, {client_id}, {redirect_uri} and {scenario} are replaced by their values, percent-encoded.',
    ),
    status: Type.Optional(
      text(
        'URL that tells in JSON how the flow ended, as {"outcome": "completed"}, "failed" or "pending". Default: the status of the last page.',
      ),
    ),
    timeout: Timeout,
  },
  {
    ...closed,
    description:
      'An app that runs: Assay opens the URL as a browser would, follows redirects through the sandbox to the app, and takes 2xx for completed and 4xx and 5xx for refused.',
  },
);

const Step = Type.Union([
  Type.Object({ fill: text('Selector of the field.'), with: Type.Union([Type.String(), Reference]) }, closed),
  Type.Object({ click: text('Selector of the element.') }, closed),
  Type.Object({ wait: text('Selector of an element that must appear.') }, closed),
]);

export const BrowserTrigger = Type.Object(
  {
    driver: Type.Literal('browser'),
    start: HttpTrigger.properties.start,
    steps: Type.Optional(
      Type.Array(Step, {
        description: 'What a person does on the pages. Steps whose element is not there are passed over.',
      }),
    ),
    completed: text('Selector of an element that shows that the flow completed.'),
    failed: text('Selector of an element that shows that the app refused.'),
    consent: Type.Optional(
      Type.Enum(['automatic', 'page'], {
        description:
          'Whether the sandbox consents by itself, or shows a page whose button Assay presses. Default: automatic.',
      }),
    ),
    timeout: Timeout,
  },
  {
    ...closed,
    description: 'Chromium opens the app and goes through its pages; an element tells the outcome.',
  },
);

export const ManualTrigger = Type.Object(
  {
    driver: Type.Literal('manual'),
    timeout: Timeout,
  },
  {
    ...closed,
    description:
      'A person starts the app: Assay shows a link, waits, and asks on that page how the flow ended. Default timeout: 120.',
  },
);

export const Trigger = Type.Union([CommandTrigger, HttpTrigger, BrowserTrigger, ManualTrigger], {
  description: 'How the client is made to go through a flow, and tells how it ended.',
});
export type Trigger = Static<typeof Trigger>;

/** The client under test, as a server would have it registered (RFC 7591). */
export const TestedClient = Type.Object(
  {
    id: text('client_id that the sandbox knows it by.'),
    redirect_uris: Type.Optional(
      Type.Array(Type.String({ format: 'uri' }), {
        minItems: 1,
        description: 'Registered redirect URIs; needed with the authorization code grant.',
      }),
    ),
    scope: text('Scopes that its use case needs, separated by spaces. More than these it must not ask for.'),
    jwks: Type.Optional(
      Type.Object(
        { file: text('Path of its public key set.') },
        { ...closed, description: 'Its public keys.' },
      ),
    ),
    jwks_uri: Type.Optional(Type.String({ format: 'uri', pattern: '^https://' })),
    certificate: Type.Optional(
      Type.Object(
        { file: text('Path of its certificate (PEM), without the key.') },
        { ...closed, description: 'Its certificate, for mutual TLS.' },
      ),
    ),
    software_version: Type.Optional(
      text('Version of the software, which evidence is bound to (RFC 7591, section 2).'),
    ),
  },
  { ...closed, description: 'The client under test.' },
);
export type TestedClient = Static<typeof TestedClient>;

export const SandboxSettings = Type.Object(
  {
    issuer: Type.Optional(
      Type.Enum(['each', 'fixed'], {
        description:
          'each: every check has an issuer of its own, and they run in parallel (default). fixed: the client knows one issuer only; checks run one after the other behind it.',
      }),
    ),
    host: Type.Optional(text('Name under which the client reaches the sandbox. Default: localhost.')),
    port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_533,
        description:
          'Port of a fixed issuer; the mutual-TLS endpoints and the API have the next two. Default: any free ones.',
      }),
    ),
    relay: Type.Optional(
      Type.String({
        pattern: '^https://[^/?#@]+/?$',
        description:
          'Address of a relay (`assay sandbox`) through which the client reaches the sandbox; Assay itself then calls it, and listens nowhere. Default: the sandbox is on this machine.',
      }),
    ),
    token: Type.Optional(Reference),
    authority: Type.Optional(
      Type.Object(
        { certificate: Reference, key: Reference },
        {
          ...closed,
          description:
            'A certificate authority that the client trusts already. Default: a new one for each run, whose file the client is told.',
        },
      ),
    ),
  },
  { ...closed, description: 'Where the sandbox is for the client.' },
);
export type SandboxSettings = Static<typeof SandboxSettings>;

/** A call of the API that the client makes once it is connected. */
export const ClientCall = Type.Object(
  {
    name: text('A short name, unique in this file.'),
    method: Type.Enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], { description: 'HTTP method.' }),
    path: Type.String({
      pattern: '^/',
      description: 'Path below the address of the API; {name} stands for one segment.',
    }),
    scope: text('Scopes that the call needs, separated by spaces.'),
    answer: Type.Optional(Type.Unknown({ description: 'JSON that the sandbox answers with.' })),
    openapi: Type.Optional(
      text(
        'Path or URL of the OpenAPI document that describes the call; without answer, one is made from it.',
      ),
    ),
  },
  { ...closed, description: 'A call that the client makes once it is connected.' },
);
export type ClientCall = Static<typeof ClientCall>;

/** Whether an API description says how a call is made. */
export const callsOf = ({ resources }: { readonly resources: readonly ClientCall[] }) =>
  resources.some(({ openapi }) => openapi !== undefined) ? 'described' : 'undescribed';

/** The integration file of a partner's client. */
export const ClientIntegration = Type.Object(
  {
    ...Common,
    hosts: Type.Optional(Integration.properties.hosts),
    roles: Type.Array(Type.Literal('client'), {
      minItems: 1,
      maxItems: 1,
      description: 'What is under test.',
    }),
    profile: Profile,
    client: TestedClient,
    trigger: Trigger,
    sandbox: Type.Optional(SandboxSettings),
    resources: Type.Array(ClientCall, {
      minItems: 1,
      description: 'The calls that the client makes once it is connected.',
    }),
  },
  {
    ...closed,
    title: "Assay integration of a partner's client",
    description: "A partner's OAuth client, and how to make it go through flows.",
  },
);
export type ClientIntegration = Static<typeof ClientIntegration>;

/** An integration file of either kind. */
export type AnyIntegration = Integration | ClientIntegration;
