import { refusing } from '../../src/actors/sandbox/edits.ts';
import { arrivalsAt, expect, test, verifies, when } from './sent.ts';

test.describe('the end of a connection', when('revocation'), () => {
  // RFC 7009, section 2.1: with a refresh token, the access tokens of its grant go.
  test(
    'revokes its tokens when it disconnects',
    verifies('rfc7009/2.1-5'),
    async ({ valid, exercise, given }) => {
      const { issuer } = await exercise(valid('disconnect'));
      const { accessTokens, refreshTokens } = issuer;
      const tokens = refreshTokens.size > 0 ? refreshTokens : accessTokens;
      given(tokens.size > 0, 'expected the client to obtain tokens');
      const named = arrivalsAt(issuer, 'revocation').map(({ form }) => form.get('token'));
      const left = [...tokens.keys()].filter((token) => !named.includes(token));
      expect(left.length, 'tokens that are not revoked').toBe(0);
    },
  );

  // RFC 7009, section 2.2.1: the token must then be taken to be alive. A client may ask again, and tell what came of it.
  test('tells that a token could not be revoked', verifies('rfc7009/2.2.1-1'), async ({ stops }) => {
    await stops(refusing('revocation', 503, 'temporarily_unavailable'), 'disconnect');
  });
});
