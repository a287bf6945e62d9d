import { memberOf, tokensIn } from '../../src/actors/answers.ts';
import { replace, without } from '../../src/actors/edits/form.ts';
import { expect, test, verifies } from '../test.ts';

test.use({ operation: 'redeem' });

test.describe('the token endpoint', () => {
  test('rejects no code_verifier', verifies('fapi2-sp/5.3.2.2-5'), async ({ rejects }) => {
    await rejects(without('code_verifier'), 'invalid_grant', 'invalid_request');
  });

  test('rejects another code_verifier', verifies('fapi2-sp/5.3.2.2-5'), async ({ rejects }) => {
    await rejects(replace('code_verifier', 'A'.repeat(43)), 'invalid_grant');
  });

  // RFC 6749, section 5.2: unsupported_grant_type, or unauthorized_client for what this client may not use.
  test('rejects the password grant', verifies('fapi2-sp/5.3.2.1-2'), async ({ client, exercise }) => {
    await client.tokens();
    const form = [
      ['grant_type', 'password'],
      ['username', 'alice'],
      ['password', 'assay'],
      ['scope', client.parts.registration.scope],
    ] as const;
    const reply = await exercise(client.token(form, [passwordGrant]));
    expect(['unsupported_grant_type', 'unauthorized_client']).toContain(memberOf(reply, 'error'));
  });

  test(
    'rejects a code that was used before',
    verifies('fapi2-sp/5.3.2.2-9'),
    async ({ client, exercise }) => {
      const grant = await client.grant();
      tokensIn(await client.redeem(grant));
      const reply = await exercise(client.redeem(grant));
      expect(memberOf(reply, 'error')).toBe('invalid_grant');
    },
  );

  test(
    'rejects the code of another client',
    verifies('fapi2-sp/5.3.2.1-6'),
    async ({ client, other, exercise }) => {
      await client.tokens();
      const reply = await exercise(client.redeem(await other.grant()));
      expect(memberOf(reply, 'error')).toBe('invalid_grant');
    },
  );

  test(
    'grants no scope that was not asked for',
    verifies('fapi2-sp/5.3.2.1-14'),
    async ({ client, exercise, given }) => {
      const scopes = client.parts.registration.scope.split(' ');
      given(scopes.length > 1, 'expected the first client to be registered for more than one scope');
      // OpenID Connect requests need openid, so it stays first.
      const asked = scopes[0] === 'openid' ? scopes.slice(0, 2) : scopes.slice(0, 1);
      given(
        asked.length < scopes.length,
        'expected the first client to be registered for another scope to leave out',
      );
      const { reply } = await exercise(client.tokens(replace('scope', asked.join(' '))));
      // RFC 6749, section 5.1: scope may be left out where it is what was asked for.
      const granted = memberOf(reply, 'scope') ?? asked.join(' ');
      expect(
        String(granted)
          .split(' ')
          .filter((scope) => !asked.includes(scope)),
      ).toEqual([]);
    },
  );
});

const passwordGrant = {
  name: 'password grant',
  apply: <T>(draft: T): T => ({ ...draft, purpose: 'token request with a password' }),
};
