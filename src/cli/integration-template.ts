import type { Integration, User } from '../directory/integration.ts';
import { list, plain, value } from './yaml-text.ts';

/** What an integration file is written from. */
export interface Answers extends Pick<
  Integration,
  'partner' | 'integration' | 'environment' | 'roles' | 'profile' | 'hosts' | 'features'
> {
  /** Where editors find the JSON Schema: a path relative to the file, or a URL. */
  readonly schema: string;
  readonly issuer: string;
  /** PEM files of certificate authorities to trust beside the public ones. */
  readonly trust: readonly string[];
  readonly clientIds: readonly [string, string];
  /** Of both clients, separated by spaces. */
  readonly scope: string;
  readonly redirectUri: string;
  readonly resource: Pick<Integration['resources'][number], 'name' | 'method' | 'url' | 'scope'>;
  readonly driver: User['driver'];
}

/** An integration file in YAML with a comment on each member. It is valid once the files that it names exist. */
export function renderIntegration(answers: Answers): string {
  const { profile, resource } = answers;
  return `# yaml-language-server: $schema=${plain(answers.schema)}
#
# How Assay tests one piece of software of a partner in one environment.
# Secrets never stand in this file: it refers to files (paths relative to this one) and environment variables.
# \`assay doctor\` on this file says what is still missing; \`assay run\` tests.

# The organisation, by its id in the directory.
partner: ${value(answers.partner)}
# Id of this integration: lower case letters, digits and hyphens.
integration: ${value(answers.integration)}
# Where the software runs: sandbox or production.
environment: ${value(answers.environment)}
# What is under test: authorization-server, resource-server. (\`assay init --client\` writes the file of a client.)
roles: ${list(answers.roles)}

# What is demanded, and in which variant.
profile:
  # \`assay list profiles\` shows the editions.
  edition: ${value(profile.edition)}
  # How the test clients authenticate: private_key_jwt, tls_client_auth or self_signed_tls_client_auth.
  client_authentication: ${value(profile.client_authentication)}
  # How access tokens are bound: dpop or mtls.
  sender_constraint: ${value(profile.sender_constraint)}
  # openid (OpenID Connect) or oauth (plain OAuth).
  protocol: ${value(profile.protocol)}

# Issuer identifier of the authorization server; its metadata is found from it.
issuer: ${value(answers.issuer)}
# URL of the metadata document, where it is not derived from the issuer.
# discovery: ${plain(new URL('/metadata.json', answers.issuer).href)}
# PEM files of certificate authorities to trust beside the public ones.
${answers.trust.length > 0 ? `trust: ${list(answers.trust)}` : '# trust: [ca.pem]'}
# Hosts that Assay may call, as host (any port) or host:port. Everything else is refused.
hosts:
${answers.hosts.map((host) => `  - ${value(host)}`).join('\n')}

# Two test clients, registered alike at the authorization server, so that mix-ups between them can be tried.
clients:
${answers.clientIds.map((id, index) => renderClient(answers, id, index + 1)).join('\n')}

# Calls to the resource API that succeed with a valid token of the first client.
resources:
  # A short name, unique in this file.
  - name: ${value(resource.name)}
    method: ${value(resource.method)}
    url: ${value(resource.url)}
    # Scopes that the call needs, separated by spaces.
    scope: ${value(resource.scope)}
    # JSON body of the call.
    # body: { amount: '1.00' }
    # Path or URL of the OpenAPI document that describes the call.
    # openapi: openapi.yaml

# Optional capabilities: refresh-token, introspection, revocation, userinfo. What is not declared is not tested.
features: ${list(answers.features)}

# Who logs in and consents.
user:
${users[answers.driver]}

# Failures that somebody accepted for a while. The approver is another person than the owner.
# waivers:
#   - requirement: fapi2-sp/5.3.2.2-13
#     reason: Why it is accepted.
#     owner: Who is responsible for mending it.
#     approver: Who approved it.
#     expires: YYYY-MM-DD
`;
}

function renderClient({ profile, redirectUri, scope }: Answers, id: string, number: number): string {
  const signs = profile.client_authentication === 'private_key_jwt';
  const certified = !signs || profile.sender_constraint === 'mtls';
  return [
    '  # client_id, as registered.',
    `  - id: ${value(id)}`,
    '    # Scopes that the registration permits, separated by spaces.',
    `    scope: ${value(scope)}`,
    '    # A registered redirect URI. Assay never serves it: it reads the redirection that leads there.',
    `    redirect_uri: ${value(redirectUri)}`,
    ...(signs
      ? [
          '    # The private key of client assertions, JWK or PEM: { file: … } or { env: … }.',
          `    key: { file: keys/client-${number}.jwk }`,
        ]
      : []),
    ...(certified
      ? [
          '    # The client certificate, PEM, the leaf first, and its private key.',
          `    certificate: { file: keys/client-${number}.pem }`,
          `    certificate_key: { file: keys/client-${number}-key.pem }`,
        ]
      : []),
  ].join('\n');
}

const users: Readonly<Record<Answers['driver'], string>> = {
  http: `  # http fills HTML forms by name; browser drives Chromium; automatic uses the server's own test mode.
  driver: http
  # What to fill in, by the name of the form field.
  fields:
    username: test-user
    password: { env: ASSAY_USER_PASSWORD }
  # The button by name, value or visible text, or the link by its text.
  accept: { button: Accept }
  reject: { button: Reject }`,
  browser: `  # browser drives Chromium; http fills HTML forms by name; automatic uses the server's own test mode.
  driver: browser
  # Steps: fill, click or wait, by selector. Steps whose element is not on the page are passed over.
  accept:
    - { fill: 'input[name=username]', with: test-user }
    - { fill: 'input[type=password]', with: { env: ASSAY_USER_PASSWORD } }
    - { click: 'button[type=submit]' }
    - { click: 'text=Accept' }
  reject:
    - { fill: 'input[name=username]', with: test-user }
    - { fill: 'input[type=password]', with: { env: ASSAY_USER_PASSWORD } }
    - { click: 'button[type=submit]' }
    - { click: 'text=Reject' }
  # A module instead of steps; its default export is an async function (page, decision).
  # script: user.ts`,
  automatic: `  # automatic uses the server's own test mode; http fills HTML forms by name; browser drives Chromium.
  driver: automatic
  # Headers or query parameters of the authorization request that decide.
  accept: { headers: { x-test-user: accept } }
  reject: { headers: { x-test-user: reject } }`,
};
