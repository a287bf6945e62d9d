import { requestUri } from '../../src/actors/answers.ts';
import { change, replace, without } from '../../src/actors/edits/form.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'push' });

// RFC 6749 has no code for a bad redirect URI; RFC 9126, section 2.3 suggests the first, and servers borrow RFC 7591's (3.2.2).
const badRedirectUri = ['invalid_request', 'invalid_redirect_uri'] as const;

const redirectUri = (how: string, by: (uri: string) => string) => change('redirect_uri', how, by);

/** Changes one part of a redirect URI. */
const part = (by: (url: URL) => void) => (uri: string) => {
  const url = new URL(uri);
  by(url);
  return url.href;
};

/** Adds to the end of the path; as text, since a URL would be tidied up. */
const afterPath = (more: string) => (uri: string) => uri.replace(/(?=[?]|$)/u, more);

const otherCase = (text: string): string =>
  text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();

test.describe('the redirect URI of a request', when('authorization_code'), () => {
  for (const [what, edit] of Object.entries({
    'no redirect_uri': without('redirect_uri'),
    'an empty redirect_uri': replace('redirect_uri', ''),
  }))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.2-6'), async ({ rejects }) => {
      await rejects(edit, 'invalid_request');
    });

  test('rejects a redirect_uri with the http scheme', verifies('fapi2-sp/5.3.2.2-8'), async ({ rejects }) => {
    await rejects(
      redirectUri('with http', (uri) => uri.replace(/^https:/u, 'http:')),
      ...badRedirectUri,
    );
  });

  for (const [what, by] of Object.entries({
    'with a fragment': (uri: string) => `${uri}#assay`,
    'without scheme and host': (uri: string) => new URL(uri).pathname,
  }))
    test(`rejects a redirect_uri ${what}`, verifies('rfc6749/3.1.2-1'), async ({ rejects }) => {
      await rejects(redirectUri(what, by), ...badRedirectUri);
    });

  // RFC 9126, section 2.4 lets a server take redirect URIs of authenticated clients that are not registered: hence no more
  // than a warning. Each of these has led codes to attackers where registered URIs were compared as anything but text.
  for (const [what, by] of Object.entries({
    'below the registered path': afterPath('/assay'),
    'behind encoded dot segments': afterPath('/%2e%2e/assay'),
    'behind path parameters': afterPath('/..;/assay'),
    'with an encoded slash': afterPath('%2fassay'),
    'with an encoded line break': afterPath('%0d%0aassay'),
    'with a slash more or less': (uri: string) =>
      new URL(uri).pathname.endsWith('/') ? uri.replace(/\/(?=[?]|$)/u, '') : afterPath('/')(uri),
    'with its path in another case': part((url) => {
      url.pathname = otherCase(url.pathname);
    }),
    'with another query': part((url) => url.searchParams.append('assay', '1')),
    'with a user name': part((url) => {
      url.username = 'assay';
    }),
    'at another port': part((url) => {
      url.port = url.port === '8443' ? '9443' : '8443';
    }),
    'at a subdomain': part((url) => {
      url.hostname = `assay.${url.hostname}`;
    }),
    'at a host that begins alike': part((url) => {
      url.hostname = `${url.hostname}.attacker.example`;
    }),
    'at a host that ends alike': part((url) => {
      url.hostname = `attacker-${url.hostname}`;
    }),
    'at a host with a dot at its end': (uri: string) => uri.replace(/(?<=\/\/[^/:?]+)(?=[/:?]|$)/u, '.'),
    'with the registered host as a user name': (uri: string) =>
      uri.replace(/(?<=\/\/[^/?]+)(?=[/?]|$)/u, '@attacker.example'),
    'behind the backslash of another host': (uri: string) => uri.replace('//', '//attacker.example\\@'),
    'in the query of another host': (uri: string) => `https://attacker.example/?${uri}`,
    'with a script': () => 'javascript:location',
  }))
    test(`rejects a redirect_uri ${what}`, verifies('rfc9700/2.1-1'), async ({ rejects }) => {
      await rejects(redirectUri(what, by), ...badRedirectUri);
    });

  test(
    'rejects the redirect_uri of another client',
    verifies('rfc9700/2.1-1'),
    async ({ rejects, other }) => {
      await rejects(replace('redirect_uri', other.redirectUri), ...badRedirectUri);
    },
  );
});

test.describe('the query of a redirect URI', when('authorization_code'), () => {
  test(
    'keeps its own parameters',
    verifies('rfc6749/3.1.2-2'),
    async ({ client, other, exercise, given }) => {
      const queried = given(
        [client, other].find(({ redirectUri: uri }) => uri.includes('?')),
        'expected one of the two clients to have a redirect_uri with a query; register one, such as https://client.example/callback?tenant=two',
      );
      const visit = await exercise(queried.authorize(await queried.begin()));
      given(visit.landing.at === 'callback', 'expected the user to be sent back to the client');
      const own = Object.fromEntries(new URL(queried.redirectUri).searchParams);
      expect(visit.landing).toMatchObject({ parameters: own });
    },
  );

  // A server may refuse such a redirect URI, or take it and replace what is there. A signed response has none of these.
  test.describe('of plain responses', when('plain-response'), () => {
    for (const parameter of ['code', 'state', 'iss'])
      test(
        `brings no second ${parameter} to a redirect URI that has one`,
        verifies('rfc6749/3.1-4'),
        async ({ client, asking, exercise, given }) => {
          const ask = await asking(client);
          const polluted = redirectUri(`with ${parameter}`, (uri) =>
            part((url) => url.searchParams.append(parameter, 'assay'))(uri),
          );
          const reply = await exercise(ask(polluted));
          if (reply.status >= 400 && reply.status < 500) return;
          const { landing } = await client.visit([
            ['client_id', client.id],
            ['request_uri', requestUri(reply)],
          ]);
          const { url } = given(
            landing.at === 'callback' && landing.parameters['error'] === undefined && landing,
            'expected the user to be sent back to the client with a code',
          );
          expect(new URL(url).searchParams.getAll(parameter)).toEqual([
            expect.not.stringMatching(/^assay$/u),
          ]);
        },
      );
  });
});
