import { memberOf, requestUri } from '../../src/actors/answers.ts';
import type { Visit } from '../../src/actors/user.ts';
import { framable, revealsUrl } from '../../src/protocol/page-policy.ts';
import { expect, test, verifies, when } from '../test.ts';

/** The pages that were shown, each with the headers it came with. */
const shown = ({ hops, pages }: Visit) =>
  hops
    .filter(({ status, headers }) => status === 200 && /\bhtml\b/u.test(headers['content-type'] ?? ''))
    .map(({ url, headers }) => ({
      path: new URL(url).pathname,
      headers,
      referrer: pages.findLast((page) => page.url === url)?.referrer,
    }));

const noPages = 'expected pages to be shown; the automatic user sees none';

test.describe('browsers at the authorization endpoint', when('authorization_code'), () => {
  // The clause's note: browsers know by themselves that .bank and .insurance, as a whole, are for TLS only.
  test('are told to stay on TLS', verifies('fapi2-sp/5.2.3-1'), async ({ client, exercise }) => {
    const [hop] = (await exercise(client.authorize(await client.begin()))).hops;
    const preloaded = /\.(?:bank|insurance)$/u.test(new URL(hop?.url ?? '').hostname);
    const told = /max-age="?[1-9]/u.test(hop?.headers['strict-transport-security'] ?? '');
    expect({ preloaded, told }).not.toEqual({ preloaded: false, told: false });
  });

  for (const [what, method, headers] of [
    ['a request', 'GET', []],
    ['a form', 'POST', [['content-type', 'application/x-www-form-urlencoded']]],
    ['a preflight request', 'OPTIONS', [['access-control-request-method', 'GET']]],
  ] as const)
    test(
      `are given no CORS permission for ${what}`,
      verifies('fapi2-sp/5.2.3-3'),
      async ({ client, transport, exercise }) => {
        const url = new URL(client.parts.metadata.authorization_endpoint ?? '');
        const parameters = new URLSearchParams({
          client_id: client.id,
          request_uri: requestUri(await client.push()),
        });
        if (method !== 'POST') url.search = `${parameters}`;
        const reply = await exercise(
          transport.send({
            method,
            url: url.href,
            headers: [['origin', 'https://attacker.example'], ...headers],
            purpose: `cross-origin ${method}`,
            ...(method === 'POST' ? { body: `${parameters}` } : {}),
          }),
        );
        expect(reply.headers).not.toHaveProperty('access-control-allow-origin');
      },
    );

  // A script that breaks out of a frame is no protection: the sandbox attribute of the frame switches it off.
  test(
    'are shown pages that nobody can frame',
    verifies('rfc9700/4.16-1'),
    async ({ client, stranger, exercise, given }) => {
      const visit = await exercise(client.authorize(await client.begin(), { user: stranger }));
      const pages = shown(visit);
      given(pages.length > 0, noPages);
      expect(pages.filter(({ headers }) => framable(headers)).map(({ path }) => path)).toEqual([]);
    },
  );

  test(
    'are shown pages that keep their URLs to themselves',
    verifies('rfc9700/4.2.4-1'),
    async ({ client, stranger, exercise, given }) => {
      const visit = await exercise(client.authorize(await client.begin(), { user: stranger }));
      const pages = shown(visit);
      given(pages.length > 0, noPages);
      const revealing = pages.filter(({ headers, referrer }) =>
        revealsUrl(headers['referrer-policy'], referrer),
      );
      expect(revealing.map(({ path }) => path)).toEqual([]);
    },
  );

  test(
    'are shown the names of the client and the scopes',
    verifies('fapi2-sp/5.3.2.2-13'),
    async ({ client, stranger, exercise, given, keep, integration }) => {
      const { pages } = await exercise(
        client.authorize(await client.begin(), { user: stranger, pictures: 'kept' }),
      );
      keep(pages);
      given(pages.length > 0, noPages);
      const text = pages.map((page) => page.text).join('\n');
      const { name = client.id, scope } = client.parts.registration;
      expect(text).toContain(name);
      const named = (each: string): boolean => text.includes(integration.scope_names?.[each] ?? each);
      const hidden = scope.split(' ').filter((each) => each !== 'openid' && !named(each));
      if (hidden.length === 0) return;
      // A server may pass over a scope that it does not know (RFC 6749, section 3.3): then it has none to name.
      const granted = String(memberOf((await client.tokens()).reply, 'scope') ?? scope).split(' ');
      given(
        hidden.some((each) => granted.includes(each)),
        `expected the server to know the scope ${hidden.join(' ')} of ${client.id}; it grants ${granted.join(' ')} only`,
      );
      expect(hidden).toEqual([]);
    },
  );
});
