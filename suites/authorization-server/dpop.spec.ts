import { memberOf } from '../../src/actors/client.ts';
import {
  proof,
  proofHeader,
  proofShowsPrivateKey,
  proofSignatureBroken,
  proofUnsigned,
  provenWith,
  replace,
  withoutProof,
} from '../../src/actors/edits.ts';
import { generateKey, publicJwk, thumbprint } from '../../src/protocol/keys.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'redeem' });

// RFC 9449, section 11.1 lets a server remember proofs or not: a replay within their time is not judged.
test.describe('DPoP at the token endpoint', when('dpop'), () => {
  test('issues tokens of the type DPoP', verifies('fapi2-sp/5.3.2.1-4'), async ({ client, exercise }) => {
    const { reply } = await exercise(client.tokens());
    expect(String(memberOf(reply, 'token_type')).toLowerCase()).toBe('dpop');
  });

  test('rejects no proof', verifies('fapi2-sp/5.3.2.1-4'), async ({ rejects }) => {
    await rejects(withoutProof, 'invalid_request', 'invalid_dpop_proof', 'invalid_grant');
  });

  for (const [what, edit] of Object.entries({
    'a proof for another method': proof('proof for another method', { htm: 'GET' }),
    'a proof for another URL': proof('proof for another URL', { htu: 'https://attacker.example/token' }),
    'a proof with a broken signature': proofSignatureBroken,
    'a proof that shows the private key': proofShowsPrivateKey,
    'a proof of another type': proofHeader('proof of another type', { typ: 'JWT' }),
    'a proof without an identifier': proof('proof without jti', { jti: undefined }),
  }))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.1-5'), async ({ rejects }) => {
      await rejects(edit, 'invalid_dpop_proof');
    });

  test('rejects an unsigned proof', verifies('fapi2-sp/5.4.1-1.3'), async ({ rejects }) => {
    await rejects(proofUnsigned, 'invalid_dpop_proof');
  });

  for (const alg of ['RS256', 'ES384'] as const)
    test(`rejects a proof signed with ${alg}`, verifies('fapi2-sp/5.4.1-1.2'), async ({ rejects }) => {
      await rejects(provenWith(`proof signed with ${alg}`, generateKey(alg)), 'invalid_dpop_proof');
    });

  test(
    'accepts a proof issued 9 seconds ahead',
    verifies('fapi2-sp/5.3.2.1-13'),
    async ({ client, exercise }) => {
      await client.tokens();
      const ahead = proof('proof issued 9 s ahead', { iat: ({ now }) => now + 9 });
      expect(await exercise(client.redeem(await client.grant(), ahead))).toHaveProperty('status', 200);
    },
  );

  test('rejects a proof issued 70 seconds ahead', verifies('fapi2-sp/5.3.2.1-13'), async ({ rejects }) => {
    await rejects(proof('proof issued 70 s ahead', { iat: ({ now }) => now + 70 }), 'invalid_dpop_proof');
  });

});
