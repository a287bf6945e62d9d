import type { ClientIntegration } from '../directory/client-integration.ts';
import { list, plain, value } from './yaml-text.ts';

/** What a client's integration file is written from. */
export interface ClientAnswers extends Pick<
  ClientIntegration,
  'partner' | 'integration' | 'environment' | 'profile'
> {
  /** Where editors find the JSON Schema: a path relative to the file, or a URL. */
  readonly schema: string;
  /** PEM files of certificate authorities to trust beside the public ones. */
  readonly trust: readonly string[];
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
  readonly call: Pick<ClientIntegration['resources'][number], 'name' | 'path' | 'scope'>;
  readonly trigger:
    | { readonly driver: 'command'; readonly run: readonly string[] }
    | { readonly driver: 'http' | 'browser'; readonly start: string }
    | { readonly driver: 'manual' };
}

/** A client's integration file in YAML with a comment on each member. It is valid once the files that it names exist. */
export function renderClientIntegration(answers: ClientAnswers): string {
  const { profile, call, trigger } = answers;
  const signs = profile.client_authentication === 'private_key_jwt';
  const certified = !signs || profile.sender_constraint === 'mtls';
  const hosts = 'start' in trigger ? list([new URL(trigger.start).host]) : undefined;
  return `# yaml-language-server: $schema=${plain(answers.schema)}
#
# How Assay tests an OAuth client: it plays the authorization server and the API, and makes the client go through flows.
# Secrets never stand in this file: it refers to files (paths relative to this one) and environment variables.
# \`assay doctor\` on this file goes through the correct flow and says what is still missing; \`assay run\` tests.

# The organisation, by its id in the directory.
partner: ${value(answers.partner)}
# Id of this integration: lower case letters, digits and hyphens.
integration: ${value(answers.integration)}
# Where the software runs: sandbox or production.
environment: ${value(answers.environment)}
# What is under test.
roles: [client]

# What is demanded, and in which variant.
profile:
  # \`assay list profiles\` shows the editions.
  edition: ${value(profile.edition)}
  # How the client authenticates: private_key_jwt, tls_client_auth or self_signed_tls_client_auth.
  client_authentication: ${value(profile.client_authentication)}
  # How access tokens are bound: dpop or mtls.
  sender_constraint: ${value(profile.sender_constraint)}
  # openid (OpenID Connect) or oauth (plain OAuth).
  protocol: ${value(profile.protocol)}

# PEM files of certificate authorities to trust beside the public ones, where Assay calls the app.
${answers.trust.length > 0 ? `trust: ${list(answers.trust)}` : '# trust: [ca.pem]'}
# Hosts that Assay may call, as host or host:port: of the app, of jwks_uri. Everything else is refused.
${hosts === undefined ? '# hosts: [app.example.com]' : `hosts: ${hosts}`}

# The client, as a server would have it registered.
client:
  # client_id that the sandbox knows it by.
  id: ${value(answers.clientId)}
  redirect_uris:
    - ${value(answers.redirectUri)}
  # All scopes that its use case needs, separated by spaces. More than these it must not ask for.
  scope: ${value(answers.scope)}
${
  signs
    ? `  # Its public keys, a JWK Set; or jwks_uri, where they are published.
  jwks: { file: jwks.json }`
    : '  # jwks: { file: jwks.json }'
}
${
  certified
    ? `  # Its certificate, PEM, without the key.
  certificate: { file: client.pem }`
    : '  # certificate: { file: client.pem }'
}
  # Version of the software, which evidence is bound to.
  # software_version: 1.0.0

# How the client is made to go through a flow, and tells how it ended.
trigger:
${triggerOf(trigger)}
  # Seconds after which a client that said nothing is no longer waited for.
  # timeout: 30

# Where the client meets the sandbox. each: it is told another issuer for every check, and they run in parallel.
# fixed: it knows one issuer only, https://localhost:PORT/issuer.
sandbox:
  issuer: each
  # port: 4433

# The calls of the API that the client makes once it is connected.
resources:
  # A short name, unique in this file.
  - name: ${value(call.name)}
    method: GET
    # Path below the address of the API; {name} stands for one segment.
    path: ${value(call.path)}
    # Scopes that the call needs, separated by spaces.
    scope: ${value(call.scope)}
    # JSON that the sandbox answers with; or openapi: openapi.yaml, from which an answer is made.
    answer: {}

# What the client does besides: refresh-token, revocation, userinfo, signed-request, signed-response, signed-id-token,
# signed-introspection, several-issuers. What is not declared is not tested.
features: []

# Failures that somebody accepted for a while. The approver is another person than the owner.
# waivers:
#   - requirement: fapi2-sp/5.3.3.2-5
#     reason: Why it is accepted.
#     owner: Who is responsible for mending it.
#     approver: Who approved it.
#     expires: YYYY-MM-DD
`;
}

function triggerOf(trigger: ClientAnswers['trigger']): string {
  switch (trigger.driver) {
    case 'command':
      return `  # A program that goes through one flow; exit code 0: it completed, another: it refused. Others are http, browser, manual.
  driver: command
  # It finds in its environment: ASSAY_ISSUER, ASSAY_API, ASSAY_CLIENT_ID, ASSAY_REDIRECT_URI, ASSAY_CA_FILE, ASSAY_SCENARIO.
  run: ${list(trigger.run)}
  # env: { NODE_ENV: test, DB_PASSWORD: { env: DB_PASSWORD } }`;
    case 'http':
      return `  # Assay is the user's browser: a last page with 2xx says that the flow completed, one with 4xx or 5xx that it was refused.
  driver: http
  # {client_id} and {redirect_uri} are replaced as well.
  start: ${value(trigger.start)}`;
    case 'browser':
      return `  # Chromium opens the app and does the steps; which element appears tells the outcome.
  driver: browser
  start: ${value(trigger.start)}
  steps:
    - { click: 'text=Connect' }
  completed: '#connected'
  failed: '#error'`;
    case 'manual':
      return `  # A person starts each flow by a link, and says how it ended.
  driver: manual`;
  }
}
