import { isPushed, memberOf, tokensIn } from '../../src/actors/answers.ts';
import type { Client } from '../../src/actors/client.ts';
import type { Edit } from '../../src/actors/draft.ts';
import { replace } from '../../src/actors/edits/form.ts';
import {
  freshKey,
  proofMacOfPublicKey,
  proofOfSymmetricKey,
  proofFor,
  proofSignatureBroken,
  proofUnsigned,
  provenBy,
  provenByAnother,
  provenWith,
} from '../../src/actors/edits/proof.ts';
import { describe } from '../../src/actors/flow-error.ts';
import { publicJwk, thumbprint, type SigningKey } from '../../src/protocol/keys.ts';
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

test.use({ operation: 'provenPush' });

// RFC 9449, section 10.1 has the proof checked as everywhere, and leaves the error open.
const errors = ['invalid_dpop_proof', 'invalid_request'] as const;

/** Errors at the token endpoint: section 10 leaves them open as well; these are what sections 5 and 10.1 suggest. */
const mismatch = /^4\d\d invalid_(?:grant|dpop_proof|request)/u;

const announced = ({ key }: SigningKey) => replace('dpop_jkt', thumbprint(publicJwk(key)));

test.describe('DPoP with pushed authorization requests', when('authorization_code'), () => {
  test.describe('that carry a proof', when('dpop'), () => {
    for (const [what, edit] of Object.entries(wrongProofs))
      test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.1-12'), async ({ rejects }) => {
        await rejects(edit, ...errors);
      });

    for (const [what, edit] of Object.entries(wrongHeaders))
      test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.1-12'), async ({ rejects }) => {
        await rejects(edit, ...errors, ...headerErrors);
      });

    test('rejects a proof from an hour ago', verifies('fapi2-sp/5.3.2.1-12'), async ({ rejects }) => {
      await rejects(anHourOld, ...errors, ...timeErrors);
    });

    test('rejects a proof issued 61 seconds ahead', verifies('fapi2-sp/5.3.2.1-13'), async ({ rejects }) => {
      await rejects(overAMinuteAhead, ...errors, ...timeErrors);
    });

    for (const [what, spelling] of [
      ['alg none', 'none'],
      ['alg none in capitals', 'NONE'],
    ] as const)
      test(`rejects a proof with ${what}`, verifies('fapi2-sp/5.4.1-1.3'), async ({ rejects }) => {
        await rejects(proofUnsigned(spelling), ...errors);
      });

    for (const alg of ['RS256', 'ES384'] as const)
      test(`rejects a proof signed with ${alg}`, verifies('fapi2-sp/5.4.1-1.2'), async ({ rejects }) => {
        await rejects(provenBy(alg), ...errors);
      });

    test('rejects a proof of a symmetric key', verifies('fapi2-sp/5.4.1-1.2'), async ({ rejects }) => {
      await rejects(proofOfSymmetricKey, ...errors);
    });

    test('rejects a MAC under the public key', verifies('fapi2-sp/5.4.1-1.1'), async ({ rejects }) => {
      await rejects(proofMacOfPublicKey, ...errors);
    });

    for (const [what, requirement, edit] of [
      ...Object.entries(rightProofs).map(([right, each]) => [right, 'fapi2-sp/5.3.2.1-12', each] as const),
      ['a proof for its URL in another spelling', 'rfc9449/4.3-1', spelledOtherwise],
      ['a proof issued 10 seconds ahead', 'fapi2-sp/5.3.2.1-13', tenSecondsAhead],
      ['a proof issued 10 seconds ago', 'rfc9449/11.1-2', tenSecondsOld],
    ] as const)
      test(`accepts ${what}`, verifies(requirement), async ({ client, asking, exercise }) => {
        const ask = await asking(client);
        expect(describe(await exercise(ask(edit)))).toMatch(/^20[01] .*request_uri/u);
      });

    test(
      'rejects a dpop_jkt other than the key proven with it',
      verifies('fapi2-sp/5.3.2.1-12'),
      async ({ client, rejects }) => {
        await rejects(announced(freshKey(client.proofKey.alg)), ...errors);
      },
    );
  });

  test.describe('that bind the code', when('dpop'), () => {
    for (const [what, edits] of [
      ['announced', (client) => [announced(client.proofKey)]],
      ['proven', (client) => [client.provenAtPar()]],
      ['proven and announced', (client) => [client.provenAtPar(), announced(client.proofKey)]],
    ] as const satisfies readonly (readonly [string, (client: Client) => readonly Edit[]])[]) {
      test(
        `redeems with the key that was ${what}`,
        verifies('fapi2-sp/5.3.2.1-12'),
        async ({ client, exercise }) => {
          const grant = await client.grant(...edits(client));
          expect(await exercise(client.redeem(grant))).toHaveProperty('status', 200);
        },
      );

      test(
        `rejects another key than was ${what}`,
        verifies('fapi2-sp/5.3.2.1-12'),
        async ({ client, exercise }) => {
          await client.tokens(...edits(client));
          const reply = await exercise(client.redeem(await client.grant(...edits(client)), provenByAnother));
          expect(describe(reply)).toMatch(mismatch);
        },
      );
    }

    // What is no thumbprint may be refused when it is pushed; what is taken must match (section 10).
    test(
      'rejects the beginning of a thumbprint for the whole',
      verifies('fapi2-sp/5.3.2.1-12'),
      async ({ client, exercise }) => {
        await client.tokens(announced(client.proofKey));
        const begun = replace('dpop_jkt', thumbprint(publicJwk(client.proofKey.key)).slice(0, 22));
        const pushed = await exercise(client.push(begun));
        const reply = isPushed(pushed) ? await exercise(client.redeem(await client.grant(begun))) : pushed;
        expect(describe(reply)).toMatch(mismatch);
      },
    );
  });
});

test.describe('refresh tokens of clients with DPoP', when('refresh-token'), () => {
  test.use({ operation: 'refresh' });

  test.describe('with their proofs', when('dpop'), () => {
    // A server may verify proofs where codes are redeemed, and believe them here.
    for (const [what, edit] of Object.entries({
      'a proof with a broken signature': proofSignatureBroken,
      'a proof for the API': proofFor('proof for the API', () => 'https://api.example/accounts'),
    }))
      test(`are refused with ${what}`, verifies('fapi2-sp/5.3.2.1-5'), async ({ rejects }) => {
        await rejects(edit, 'invalid_dpop_proof');
      });

    // RFC 9449, section 5: those of confidential clients are bound by the authentication of the client.
    test('are accepted with another key', verifies('rfc9449/5-1'), async ({ client, asking, exercise }) => {
      const ask = await asking(client);
      expect(describe(await exercise(ask(provenByAnother)))).toMatch(/^200 .*access_token/u);
    });

    test.describe('by introspection', when('introspection'), () => {
      test(
        'give tokens that are bound to the key of their request',
        verifies('fapi2-sp/5.3.2.1-5'),
        async ({ client, asking, exercise, given }) => {
          const ask = await asking(client);
          const other = freshKey(client.proofKey.alg);
          const reply = await ask(provenWith('proof of another key', other));
          const [{ access }, bound] =
            reply.status === 200 ? [tokensIn(reply), other] : [tokensIn(await ask()), client.proofKey];
          const told = await exercise(client.introspect(access));
          given(
            memberOf(told, 'active') === true,
            'expected the client to be allowed to introspect its own token',
          );
          expect(memberOf(told, 'cnf')).toMatchObject({ jkt: thumbprint(publicJwk(bound.key)) });
        },
      );
    });
  });
});
