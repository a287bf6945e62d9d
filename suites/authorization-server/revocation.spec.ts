import { isGranted, memberOf } from '../../src/actors/answers.ts';
import type { Client } from '../../src/actors/client.ts';
import { replace } from '../../src/actors/edits/form.ts';
import { errorOf } from '../../src/actors/flow-error.ts';
import type { Resource } from '../../src/directory/integration.ts';
import type { Reply } from '../../src/transport/transport.ts';
import { between, eventually } from '../eventually.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'revoke' });

/** What tells whether an access token lives: the server itself where it can be asked, else the API. */
function observing(client: Client, resource: Resource) {
  return client.parts.features.includes('introspection')
    ? {
        ask: (token: string) => client.introspect(token),
        alive: (reply: Reply) => memberOf(reply, 'active') === true,
        // An error is no way to say it, but says it; that is another check's matter.
        dead: (reply: Reply) => reply.status < 500 && memberOf(reply, 'active') !== true,
      }
    : {
        ask: (token: string) => client.call(resource, token),
        alive: ({ status }: Reply) => status < 300,
        dead: ({ status }: Reply) => status === 401 || status === 403,
      };
}

const expectedLife = 'expected the access token to be good before its revocation';
const expectedRevocation = 'expected the revocation to succeed';
const expectedRefresh = 'expected a refresh token';

// What becomes of the refresh token when an access token is revoked is left open by RFC 7009, section 2.1, and so is whether
// the token of another client is an error or an unknown one: either way it must live on.
test.describe('the revocation endpoint', when('revocation'), () => {
  // RFC 7009, section 2.2.1: unsupported_token_type is how a server says that it cannot.
  test('revokes an access token', verifies('rfc7009/2-1'), async ({ client, resource, exercise, given }) => {
    const { ask, alive, dead } = observing(client, resource);
    const { access } = await client.tokens();
    given(alive(await ask(access)), expectedLife);
    const revoked = await exercise(client.revoke(access));
    expect([revoked.status, errorOf(revoked)]).toEqual([200, undefined]);
    expect(dead(await eventually(() => ask(access), dead))).toBe(true);
  });

  test(
    'answers the revocation of an unknown token with 200',
    verifies('rfc7009/2.2-1'),
    async ({ asking, client, exercise }) => {
      const ask = await asking(client);
      const reply = await exercise(ask(replace('token', 'A'.repeat(43))));
      expect(reply.status).toBe(200);
    },
  );

  test(
    'answers the second revocation of a token with 200',
    verifies('rfc7009/2.2-1'),
    async ({ client, exercise, given }) => {
      const { access } = await client.tokens();
      given((await client.revoke(access)).status === 200, expectedRevocation);
      const reply = await exercise(client.revoke(access));
      expect(reply.status).toBe(200);
    },
  );

  // RFC 7009, section 2.1: what is not found by the hint must be sought among all types of tokens.
  test(
    'finds an access token by the hint refresh_token',
    verifies('rfc7009/2.1-4'),
    async ({ client, resource, exercise, given }) => {
      const { ask, alive, dead } = observing(client, resource);
      const [plain, hinted] = [await client.tokens(), await client.tokens()];
      given((await client.revoke(plain.access)).status === 200, expectedRevocation);
      given(
        dead(await eventually(() => ask(plain.access), dead)),
        'expected the revocation to have an effect',
      );
      given(alive(await ask(hinted.access)), expectedLife);
      const reply = await exercise(client.revoke(hinted.access, replace('token_type_hint', 'refresh_token')));
      expect(reply.status).toBe(200);
      expect(dead(await eventually(() => ask(hinted.access), dead))).toBe(true);
    },
  );

  test(
    'does not revoke the access token of another client',
    verifies('rfc7009/2.1-1'),
    async ({ client, other, resource, exercise, given }) => {
      const { ask, alive, dead } = observing(client, resource);
      const { access } = await client.tokens();
      given(alive(await ask(access)), expectedLife);
      // The other client can revoke, and this token can be revoked: what saves it is whose it is.
      given((await other.revoke((await other.tokens()).access)).status === 200, expectedRevocation);
      await exercise(other.revoke(access));
      const after = await ask(access);
      given((await client.revoke(access)).status === 200, expectedRevocation);
      given(dead(await eventually(() => ask(access), dead)), 'expected the revocation to have an effect');
      expect(alive(after)).toBe(true);
    },
  );

  test.describe('of those who sign in', when('authorization_code'), () => {
    test.describe('for long', when('refresh-token'), () => {
      test(
        'does not revoke the refresh token of another client',
        verifies('rfc7009/2.1-1'),
        async ({ client, other, exercise, given }) => {
          const token = given((await client.tokens()).refresh, expectedRefresh);
          const own = given((await other.tokens()).refresh, expectedRefresh);
          given((await other.revoke(own)).status === 200, expectedRevocation);
          await exercise(other.revoke(token));
          const after = await client.refresh(token);
          expect([after.status, errorOf(after)]).toEqual([200, undefined]);
        },
      );

      test(
        'finds a refresh token by the hint access_token',
        verifies('rfc7009/2.1-4'),
        async ({ client, exercise, given }) => {
          const token = given((await client.tokens()).refresh, expectedRefresh);
          const reply = await exercise(client.revoke(token, replace('token_type_hint', 'access_token')));
          expect(reply.status).toBe(200);
          const ask = () => client.refresh(token);
          expect(isGranted(await eventually(ask, (each) => !isGranted(each)))).toBe(false);
        },
      );

      // RFC 7009, section 2.1: where access tokens can be revoked, those of the same grant SHOULD be.
      test(
        'revokes the access token with its refresh token',
        verifies('rfc7009/2.1-2'),
        async ({ client, resource, exercise, given, measure }) => {
          const { ask, alive, dead } = observing(client, resource);
          const { access, refresh } = await client.tokens();
          given(alive(await ask(access)), expectedLife);
          const revoked = await exercise(client.revoke(given(refresh, expectedRefresh)));
          given(revoked.status === 200, expectedRevocation);
          const reply = await eventually(() => ask(access), dead);
          expect(dead(reply)).toBe(true);
          measure(
            'access token dead, after its refresh token was revoked, within',
            between(revoked.exchange, reply.exchange),
            'ms',
          );
        },
      );
    });
  });

  test.describe('beside introspection', when('introspection'), () => {
    test(
      'makes a token inactive for introspection',
      verifies('rfc7662/2.2-1'),
      async ({ client, resource, exercise, given, measure }) => {
        const { ask, alive, dead } = observing(client, resource);
        const { access } = await client.tokens();
        given(alive(await ask(access)), expectedLife);
        const revoked = await client.revoke(access);
        given(revoked.status === 200, expectedRevocation);
        const reply = await exercise(eventually(() => ask(access), dead));
        expect([reply.status, memberOf(reply, 'active')]).toEqual([200, false]);
        measure(
          'revoked access token inactive at introspection within',
          between(revoked.exchange, reply.exchange),
          'ms',
        );
      },
    );
  });
});
