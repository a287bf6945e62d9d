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

/** The sample with some of its text replaced. */
export function changed(...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the sample does not hold ${from}`);
    return text.replace(from, () => to);
  }, sample);
}
