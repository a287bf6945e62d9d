import { memberOf, tokensIn } from '../../src/actors/answers.ts';
import { unauthenticated, withoutCertificate } from '../../src/actors/edits/authentication.ts';
import { replace } from '../../src/actors/edits/form.ts';
import { withoutProof } from '../../src/actors/edits/proof.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'refresh' });

test.describe('refresh tokens', when('refresh-token'), () => {
  test(
    'stay valid when they are used',
    verifies('fapi2-sp/5.3.2.1-9'),
    async ({ client, exercise, given }) => {
      const refresh = given(
        (await client.tokens()).refresh,
        'expected a refresh token, as the feature is declared',
      );
      tokensIn(await client.refresh(refresh));
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
      const refresh = given(
        (await other.tokens()).refresh,
        'expected a refresh token, as the feature is declared',
      );
      tokensIn(await other.refresh(refresh));
      await client.tokens();
      expect(memberOf(await exercise(client.refresh(refresh)), 'error')).toBe('invalid_grant');
    },
  );

  test('do not widen the scope', verifies('fapi2-sp/5.3.2.1-14'), async ({ client, exercise, given }) => {
    const scopes = client.parts.registration.scope.split(' ');
    const asked = scopes[0] === 'openid' ? scopes.slice(0, 2) : scopes.slice(0, 1);
    given(
      asked.length < scopes.length,
      'expected the first client to be registered for another scope to leave out',
    );
    const narrow = await client.tokens(replace('scope', asked.join(' ')));
    const refresh = given(narrow.refresh, 'expected a refresh token, as the feature is declared');
    tokensIn(await client.refresh(refresh));
    const reply = await exercise(client.refresh(refresh, replace('scope', scopes.join(' '))));
    // RFC 6749, section 6 forbids to exceed the grant: a server refuses, or grants no more than before.
    const granted = String(memberOf(reply, 'scope') ?? asked.join(' ')).split(' ');
    if (reply.status === 200) expect(granted.filter((scope) => !asked.includes(scope))).toEqual([]);
    else expect(memberOf(reply, 'error')).toBe('invalid_scope');
  });

  test.describe('with DPoP', when('dpop'), () => {
    test('cannot be used without a proof', verifies('fapi2-sp/5.3.2.1-4'), async ({ rejects }) => {
      await rejects(withoutProof, 'invalid_request', 'invalid_dpop_proof', 'invalid_grant', 'use_dpop_nonce');
    });
  });

  test.describe('with mutual TLS', when('mtls'), () => {
    test('cannot be used without a certificate', verifies('fapi2-sp/5.3.2.1-4'), async ({ rejects }) => {
      await rejects(withoutCertificate, 'invalid_request', 'invalid_grant', 'invalid_client', 'tls-refusal');
    });
  });
});
