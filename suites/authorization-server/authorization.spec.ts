import { memberOf, requestUri } from '../../src/actors/answers.ts';
import type { Client, VisitOptions } from '../../src/actors/client.ts';
import type { Pairs } from '../../src/actors/draft.ts';
import { change, replace, without } from '../../src/actors/edits/form.ts';
import type { Hop, Visit } from '../../src/actors/user.ts';
import { claimsOf, sha256 } from '../../src/protocol/jws.ts';
import type { Reply } from '../../src/transport/transport.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'push' });

/** The redirects that answer a posted form with a password in it. */
const afterCredentials = ({ hops }: Visit): readonly Hop[] =>
  hops.filter(({ credentials, status }) => credentials && status >= 300 && status < 400);

const parametersOf = ({ landing }: Visit): Readonly<Record<string, string>> =>
  landing.at === 'callback' ? landing.parameters : {};

const bringsCode = (target: string, callback: string): boolean =>
  target.startsWith(callback) && new URL(target).searchParams.has('code');

const unknownRequest = 'urn:ietf:params:oauth:request_uri:unknown';

/** Opens a pushed request, with parameters beside it in the URL. */
const open = (
  client: Client,
  pushed: Reply,
  beside: Pairs = [],
  options: VisitOptions = {},
): Promise<Visit> =>
  client.visit([['client_id', client.id], ['request_uri', requestUri(pushed)], ...beside], options);

/** Redeems the code of a request with its verifier. */
const redeem = (client: Client, code: string, verifier: string): Promise<Reply> =>
  client.redeem({ code, verifier, redirectUri: client.redirectUri, state: '', nonce: '' });

/** What a visit brings to the client. That there is no code shows something only where a valid request brings one. */
async function response(client: Client, visit: Visit): Promise<Readonly<Record<string, string>>> {
  const parameters = parametersOf(visit);
  if (parameters['code'] === undefined) await client.grant();
  return parameters;
}

