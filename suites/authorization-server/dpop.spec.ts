import { memberOf } from '../../src/actors/answers.ts';
import {
  proofMacOfPublicKey,
  proofOfSymmetricKey,
  proofUnsigned,
  provenAlike,
  provenBy,
  withoutProof,
} from '../../src/actors/edits/proof.ts';
import { describe } from '../../src/actors/flow-error.ts';
import { publicJwk, thumbprint } from '../../src/protocol/keys.ts';
import {
  anHourOld,
  headerErrors,
  overAMinuteAhead,
  rightProofs,
  spelledOtherwise,
  tenSecondsAhead,
  tenSecondsOld,
  timeErrors,
  wrongHeaders,
  wrongProofs,
} from '../proofs.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'redeem' });

// RFC 9449, section 5: what is wrong with a proof is an invalid_dpop_proof.
test.describe('DPoP at the token endpoint', when('dpop'), () => {
  test('issues tokens of the type DPoP', verifies('fapi2-sp/5.3.2.1-4'), async ({ client, exercise }) => {
    const { reply } = await exercise(client.tokens());
    expect(String(memberOf(reply, 'token_type')).toLowerCase()).toBe('dpop');
  });

  test('rejects no proof', verifies('fapi2-sp/5.3.2.1-4'), async ({ rejects }) => {
    await rejects(withoutProof, 'invalid_request', 'invalid_dpop_proof', 'invalid_grant', 'use_dpop_nonce');
  });

  for (const [what, edit] of Object.entries(wrongProofs))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.1-5'), async ({ rejects }) => {
      await rejects(edit, 'invalid_dpop_proof');
    });

  for (const [what, edit] of Object.entries(wrongHeaders))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.1-5'), async ({ rejects }) => {
      await rejects(edit, 'invalid_dpop_proof', ...headerErrors);
    });

  test('rejects a proof from an hour ago', verifies('fapi2-sp/5.3.2.1-5'), async ({ rejects }) => {
    await rejects(anHourOld, ...timeErrors);
  });

  test('rejects a proof issued 61 seconds ahead', verifies('fapi2-sp/5.3.2.1-13'), async ({ rejects }) => {
    await rejects(overAMinuteAhead, ...timeErrors);
  });

  for (const [what, spelling] of [
    ['alg none', 'none'],
    ['alg none in capitals', 'NONE'],
  ] as const)
    test(`rejects a proof with ${what}`, verifies('fapi2-sp/5.4.1-1.3'), async ({ rejects }) => {
      await rejects(proofUnsigned(spelling), 'invalid_dpop_proof');
    });

  for (const alg of ['RS256', 'ES384'] as const)
    test(`rejects a proof signed with ${alg}`, verifies('fapi2-sp/5.4.1-1.2'), async ({ rejects }) => {
      await rejects(provenBy(alg), 'invalid_dpop_proof');
    });

  test('rejects a proof of a symmetric key', verifies('fapi2-sp/5.4.1-1.2'), async ({ rejects }) => {
    await rejects(proofOfSymmetricKey, 'invalid_dpop_proof');
  });

  test('rejects a MAC under the public key', verifies('fapi2-sp/5.4.1-1.1'), async ({ rejects }) => {
    await rejects(proofMacOfPublicKey, 'invalid_dpop_proof');
  });

  for (const [what, requirement, edit] of [
    ...Object.entries(rightProofs).map(([right, each]) => [right, 'fapi2-sp/5.3.2.1-5', each] as const),
    ['a proof for its URL in another spelling', 'rfc9449/4.3-1', spelledOtherwise],
    ['a proof issued 10 seconds ahead', 'fapi2-sp/5.3.2.1-13', tenSecondsAhead],
    ['a proof issued 10 seconds ago', 'rfc9449/11.1-2', tenSecondsOld],
  ] as const)
    test(`accepts ${what}`, verifies(requirement), async ({ client, asking, exercise }) => {
      const ask = await asking(client);
      expect(describe(await exercise(ask(edit)))).toMatch(/^200 .*access_token/u);
    });

  // RFC 9449, section 11.1 leaves open with which error; invalid_grant says that the whole request is one of before.
  test(
    'rejects a proof that was used before',
    verifies('rfc9449/11.1-1'),
    async ({ client, asking, exercise, given }) => {
      const ask = await asking(client);
      const alike = provenAlike();
      given((await ask(alike)).status === 200, 'expected the first use of the proof to succeed');
      const reply = await exercise(ask(alike));
      expect(describe(reply)).toMatch(/^4\d\d (?:invalid_(?:dpop_proof|grant|request)|use_dpop_nonce)/u);
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

    // RFC 9449, section 6.2: token_type may be left out. Types are compared without regard to case (RFC 6749, section 5.1).
    test(
      'names no other type than DPoP',
      verifies('fapi2-sp/5.3.2.1-5'),
      async ({ client, exercise, given }) => {
        const { access } = await client.tokens();
        const reply = await exercise(client.introspect(access));
        given(
          memberOf(reply, 'active') === true,
          'expected the client to be allowed to introspect its own token',
        );
        expect(String(memberOf(reply, 'token_type') ?? 'DPoP').toLowerCase()).toBe('dpop');
      },
    );
  });
});
