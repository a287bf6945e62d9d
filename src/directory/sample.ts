/** The day on which the sample is read. */
export const now = new Date('2026-11-22T12:00:00Z');

/** An integration file without mistakes, for tests. */
export const sample = `# yaml-language-server: $schema=integration.schema.json
partner: acme
integration: acme-sandbox
environment: sandbox
roles: [authorization-server, resource-server]
profile:
  edition: fapi2-sp-flows-1
  client_authentication: private_key_jwt
  sender_constraint: dpop
  protocol: openid
issuer: https://as.acme.example
trust: [ca.pem]
hosts: [as.acme.example, 'api.acme.example:8443']
clients:
  - id: one
    scope: openid accounts payments
    redirect_uri: https://client.example/callback
    key: { file: keys/one.jwk }
  - id: two
    scope: openid accounts
    redirect_uri: https://client.example/callback
    key: { env: KEY_TWO }
resources:
  - name: accounts
    method: GET
    url: https://api.acme.example:8443/accounts
    scope: accounts
    openapi: openapi.yaml
  - name: payments
    method: POST
    url: https://api.acme.example:8443/payments
    scope: payments
    body: { amount: '1.00' }
features: [refresh-token]
user:
  driver: http
  fields: { login: alice, password: { env: PASSWORD } }
  accept: { button: Allow }
  reject: { button: Deny }
waivers:
  - requirement: fapi2-sp/5.3.2.1-1
    reason: being mended
    owner: maria
    approver: omar
    expires: 2026-12-31
`;

/** The integration file of a client without mistakes, for tests. */
export const clientSample = `# yaml-language-server: $schema=integration.schema.json
partner: acme
integration: acme-app
environment: sandbox
roles: [client]
profile:
  edition: fapi2-clients-1
  client_authentication: private_key_jwt
  sender_constraint: dpop
  protocol: openid
trust: [ca.pem]
hosts: ['localhost:4000', keys.acme.example]
client:
  id: acme-app
  redirect_uris: [https://app.acme.example/callback]
  scope: openid accounts payments
  jwks: { file: jwks.json }
  software_version: 1.4.2
trigger:
  driver: command
  run: [node, app.js]
  env: { MODE: test, DB_PASSWORD: { env: DB_PASSWORD } }
  timeout: 20
sandbox:
  issuer: each
  host: localhost
resources:
  - name: accounts
    method: GET
    path: /accounts
    scope: accounts
    openapi: openapi.yaml
  - name: payments
    method: POST
    path: /payments/{id}
    scope: payments
    answer: { status: accepted }
features: [refresh-token, userinfo]
waivers:
  - requirement: fapi2-sp/5.3.2.1-1
    reason: being mended
    owner: maria
    approver: omar
    expires: 2026-12-31
`;

/** The trigger of that sample. */
export const commandTrigger = clientSample.slice(
  clientSample.indexOf('  driver: command'),
  clientSample.indexOf('sandbox:'),
);

/** The sample with some of its text replaced. */
export const changed = (...changes: Changes): string => replaced(sample, changes);

/** The sample of a client with some of its text replaced. */
export const changedClient = (...changes: Changes): string => replaced(clientSample, changes);

type Changes = readonly (readonly [from: string, to: string])[];

function replaced(whole: string, changes: Changes): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the sample does not hold ${from}`);
    return text.replace(from, () => to);
  }, whole);
}
