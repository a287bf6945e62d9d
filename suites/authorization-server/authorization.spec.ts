import { memberOf, requestUri } from '../../src/actors/answers.ts';
import type { Hop, Visit } from '../../src/actors/user.ts';
import { secretBits } from '../../src/protocol/entropy.ts';
import { expect, test, verifies } from '../test.ts';

/** The redirects that answer a posted form with a password in it. */
const afterCredentials = ({ hops }: Visit): readonly Hop[] =>
  hops.filter(({ credentials, status }) => credentials && status >= 300 && status < 400);

const parametersOf = ({ landing }: Visit): Readonly<Record<string, string>> =>
  landing.at === 'callback' ? landing.parameters : {};

const bringsCode = (target: string, callback: string): boolean =>
  target.startsWith(callback) && new URL(target).searchParams.has('code');

test.describe('the authorization endpoint', () => {
  test(
    'returns a code, the state and iss',
    verifies('fapi2-sp/5.3.2.2-7'),
    async ({ client, exercise, given }) => {
      const pushed = await client.begin();
      const visit = await exercise(client.authorize(pushed));
      given(visit.landing.at === 'callback', 'expected the user to be sent back to the client');
      expect(parametersOf(visit)).toMatchObject({
        code: expect.any(String),
        state: pushed.attempt.state,
        iss: client.parts.metadata.issuer,
      });
    },
  );

  test(
    'returns iss and the state with an error',
    verifies('fapi2-sp/5.3.2.2-7'),
    async ({ client, stranger, exercise, given }) => {
      const pushed = await client.begin();
      const visit = await exercise(client.authorize(pushed, { decision: 'reject', user: stranger }));
      const { error, ...parameters } = parametersOf(visit);
      given(error, 'expected the user to be sent back to the client with an error, after rejecting');
      expect(parameters).toMatchObject({ state: pushed.attempt.state, iss: client.parts.metadata.issuer });
    },
  );

  // No clause names the error, nor whether the user or the client is told: what counts is that there is no code, while a
  // pushed request brings one.
  test(
    'rejects a request that was not pushed',
    verifies('fapi2-sp/5.3.2.2-3'),
    async ({ client, exercise }) => {
      const { attempt } = await client.begin();
      await client.grant();
      const visit = await exercise(client.visit(client.parameters(attempt)));
      expect(parametersOf(visit)).not.toHaveProperty('code');
    },
  );

  // A request_uri that nobody issued stands for nothing that was pushed.
  test(
    'rejects a made-up request_uri beside valid parameters',
    verifies('fapi2-sp/5.3.2.2-3'),
    async ({ client, exercise }) => {
      const { attempt } = await client.begin();
      await client.grant();
      const visit = await exercise(
        client.visit([
          ...client.parameters(attempt),
          ['request_uri', 'urn:ietf:params:oauth:request_uri:unknown'],
        ]),
      );
      expect(parametersOf(visit)).not.toHaveProperty('code');
    },
  );

  // RFC 9126, section 2.2 binds it to the client that pushed: neither of the two gets a code for it.
  test(
    'rejects the request_uri of another client',
    verifies('fapi2-sp/5.3.2.2-2'),
    async ({ client, other, exercise }) => {
      await client.grant();
      const foreign = await other.begin();
      const targets = await exercise(
        client.redirects([
          ['client_id', client.id],
          ['request_uri', requestUri(foreign.reply)],
        ]),
      );
      const callbacks = [client, other].map(({ redirectUri }) => redirectUri);
      expect(callbacks.filter((callback) => targets.some((target) => bringsCode(target, callback)))).toEqual(
        [],
      );
    },
  );

  test(
    'redirects to no redirect_uri but the pushed one',
    verifies('fapi2-sp/5.3.2.1-7'),
    async ({ client, exercise }) => {
      const elsewhere = 'https://attacker.example/callback';
      await client.grant();
      const targets = await exercise(
        Promise.all(
          ['urn:ietf:params:oauth:request_uri:unknown', requestUri(await client.push())].map((uri) =>
            client.redirects([
              ['client_id', client.id],
              ['request_uri', uri],
              ['redirect_uri', elsewhere],
            ]),
          ),
        ),
      );
      expect(targets.flat().filter((target) => target.startsWith(elsewhere))).toEqual([]);
    },
  );

  test(
    'does not redirect with 307 after credentials',
    verifies('fapi2-sp/5.3.2.2-10'),
    async ({ client, stranger, exercise, given }) => {
      const visit = await exercise(client.authorize(await client.begin(), { user: stranger }));
      const redirects = afterCredentials(visit);
      given(
        redirects.length > 0,
        'expected a redirect after a form with a password; the automatic user posts none',
      );
      expect(redirects.map(({ status }) => status)).not.toContain(307);
    },
  );

  test(
    'redirects with 303',
    verifies('fapi2-sp/5.3.2.2-11'),
    async ({ client, stranger, exercise, given }) => {
      const visit = await exercise(client.authorize(await client.begin(), { user: stranger }));
      given(visit.landing.at === 'callback', 'expected the user to be sent back to the client');
      const redirects = visit.hops
        .map(({ status }) => status)
        .filter((status) => status >= 300 && status < 400);
      expect(redirects).toEqual(redirects.map(() => 303));
    },
  );

  test(
    'names the client and the scopes to the user',
    verifies('fapi2-sp/5.3.2.2-13'),
    async ({ client, stranger, exercise, given, integration }) => {
      const { pages } = await exercise(client.authorize(await client.begin(), { user: stranger }));
      given(pages.length > 0, 'expected pages to be shown; the automatic user sees none');
      const shown = pages.map(({ text }) => text).join('\n');
      const { name = client.id, scope } = client.parts.registration;
      expect(shown).toContain(name);
      const named = (each: string): boolean => shown.includes(integration.scope_names?.[each] ?? each);
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

  test('makes codes that cannot be guessed', verifies('fapi2-sp/5.4.1-4'), async ({ client, exercise }) => {
    const codes: string[] = [];
    for (let sample = 0; sample < 8; sample += 1) codes.push((await exercise(client.grant())).code);
    expect(secretBits(codes)).toBeGreaterThanOrEqual(128);
  });
});

test.describe('browsers at the authorization endpoint', () => {
  test('are told to stay on TLS', verifies('fapi2-sp/5.2.3-1'), async ({ client, exercise }) => {
    const visit = await exercise(client.authorize(await client.begin()));
    expect(visit.hops[0]?.headers['strict-transport-security'] ?? '').toMatch(/max-age=[1-9]/u);
  });

  test(
    'are given no CORS permission',
    verifies('fapi2-sp/5.2.3-3'),
    async ({ client, transport, exercise }) => {
      const url = new URL(client.parts.metadata.authorization_endpoint ?? '');
      url.searchParams.set('client_id', client.id);
      url.searchParams.set('request_uri', requestUri(await client.push()));
      const origin = ['origin', 'https://attacker.example'] as const;
      const replies = await exercise(
        Promise.all([
          transport.send({
            method: 'GET',
            url: url.href,
            headers: [origin],
            purpose: 'cross-origin request',
          }),
          transport.send({
            method: 'OPTIONS',
            url: url.href,
            headers: [origin, ['access-control-request-method', 'GET']],
            purpose: 'preflight request',
          }),
        ]),
      );
      const granted = replies.flatMap(({ headers }) =>
        Object.keys(headers).filter((name) => name === 'access-control-allow-origin'),
      );
      expect(granted).toEqual([]);
    },
  );
});
