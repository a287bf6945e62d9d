import { expect, test } from '@playwright/test';
import { endpoint, listOf, MetadataError, metadataUrls, readMetadata, urlsIn } from './metadata.ts';

const issuer = 'https://as.example/tenant';
const url = `${issuer}/.well-known/openid-configuration`;
const document = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  pushed_authorization_request_endpoint: `${issuer}/par`,
  mtls_endpoint_aliases: { token_endpoint: 'https://mtls.example/token' },
  scopes_supported: ['openid', 7, 'accounts'],
  grant_types_supported: 'authorization_code',
};

test('the metadata of an issuer stands at its well-known places', () => {
  for (const [of, openid, oauth] of [
    ['https://as.example', '', ''],
    ['https://as.example/', '', ''],
    [issuer, '/tenant', '/tenant'],
    [`${issuer}/`, '/tenant', '/tenant'],
    [`${issuer}/a/b`, '/tenant/a/b', '/tenant/a/b'],
  ] as const)
    expect(metadataUrls(of)).toEqual([
      `https://as.example${openid}/.well-known/openid-configuration`,
      `https://as.example/.well-known/oauth-authorization-server${oauth}`,
    ]);
  expect(metadataUrls('https://as.example:8443/x')[1]).toBe(
    'https://as.example:8443/.well-known/oauth-authorization-server/x',
  );
});

test('a metadata document is read', () => {
  expect(readMetadata(document, url)).toEqual(document);
});

const { token_endpoint: _, ...withoutToken } = document;
for (const [what, value, says] of [
  ['nothing', undefined, 'no JSON'],
  ['null', null, 'another value'],
  ['a text', '<html>', 'another value'],
  ['a list', [document], 'another value'],
  ['no token endpoint', withoutToken, 'as token_endpoint'],
  ['a number as the issuer', { ...document, issuer: 7 }, 'as issuer in'],
  ['a relative endpoint', { ...document, authorization_endpoint: '/authorize' }, '"/authorize"'],
  ['no PAR', { ...document, pushed_authorization_request_endpoint: undefined }, 'got nothing'],
] as const)
  test(`a metadata document is not ${what}`, () => {
    const read = () => readMetadata(value, url);
    expect(read).toThrow(MetadataError);
    expect(read).toThrow(url);
    expect(read).toThrow(says);
    expect(new MetadataError('')).toMatchObject({ fault: 'subject', code: 'unusable-metadata' });
  });

test('an endpoint has an alias for certificates', () => {
  const metadata = readMetadata(document, url);
  expect(endpoint(metadata, 'token_endpoint', 'key')).toBe(document.token_endpoint);
  expect(endpoint(metadata, 'token_endpoint', 'certificate')).toBe('https://mtls.example/token');
  const par = 'pushed_authorization_request_endpoint';
  expect(endpoint(metadata, par, 'certificate')).toBe(document[par]);
  expect(endpoint(metadata, 'revocation_endpoint', 'certificate')).toBeUndefined();
});

test('every URL of a document is found, by its JSON pointer', () => {
  const deep = {
    a: [{ 'b/c~d': 'HTTP://x.example/' }, 'no https://y.example'],
    n: null,
    e: 'https://z.example',
  };
  expect([...urlsIn(deep)]).toEqual([
    ['/a/0/b~1c~0d', 'HTTP://x.example/'],
    ['/e', 'https://z.example'],
  ]);
  expect(urlsIn(document).get('/mtls_endpoint_aliases/token_endpoint')).toBe('https://mtls.example/token');
  expect(urlsIn(7).size).toBe(0);
});

test('a list of strings is what is one', () => {
  expect(listOf(document, 'scopes_supported')).toEqual(['openid', 'accounts']);
  expect(listOf(document, 'grant_types_supported')).toEqual([]);
  expect(listOf(document, 'none')).toEqual([]);
});
