import { replace } from '../../src/actors/edits/form.ts';
import { altered, anotherToken, tokenIn, withoutToken } from '../../src/actors/edits/token.ts';
import { memberOf, tokensIn } from '../../src/actors/answers.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'call' });

test.describe('access tokens at the resource API', () => {
  test(
    'are accepted in the Authorization header',
    verifies('fapi2-sp/5.3.4-1'),
    async ({ client, resource, exercise }) => {
      const { access } = await client.tokens();
      const reply = await exercise(client.call(resource, access));
      expect(Math.floor(reply.status / 100)).toBe(2);
    },
  );

  // RFC 6750, section 3.1: invalid_request for the way, or 401 as if there were no token.
  // The form body of its section 2.2 is not judged: the profile leaves it open.
  test('are rejected in the query', verifies('fapi2-sp/5.3.4-2'), async ({ rejects }) => {
    await rejects(tokenIn('query'), 'invalid_request', 'invalid_token', 'unauthenticated');
  });

  test('are demanded', verifies('fapi2-sp/5.3.4-3'), async ({ rejects }) => {
    await rejects(withoutToken, 'unauthenticated', 'invalid_token', 'invalid_request');
  });

  test('are rejected when one character differs', verifies('fapi2-sp/5.3.4-3'), async ({ rejects }) => {
    await rejects(anotherToken('altered access token', altered), 'invalid_token');
  });

  test('are rejected when nobody issued them', verifies('fapi2-sp/5.3.4-3'), async ({ rejects }) => {
    await rejects(
      anotherToken('made-up access token', () =>
        Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url'),
      ),
      'invalid_token',
    );
  });

  test.describe('withdrawn', when('revocation'), () => {
    test(
      'are rejected after their revocation',
      verifies('fapi2-sp/5.3.4-3'),
      async ({ client, resource, exercise, given }) => {
        const { access } = await client.tokens();
        const before = await client.call(resource, access);
        given(before.status < 300, 'expected the call to succeed before the revocation');
        given((await client.revoke(access)).status === 200, 'expected the revocation to succeed');
        expect(await exercise(client.call(resource, access))).toHaveProperty('status', 401);
      },
    );
  });
});

test.describe('scopes at the resource API', () => {
  // RFC 6750, section 3.1: 403 insufficient_scope, which it only recommends; 401 says as well that the token is not enough.
  test(
    'rejects a token without the scope of the call',
    verifies('fapi2-sp/5.3.4-4'),
    async ({ client, integration, exercise, given }) => {
      const scopes = client.parts.registration.scope.split(' ');
      const base = scopes.filter((scope) => scope === 'openid');
      const [resource, lacking] = given(
        integration.resources
          .map(
            (each) =>
              [
                each,
                scopes.filter((scope) => !each.scope.split(' ').includes(scope) && scope !== 'openid'),
              ] as const,
          )
          .find(([, left]) => left.length > 0),
        'expected a call under resources that does not need every scope of the first client',
      );
      const valid = await client.tokens();
      given(
        (await client.call(resource, valid.access)).status < 300,
        'expected the call to succeed with its scope',
      );
      const narrow = replace('scope', [...base, lacking[0]].join(' '));
      const { access, reply: issued } = tokensIn(await client.redeem(await client.grant(narrow)));
      const granted = String(memberOf(issued, 'scope') ?? '').split(' ');
      given(
        !resource.scope.split(' ').every((scope) => granted.includes(scope)),
        'expected the server to grant the narrower scope only',
      );
      const reply = await exercise(client.call(resource, access));
      expect([401, 403]).toContain(reply.status);
    },
  );
});
