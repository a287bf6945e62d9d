import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { memberOf, tokensIn } from '../../src/actors/answers.ts';
import { permittedAlgorithms, sha256 } from '../../src/protocol/jws.ts';
import { replace } from '../../src/actors/edits/form.ts';
import { expect, test, verifies, when } from '../test.ts';

test.describe('the ID token', when('openid'), () => {
  test(
    'is signed by a published key, for this client',
    verifies('fapi2-sp/5.3.2.3-1'),
    async ({ client, transport, exercise }) => {
      const { issuer, jwks_uri: url = '' } = client.parts.metadata;
      const { body } = await transport.send({ method: 'GET', url, purpose: 'key set request' });
      const { reply, nonce } = await exercise(client.tokens());
      const token = String(memberOf(reply, 'id_token'));
      const verified = await jwtVerify(token, createLocalJWKSet(body as JSONWebKeySet), {
        issuer,
        audience: client.id,
        clockTolerance: 10,
      }).then(
        ({ payload }) => payload,
        (error: unknown) => String(error),
      );
      expect(verified).toMatchObject({
        nonce,
        sub: expect.any(String),
        exp: expect.any(Number),
        iat: expect.any(Number),
      });
    },
  );

  // OpenID Connect Core, section 3.1.3.6: at_hash is optional in this flow, and must be right where it is.
  test(
    'names its access token rightly',
    verifies('fapi2-sp/5.3.2.3-1'),
    async ({ client, exercise, given }) => {
      const { reply, access } = await exercise(client.tokens());
      const token = String(memberOf(reply, 'id_token'));
      const claims = decodeJwt(given(token.split('.').length === 3 && token, 'expected an ID token'));
      const half = Buffer.from(sha256(access), 'base64url').subarray(0, 16).toString('base64url');
      if (claims['at_hash'] !== undefined && decodeProtectedHeader(token).alg !== 'EdDSA')
        expect(claims['at_hash']).toBe(half);
    },
  );

  test(
    'is signed with a permitted algorithm',
    verifies('fapi2-sp/5.4.1-1.2'),
    async ({ client, exercise }) => {
      const { reply } = await exercise(client.tokens());
      expect(permittedAlgorithms).toContain(decodeProtectedHeader(String(memberOf(reply, 'id_token'))).alg);
    },
  );

  test('refers to no keys elsewhere', verifies('fapi2-sp/5.4.2-2'), async ({ client, exercise }) => {
    const { reply } = await exercise(client.tokens());
    const header = decodeProtectedHeader(String(memberOf(reply, 'id_token')));
    expect(Object.keys(header).filter((name) => name === 'x5u' || name === 'jku')).toEqual([]);
  });

  test(
    'returns a nonce of 64 characters unchanged',
    verifies('fapi2-sp/5.3.2.2-14'),
    async ({ client, exercise }) => {
      const nonce = 'n'.repeat(32) + 'N'.repeat(32);
      const pushed = await exercise(client.begin(replace('nonce', nonce)));
      expect(pushed.reply.body).toMatchObject({ request_uri: expect.any(String) });
      const { reply } = tokensIn(await client.redeem(await client.grant(replace('nonce', nonce))));
      expect(decodeJwt(String(memberOf(reply, 'id_token')))).toHaveProperty('nonce', nonce);
    },
  );
});