test.describe('the authorization endpoint', when('authorization_code'), () => {
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

  test(
    'returns access_denied and no code when the user rejects',
    verifies('rfc6749/4.1.2.1-1'),
    async ({ client, stranger, exercise, given }) => {
      const pushed = await client.begin();
      const visit = await exercise(client.authorize(pushed, { decision: 'reject', user: stranger }));
      const { code, error } = parametersOf(visit);
      given(code ?? error, 'expected the user to be sent back to the client, after rejecting');
      expect({ code, error }).toEqual({ code: undefined, error: 'access_denied' });
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

  // A gateway that guards one path, and a server that answers to several, leave a way around.
  test(
    'rejects a request that was not pushed at similar paths',
    verifies('fapi2-sp/5.3.2.2-3'),
    async ({ client, exercise }) => {
      const { attempt } = await client.begin();
      await client.grant();
      const { origin, pathname, search } = new URL(client.parts.metadata.authorization_endpoint ?? '');
      const path = pathname.replace(/\/$/u, '');
      for (const similar of [
        `${path}/`,
        `/${path}`,
        `${path}%2f`,
        `${path};assay`,
        `${path}/..;${path}`,
        path.toUpperCase(),
      ]) {
        const url = new URL(`${origin}${similar}${search}`);
        for (const [name, value] of client.parameters(attempt)) url.searchParams.append(name, value);
        const visit = await exercise(
          client.parts.user.visit(url.href, { callback: client.redirectUri, decision: 'accept' }),
        );
        expect(parametersOf(visit), similar).not.toHaveProperty('code');
      }
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
        client.visit([...client.parameters(attempt), ['request_uri', unknownRequest]]),
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

  for (const parameter of ['client_id', 'request_uri'])
    test(`rejects ${parameter} twice`, verifies('rfc6749/3.1-1'), async ({ client, exercise }) => {
      const [one, other] = await Promise.all([client.push(), client.push()]);
      const again = parameter === 'client_id' ? client.id : requestUri(other);
      const visit = await exercise(open(client, one, [[parameter, again]]));
      expect(await response(client, visit)).not.toHaveProperty('code');
    });

  test(
    'redirects to no redirect_uri but the pushed one',
    verifies('fapi2-sp/5.3.2.1-7'),
    async ({ client, other, exercise }) => {
      const elsewhere = 'https://attacker.example/callback';
      await client.grant();
      const [own, altered, foreign] = (await Promise.all([client.push(), client.push(), other.push()])).map(
        requestUri,
      );
      const unpushed = client
        .parameters((await client.begin()).attempt)
        .filter(([name]) => name !== 'redirect_uri');
      const targets = await exercise(
        Promise.all(
          [
            ...[own, `${altered}x`, foreign, unknownRequest].map((uri = ''): Pairs => [
              ['client_id', client.id],
              ['request_uri', uri],
            ]),
            unpushed,
          ].map((parameters) => client.redirects([...parameters, ['redirect_uri', elsewhere]])),
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
});

test.describe('a pushed request at the authorization endpoint', when('authorization_code'), () => {
  test(
    'opens again after it was left before the login',
    verifies('rfc9126/4-2'),
    async ({ client, stranger, exercise }) => {
      const { reply } = await client.begin();
      await open(client, reply, [], { user: stranger, decision: 'leave' });
      const visit = await exercise(open(client, reply, [], { user: stranger }));
      expect(await response(client, visit)).toHaveProperty('code');
    },
  );

  test('brings one code only', verifies('rfc9126/4-1'), async ({ client, exercise, given }) => {
    const { reply } = await client.begin();
    given(parametersOf(await open(client, reply))['code'], 'expected the first visit to bring a code');
    const visit = await exercise(open(client, reply));
    expect(await response(client, visit)).not.toHaveProperty('code');
  });

  // What stands beside it in the URL was not pushed (5.3.3.2, item 6 leaves it out). A server may refuse it, or pass it over.
  test(
    'keeps its state where the URL has another',
    verifies('fapi2-sp/5.3.2.2-3'),
    async ({ client, exercise }) => {
      const { attempt, reply } = await client.begin();
      const visit = await exercise(open(client, reply, [['state', 'another']]));
      const { code, state } = await response(client, visit);
      if (code !== undefined) expect(state).toBe(attempt.state);
    },
  );

  test(
    'gets no state from the URL where none was pushed',
    verifies('fapi2-sp/5.3.2.2-3'),
    async ({ client, asking, exercise }) => {
      const ask = await asking(client);
      const visit = await exercise(open(client, await ask(without('state')), [['state', 'another']]));
      const { code, state } = await response(client, visit);
      if (code !== undefined) expect(state).not.toBe('another');
    },
  );

  // The way to take PKCE off a request: a challenge whose verifier the attacker knows.
  test(
    'keeps its code_challenge where the URL has another',
    verifies('fapi2-sp/5.3.2.2-3'),
    async ({ client, exercise }) => {
      const { attempt, reply } = await client.begin();
      const beside = [['code_challenge', sha256('the verifier of an attacker')]] as const;
      const { code } = await response(client, await exercise(open(client, reply, beside)));
      if (code === undefined) return;
      const redeemed = await redeem(client, code, attempt.verifier);
      expect(redeemed.body).toHaveProperty('access_token');
    },
  );

  test(
    'keeps its scope where the URL has more',
    verifies('fapi2-sp/5.3.2.2-3'),
    async ({ client, asking, exercise, given }) => {
      const { scope } = client.parts.registration;
      const [more, ...narrow] = scope.split(' ').toReversed();
      given(
        narrow.length > 0 && more !== 'openid' && more,
        'expected a client with two scopes, to ask for one',
      );
      const verifier = sha256('verifier');
      const ask = await asking(client);
      const pushed = await ask(
        replace('scope', narrow.toReversed().join(' ')),
        replace('code_challenge', sha256(verifier)),
      );
      const { code } = await response(client, await exercise(open(client, pushed, [['scope', scope]])));
      if (code === undefined) return;
      const reply = await redeem(client, code, verifier);
      const granted = memberOf(reply, 'scope') ?? narrow.join(' ');
      expect(String(granted).split(' ')).not.toContain(more);
    },
  );

  test.describe('of OpenID Connect', when('openid'), () => {
    test(
      'keeps its nonce where the URL has another',
      verifies('fapi2-sp/5.3.2.2-3'),
      async ({ client, exercise }) => {
        const { attempt, reply } = await client.begin();
        const { code } = await response(client, await exercise(open(client, reply, [['nonce', 'another']])));
        if (code === undefined) return;
        const redeemed = await redeem(client, code, attempt.verifier);
        expect(claimsOf(String(memberOf(redeemed, 'id_token')))).toHaveProperty('nonce', attempt.nonce);
      },
    );
  });
});

test.describe('parameters that a client may choose', when('authorization_code'), () => {
  // RFC 6749, appendix A.5: one or more of these characters.
  const permitted = Array.from({ length: 0x7f - 0x20 }, (_, at) => String.fromCharCode(0x20 + at)).join('');

  // No length is promised: what is too long for a server it refuses when the request is pushed (RFC 9126, section 2.3).
  for (const [what, state] of Object.entries({
    'a state of every permitted character': permitted,
    'a state of 1000 characters': permitted.replaceAll(/\W/gu, '').repeat(20).slice(0, 1000),
  }))
    test(
      `returns ${what}, or refuses it`,
      verifies('rfc6749/4.1.2-2'),
      async ({ client, asking, exercise }) => {
        const ask = await asking(client);
        const reply = await exercise(ask(replace('state', state)));
        if (reply.status === 413 || memberOf(reply, 'error') === 'invalid_request') return;
        const { code, state: returned } = await response(client, await open(client, reply));
        expect({ code, state: returned }).toEqual({ code: expect.any(String), state });
      },
    );

  for (const [what, edit, requirement] of [
    ['no state', without('state'), 'rfc6749/4.1.2-2'],
    ['an empty state', replace('state', ''), 'rfc6749/3.1-3'],
  ] as const)
    test(`returns no state for ${what}`, verifies(requirement), async ({ client, asking, exercise }) => {
      const ask = await asking(client);
      const reply = await exercise(ask(edit));
      expect(reply.body).toHaveProperty('request_uri');
      const { code, state } = await response(client, await open(client, reply));
      expect({ code, state }).toEqual({ code: expect.any(String), state: undefined });
    });

  test('are scopes in any order', verifies('rfc6749/3.3-1'), async ({ client, asking, exercise, given }) => {
    const { scope } = client.parts.registration;
    given(scope.includes(' '), 'expected a client with two scopes at least');
    const ask = await asking(client);
    const reversed = change('scope', 'in another order', (text) => text.split(' ').toReversed().join(' '));
    const reply = await exercise(ask(reversed));
    expect(reply.body).toHaveProperty('request_uri');
    expect(await response(client, await open(client, reply))).toHaveProperty('code');
  });

  test.describe('of OpenID Connect', when('openid'), () => {
    // OpenID Connect Core, section 3.1.2.1: optional in this flow.
    test(
      'include no nonce, and none comes back',
      verifies('fapi2-sp/5.3.2.3-1'),
      async ({ client, asking, exercise }) => {
        const ask = await asking(client);
        const verifier = sha256('verifier');
        const reply = await exercise(ask(without('nonce'), replace('code_challenge', sha256(verifier))));
        expect(reply.body).toHaveProperty('request_uri');
        const { code = '' } = await response(client, await open(client, reply));
        const redeemed = await redeem(client, code, verifier);
        const claims = claimsOf(String(memberOf(redeemed, 'id_token')));
        expect(claims).toHaveProperty('sub');
        expect(claims).not.toHaveProperty('nonce');
      },
    );

    // FAPI 2.0, 5.3.2.2, item 14 promises 64 characters and lets a server refuse more; it may not change them.
    test(
      'include a nonce of 384 characters, unless it is refused',
      verifies('fapi2-sp/5.3.2.3-1'),
      async ({ client, asking, exercise }) => {
        const ask = await asking(client);
        const [verifier, nonce] = [sha256('verifier'), 'nonce384'.repeat(48)];
        const reply = await exercise(
          ask(replace('nonce', nonce), replace('code_challenge', sha256(verifier))),
        );
        if (reply.status === 413 || memberOf(reply, 'error') === 'invalid_request') return;
        const { code } = await response(client, await open(client, reply));
        if (code === undefined) return;
        const redeemed = await redeem(client, code, verifier);
        expect(claimsOf(String(memberOf(redeemed, 'id_token')))).toHaveProperty('nonce', nonce);
      },
    );
  });
});
