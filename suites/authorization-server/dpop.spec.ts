import { memberOf } from '../../src/actors/answers.ts';
import { replace } from '../../src/actors/edits/form.ts';
import {
  proof,
  proofHeader,
  proofShowsPrivateKey,
  proofSignatureBroken,
  proofUnsigned,
  provenWith,
  withoutProof,
} from '../../src/actors/edits/proof.ts';
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
    await rejects(withoutProof, 'invalid_request', 'invalid_dpop_proof', 'invalid_grant', 'use_dpop_nonce');
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

test.describe('binding of the code to a DPoP key', when('dpop'), () => {
  test(
    'redeems with the key that dpop_jkt announced',
    verifies('fapi2-sp/5.3.2.1-12'),
    async ({ client, exercise }) => {
      const announced = replace('dpop_jkt', thumbprint(publicJwk(client.proofKey.key)));
      expect(await exercise(client.redeem(await client.grant(announced)))).toHaveProperty('status', 200);
    },
  );

  // RFC 9449, section 10 leaves the code open; these are the ones that its sections 5 and 10.1 suggest.
  test(
    'rejects another key than dpop_jkt announced',
    verifies('fapi2-sp/5.3.2.1-12'),
    async ({ client, exercise }) => {
      await client.tokens();
      const announced = replace('dpop_jkt', thumbprint(publicJwk(generateKey('ES256').key)));
      const reply = await exercise(client.redeem(await client.grant(announced)));
      expect(['invalid_grant', 'invalid_dpop_proof', 'invalid_request']).toContain(memberOf(reply, 'error'));
    },
  );

  test(
    'rejects another key than proven at the PAR endpoint',
    verifies('fapi2-sp/5.3.2.1-12'),
    async ({ client, exercise }) => {
      await client.tokens();
      const grant = await client.grant(client.provenAtPar());
      const another = provenWith('proof of another key', generateKey('ES256'));
      const reply = await exercise(client.redeem(grant, another));
      expect(['invalid_grant', 'invalid_dpop_proof', 'invalid_request']).toContain(memberOf(reply, 'error'));
    },
  );

  test(
    'rejects a dpop_jkt other than the key proven with it',
    verifies('fapi2-sp/5.3.2.1-12'),
    async ({ client, exercise }) => {
      await client.grant(client.provenAtPar());
      const other = replace('dpop_jkt', thumbprint(publicJwk(generateKey('ES256').key)));
      const reply = await exercise(client.push(client.provenAtPar(), other));
      expect(['invalid_request', 'invalid_dpop_proof']).toContain(memberOf(reply, 'error'));
    },
  );
});

test.describe('introspection of DPoP-bound tokens', when('introspection'), () => {
  test.describe('with DPoP', when('dpop'), () => {
    test(
      'names the key that a token is bound to',
      verifies('fapi2-sp/5.3.2.1-5'),
      async ({ client, exercise, given }) => {
        const { access } = await client.tokens();
        const reply = await exercise(client.introspect(access));
        given(
          memberOf(reply, 'active') === true,
          'expected the client to be allowed to introspect its own token',
        );
        expect(memberOf(reply, 'cnf')).toMatchObject({ jkt: thumbprint(publicJwk(client.proofKey.key)) });
      },
    );
  });
});
