import { memberOf } from '../../src/actors/answers.ts';
import { unauthenticated, withoutCertificate } from '../../src/actors/edits/authentication.ts';
import { change, replace } from '../../src/actors/edits/form.ts';
import { withoutProof } from '../../src/actors/edits/proof.ts';
import { altered } from '../../src/actors/edits/token.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'refresh' });

const declared = 'expected a refresh token, as the feature is declared';

/** Some scopes of a client, and all of them. OpenID Connect requests need openid, so it stays first. */
function scopesOf(scope: string): { readonly few: string; readonly all: string } {
  const all = scope.split(' ');
  return { few: all.slice(0, all[0] === 'openid' ? 2 : 1).join(' '), all: scope };
}

// A client that acts for itself needs none (RFC 6749, section 4.4.3).
test.describe('refresh tokens', when('refresh-token'), () => {
  test.describe('of users', when('authorization_code'), () => {
    test(
      'stay valid when they are used',
      verifies('fapi2-sp/5.3.2.1-9'),
      async ({ client, exercise, given }) => {
        const refresh = given((await client.tokens()).refresh, declared);
        await client.refreshed(refresh);
        expect(await exercise(client.refresh(refresh))).toHaveProperty('status', 200);
      },
    );

    test('cannot be used without authentication', verifies('fapi2-sp/5.3.2.1-3'), async ({ rejects }) => {
      await rejects(unauthenticated, 'invalid_client', 'invalid_request', 'tls-refusal');
    });

    test(
      'cannot be used by another client',
      verifies('fapi2-sp/5.3.2.1-6'),
      async ({ client, other, exercise, given }) => {
        const refresh = given((await other.tokens()).refresh, declared);
        await other.refreshed(refresh);
        await client.tokens();
        expect(memberOf(await exercise(client.refresh(refresh)), 'error')).toBe('invalid_grant');
      },
    );

    test('cannot be altered', verifies('rfc6749/6-1'), async ({ rejects }) => {
      await rejects(
        change('refresh_token', 'altered', (token) => altered(token, 'middle')),
        'invalid_grant',
      );
    });

    // RFC 6749, section 3.2: what has no value counts as absent, and section 5.2: invalid_request for what is absent.
    test('cannot be empty', verifies('rfc6749/6-1'), async ({ rejects }) => {
      await rejects(replace('refresh_token', ''), 'invalid_request', 'invalid_grant');
    });

    test(
      'cannot be replaced by an access token',
      verifies('rfc6749/6-1'),
      async ({ client, exercise, given }) => {
        const { access, refresh } = await client.tokens();
        await client.refreshed(given(refresh, declared));
        expect(memberOf(await exercise(client.refresh(access)), 'error')).toBe('invalid_grant');
      },
    );

    test(
      'bring tokens that caches are told not to store',
      verifies('rfc6749/5.1-1'),
      async ({ client, exercise, given }) => {
        const refresh = given((await client.tokens()).refresh, declared);
        const { reply } = await exercise(client.refreshed(refresh));
        const directives = (reply.headers['cache-control'] ?? '').toLowerCase().split(/\s*,\s*/u);
        expect(directives).toContain('no-store');
      },
    );

    test('do not widen the scope', verifies('fapi2-sp/5.3.2.1-14'), async ({ client, exercise, given }) => {
      const { few, all } = scopesOf(client.parts.registration.scope);
      given(few !== all, 'expected the first client to be registered for another scope to leave out');
      const narrow = await client.tokens(replace('scope', few));
      const refresh = given(narrow.refresh, declared);
      await client.refreshed(refresh);
      const reply = await exercise(client.refresh(refresh, replace('scope', all)));
      // RFC 6749, section 6 forbids to exceed the grant: a server refuses, or grants no more than before.
      const granted = String(memberOf(reply, 'scope') ?? few).split(' ');
      if (reply.status === 200)
        expect(granted.filter((scope) => !few.split(' ').includes(scope))).toEqual([]);
      else expect(memberOf(reply, 'error')).toBe('invalid_scope');
    });

    // RFC 6749, section 3.3 lets a server grant another scope than was asked for, and say so: a recommendation at most.
    test(
      'narrow the scope where that is asked',
      verifies('fapi2-sp/5.3.2.1-14'),
      async ({ client, exercise, given }) => {
        const { few, all } = scopesOf(client.parts.registration.scope);
        given(few !== all, 'expected the first client to be registered for another scope to leave out');
        const refresh = given((await client.tokens()).refresh, declared);
        const { reply } = await exercise(client.refreshed(refresh, replace('scope', few)));
        const granted = String(memberOf(reply, 'scope') ?? few).split(' ');
        expect(granted.filter((scope) => !few.split(' ').includes(scope))).toEqual([]);
      },
    );

    test.describe('that are revoked', when('revocation'), () => {
      test(
        'cannot be used once they are revoked',
        verifies('rfc7009/2.1-3'),
        async ({ client, exercise, given }) => {
          const refresh = given((await client.tokens()).refresh, declared);
          await client.refreshed(refresh);
          const { status } = await client.revoke(refresh);
          given(status === 200, 'expected the revocation of the refresh token to be answered with 200');
          expect(memberOf(await exercise(client.refresh(refresh)), 'error')).toBe('invalid_grant');
        },
      );
    });

    test.describe('beside introspection', when('introspection'), () => {
      test(
        'bring access tokens that are bound',
        verifies('fapi2-sp/5.3.2.1-4'),
        async ({ client, exercise, given }) => {
          const { access, refresh } = await client.tokens();
          const first = memberOf(await client.introspect(access), 'cnf');
          given(first, 'expected introspection to name what the first access token is bound to');
          const second = await client.refreshed(given(refresh, declared));
          expect(memberOf(await exercise(client.introspect(second.access)), 'cnf')).toEqual(first);
        },
      );
    });

    test.describe('with DPoP', when('dpop'), () => {
      test('cannot be used without a proof', verifies('fapi2-sp/5.3.2.1-4'), async ({ rejects }) => {
        await rejects(
          withoutProof,
          'invalid_request',
          'invalid_dpop_proof',
          'invalid_grant',
          'use_dpop_nonce',
        );
      });
    });

    test.describe('with mutual TLS', when('mtls'), () => {
      test('cannot be used without a certificate', verifies('fapi2-sp/5.3.2.1-4'), async ({ rejects }) => {
        await rejects(
          withoutCertificate,
          'invalid_request',
          'invalid_grant',
          'invalid_client',
          'tls-refusal',
        );
      });
    });
  });
});
