import { tokensIn } from '../../src/actors/answers.ts';
import {
  proof,
  proofHeader,
  proofShowsPrivateKey,
  proofSignatureBroken,
  proofUnsigned,
  provenWith,
  withoutProof,
} from '../../src/actors/edits/proof.ts';
import { scheme } from '../../src/actors/edits/token.ts';
import { generateKey } from '../../src/protocol/keys.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'call' });

// RFC 9449, section 11.1 lets a server remember proofs or not: a replay within their time is not judged.
// Section 7.1 names invalid_dpop_proof and invalid_token; a missing proof may be an invalid_request.
test.describe('DPoP-bound tokens at the resource API', when('dpop'), () => {
  test('rejects no proof', verifies('fapi2-sp/5.3.4-5'), async ({ rejects }) => {
    await rejects(withoutProof, 'invalid_dpop_proof', 'invalid_token', 'invalid_request', 'unauthenticated');
  });

  test('rejects the scheme Bearer', verifies('fapi2-sp/5.3.4-5'), async ({ rejects }) => {
    await rejects(scheme('Bearer'), 'invalid_token', 'invalid_request', 'unauthenticated');
  });

  for (const [what, edit] of Object.entries({
    'a proof of another key': provenWith('proof of another key', generateKey('ES256')),
    'a proof for another method': proof('proof for another method', { htm: 'DELETE' }),
    'a proof for another URL': proof('proof for another URL', { htu: 'https://attacker.example/accounts' }),
    'a proof for no token': proof('proof without ath', { ath: undefined }),
    'a proof for another token': proof('proof with another ath', { ath: 'A'.repeat(43) }),
    'a proof without an identifier': proof('proof without jti', { jti: undefined }),
    'a proof from an hour ago': proof('proof issued an hour ago', { iat: ({ now }) => now - 3600 }),
    'a proof from an hour ahead': proof('proof issued an hour ahead', { iat: ({ now }) => now + 3600 }),
    'a proof with a broken signature': proofSignatureBroken,
    'a proof that shows the private key': proofShowsPrivateKey,
    'a proof of another type': proofHeader('proof of another type', { typ: 'JWT' }),
  }))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.4-5'), async ({ rejects }) => {
      await rejects(edit, 'invalid_dpop_proof', 'invalid_token');
    });

  test('rejects an unsigned proof', verifies('fapi2-sp/5.4.1-1.3'), async ({ rejects }) => {
    await rejects(proofUnsigned, 'invalid_dpop_proof', 'invalid_token');
  });

  test(
    'rejects a proof signed with RS256',
    verifies('fapi2-sp/5.4.1-1.2'),
    async ({ client, resource, exercise, given }) => {
      // The token is bound to the RSA key, so that nothing but the algorithm is wrong.
      const key = generateKey('PS256');
      const bound = provenWith('proof of an RSA key', key);
      const { access } = tokensIn(await client.redeem(await client.grant(), bound));
      const valid = await client.call(resource, access, bound);
      given(valid.status < 300, 'expected the call to succeed with a proof of the same key and PS256');
      const reply = await exercise(
        client.call(resource, access, provenWith('proof signed with RS256', { ...key, alg: 'RS256' })),
      );
      expect([400, 401]).toContain(reply.status);
    },
  );
});
