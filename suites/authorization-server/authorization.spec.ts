import { requestUri } from '../../src/actors/answers.ts';
import type { Pairs } from '../../src/actors/draft.ts';
import type { Hop, Visit } from '../../src/actors/user.ts';
import { open, parametersOf, response } from '../responses.ts';
import { expect, test, verifies, when } from '../test.ts';

/** The redirects that answer a posted form with a password in it. */
const afterCredentials = ({ hops }: Visit): readonly Hop[] =>
  hops.filter(({ credentials, status }) => credentials && status >= 300 && status < 400);

const bringsCode = (target: string, callback: string): boolean =>
  target.startsWith(callback) && new URL(target).searchParams.has('code');

const unknownRequest = 'urn:ietf:params:oauth:request_uri:unknown';

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

  for (const [title, decision] of [
    ['redirects with 303', 'accept'],
    ['redirects with 303 when the user rejects', 'reject'],
  ] as const)
    test(title, verifies('fapi2-sp/5.3.2.2-11'), async ({ client, stranger, exercise, given }) => {
      const visit = await exercise(client.authorize(await client.begin(), { decision, user: stranger }));
      given(visit.landing.at === 'callback', 'expected the user to be sent back to the client');
      const redirects = visit.hops
        .map(({ status }) => status)
        .filter((status) => status >= 300 && status < 400);
      expect(redirects).toEqual(redirects.map(() => 303));
    });
});
