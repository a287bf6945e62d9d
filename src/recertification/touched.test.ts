import { expect, test } from '@playwright/test';
import { editions } from '../profiles/editions.ts';
import { touched } from './touched.ts';

const all = new Set<string>(Object.values(editions).flatMap(({ requirements }) => requirements));

/** Members that servers are known to publish, and what must be among the first to be tested when they change. */
const expected = {
  issuer: 'fapi2-sp/5.3.2.2-7',
  authorization_endpoint: 'fapi2-sp/5.3.2.1-7',
  pushed_authorization_request_endpoint: 'fapi2-sp/5.3.2.2-4',
  token_endpoint: 'fapi2-sp/5.3.2.2-9',
  'mtls_endpoint_aliases/token_endpoint': 'fapi2-sp/5.3.2.1-5',
  userinfo_endpoint: 'oidc-core/5.3.3-1',
  introspection_endpoint: 'rfc7662/2.2-1',
  revocation_endpoint: 'rfc7009/2.1-1',
  jwks_uri: 'fapi2-sp/5.4.2-1',
  id_token_signing_alg_values_supported: 'fapi2-sp/5.4.1-1.2',
  token_endpoint_auth_signing_alg_values_supported: 'fapi2-sp/5.3.2.1-6',
  token_endpoint_auth_methods_supported: 'fapi2-sp/5.3.2.1-3',
  dpop_signing_alg_values_supported: 'fapi2-sp/5.3.2.1-5',
  tls_client_certificate_bound_access_tokens: 'fapi2-sp/5.3.2.1-4',
  code_challenge_methods_supported: 'fapi2-sp/5.3.2.2-5',
  response_types_supported: 'fapi2-sp/5.3.2.2-1',
  response_modes_supported: 'fapi2-ms/5.4.1-1',
  grant_types_supported: 'fapi2-sp/5.3.2.1-2',
  require_pushed_authorization_requests: 'fapi2-sp/5.3.2.2-3',
  authorization_response_iss_parameter_supported: 'fapi2-sp/5.3.2.2-7',
  scopes_supported: 'fapi2-sp/5.3.4-4',
  claims_parameter_supported: 'oidc-core/5.5-1',
  of_an_extension: 'fapi2-sp/5.3.2.1-1',
} as const;

test('a member of the metadata touches what it is about, and what the document is judged by', () => {
  for (const [member, id] of Object.entries(expected)) {
    const ids = touched({ part: 'metadata', member: `/${member}` });
    expect(ids, member).toContain(id);
    expect(ids, member).toContain('fapi2-sp/5.3.2.1-1');
    expect(
      ids.filter((each) => !all.has(each)),
      member,
    ).toEqual([]);
    expect(new Set(ids).size, member).toBe(ids.length);
  }
});

test('the other parts touch what they are about', () => {
  for (const [part, member, id] of [
    ['keys', 'thumbprint', 'fapi2-sp/5.4.1-2'],
    ['certificates', 'https://as.example', 'fapi2-sp/5.2.1-2'],
    ['descriptions', 'openapi.yaml', 'fapi2-sp/5.3.4-4'],
    ['registration', '/resources', 'fapi2-sp/5.3.4-1'],
    ['registration', '/profile/sender_constraint', 'fapi2-sp/5.3.4-5'],
    ['registration', '/client/redirect_uris', 'rfc6749/4.1.1-1'],
  ] as const) {
    const ids = touched({ part, member });
    expect(ids).toContain(id);
    expect(ids.filter((each) => !all.has(each))).toEqual([]);
  }
  expect(touched({ part: 'profile', member: '' })).toEqual([]);
});

test('few are touched: they run before the rest', () => {
  for (const member of Object.keys(expected))
    expect(touched({ part: 'metadata', member: `/${member}` }).length).toBeLessThan(30);
});
