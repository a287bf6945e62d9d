import { expect, test } from '@playwright/test';
import { shapeMistakes, wordMistakes } from './metadata-shape.ts';
import { repeatedMembers } from './repeated-members.ts';

test('finds members that are not of their types', () => {
  const good = {
    issuer: 'https://as.example',
    token_endpoint: 'https://as.example/token?tenant=1',
    jwks_uri: 'https://as.example/jwks',
    scopes_supported: ['openid'],
    require_pushed_authorization_requests: true,
    mtls_endpoint_aliases: { token_endpoint: 'https://mtls.as.example/token' },
    'https://ext.example/flags_supported': 'yes',
  };
  expect(shapeMistakes(good)).toEqual([]);
  for (const [changes, mistake] of [
    [{ scopes_supported: 'openid' }, 'scopes_supported is no list of texts'],
    [{ scopes_supported: ['openid', 1] }, 'scopes_supported is no list of texts'],
    [{ scopes_supported: [] }, 'scopes_supported is empty, and must be left out'],
    [
      { require_pushed_authorization_requests: 'true' },
      'require_pushed_authorization_requests is neither true nor false',
    ],
    [{ token_endpoint: '/token' }, 'token_endpoint is no absolute URL without a fragment'],
    [{ token_endpoint: 'https://as.example/#t' }, 'token_endpoint is no absolute URL without a fragment'],
    [{ jwks_uri: null }, 'jwks_uri is no absolute URL without a fragment'],
    [{ mtls_endpoint_aliases: [] }, 'mtls_endpoint_aliases is no object'],
    [{ mtls_endpoint_aliases: { token: 'https://a.example' } }, 'mtls_endpoint_aliases/token is no endpoint'],
    [{ mtls_endpoint_aliases: { token_endpoint: 7 } }, 'mtls_endpoint_aliases/token_endpoint is no endpoint'],
  ] as const)
    expect(shapeMistakes({ ...good, ...changes })).toEqual([mistake]);
});

test('finds scopes and language tags that are none', () => {
  const languages = {
    ui_locales_supported: ['en', 'de-CH-1996', 'x y'],
    claims_locales_supported: ['en_GB'],
  };
  expect(wordMistakes({ scopes_supported: ['openid', 'a b', 'é', '"'], ...languages })).toEqual([
    'a b',
    'é',
    '"',
    'x y',
    'en_GB',
  ]);
});

test('finds members that stand twice in one object', () => {
  for (const [text, repeated] of [
    ['{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}', []],
    ['{"a":1,"a":1}', ['a']],
    ['{"a":1,"\\u0061":1}', ['a']],
    ['{"a":{"b":[{"c":"x:","c":1}]},"a":2}', ['c', 'a']],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', []],
    ['["a","a"]', []],
  ] as const)
    expect(repeatedMembers(text), text).toEqual(repeated);
});
