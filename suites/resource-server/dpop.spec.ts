import { tokensIn } from '../../src/actors/answers.ts';
import { edit as combined } from '../../src/actors/edits/edit.ts';
import {
  proof,
  proofInCapitals,
  proofMacOfPublicKey,
  proofSignatureBroken,
  proofUnsigned,
  proofWith,
  provenAlike,
  provenByAnother,
  provenWith,
  withoutProof,
} from '../../src/actors/edits/proof.ts';
import { scheme } from '../../src/actors/edits/token.ts';
import { challengesOf, describe } from '../../src/actors/flow-error.ts';
import { sha256 } from '../../src/protocol/jws.ts';
import { generateKey } from '../../src/protocol/keys.ts';
import {
  anHourAhead,
  anHourOld,
  headerErrors,
  rightProofs,
  spelledOtherwise,
  tenSecondsAhead,
  tenSecondsOld,
  timeErrors,
  wrongHeaders,
  wrongProofs,
} from '../proofs.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'call' });

// RFC 9449, section 7.1: invalid_dpop_proof for the proof, and the errors of RFC 6750, section 3.1 suit as well. That there
// is an error at all beside 401 is recommended only.
const errors = ['invalid_dpop_proof', 'invalid_token', 'unauthenticated'] as const;

const wrongHashes = {
  'a proof for no token': proof('proof without ath', { ath: undefined }),
  'a proof for another token': proof('proof with another ath', { ath: sha256('another token') }),
  'a proof with half the hash of the token': proofWith('the first half of ath', 'ath', (hash) =>
    hash.slice(0, 22),
  ),
};

const asBearer = combined('the scheme Bearer without a proof', (draft, world) =>
  withoutProof.apply(scheme('Bearer').apply(draft, world), world),
);

test.describe('DPoP-bound tokens at the resource API', when('dpop'), () => {
  test('rejects no proof', verifies('fapi2-sp/5.3.4-5'), async ({ rejects }) => {
    await rejects(withoutProof, ...errors, ...headerErrors);
  });

  test('rejects the scheme Bearer', verifies('fapi2-sp/5.3.4-5'), async ({ rejects }) => {
    await rejects(scheme('Bearer'), 'invalid_token', 'invalid_request', 'unauthenticated');
  });

  // RFC 9449, section 7.2: the downgrade that a thief tries, who has the token and no key.
  test('rejects the scheme Bearer without a proof', verifies('fapi2-sp/5.3.4-5'), async ({ rejects }) => {
    await rejects(asBearer, 'invalid_token', 'invalid_request', 'unauthenticated');
  });

  for (const [what, edit] of Object.entries({
    ...wrongProofs,
    ...wrongHashes,
    'a proof of another key': provenByAnother,
  }))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.4-5'), async ({ rejects }) => {
      await rejects(edit, ...errors);
    });

  for (const [what, edit] of Object.entries(wrongHeaders))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.4-5'), async ({ rejects }) => {
      await rejects(edit, ...errors, ...headerErrors);
    });

  for (const [what, edit] of Object.entries({
    'a proof from an hour ago': anHourOld,
    'a proof from an hour ahead': anHourAhead,
  }))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.4-5'), async ({ rejects }) => {
      await rejects(edit, ...errors, ...timeErrors);
    });

  test(
    'rejects a proof of the key of another client',
    verifies('fapi2-sp/5.3.4-5'),
    async ({ other, resource, rejects, given }) => {
      const { access } = await other.tokens();
      const known = await other.call(resource, access);
      given(known.status < 300, 'expected the call of the other client to succeed');
      await rejects(provenWith('proof of the key of another client', other.proofKey), ...errors);
    },
  );

  for (const [what, spelling] of [
    ['alg none', 'none'],
    ['alg none in capitals', 'NONE'],
  ] as const)
    test(`rejects a proof with ${what}`, verifies('fapi2-sp/5.4.1-1.3'), async ({ rejects }) => {
      await rejects(proofUnsigned(spelling), ...errors);
    });

  test('rejects a MAC under the public key', verifies('fapi2-sp/5.4.1-1.1'), async ({ rejects }) => {
    await rejects(proofMacOfPublicKey, ...errors);
  });

  // The token is bound to an RSA key, so that nothing but the algorithm is wrong. No token can be bound to a P-384 key.
  test(
    'rejects a proof signed with RS256',
    verifies('fapi2-sp/5.4.1-1.2'),
    async ({ client, resource, exercise, given }) => {
      const key = generateKey('PS256');
      const bound = provenWith('proof of an RSA key', key);
      const { access } = tokensIn(await client.obtain(bound));
      const valid = await client.call(resource, access, bound);
      given(valid.status < 300, 'expected the call to succeed with a proof of the same key and PS256');
      const reply = await exercise(
        client.call(resource, access, provenWith('proof signed with RS256', { ...key, alg: 'RS256' })),
      );
      expect([400, 401]).toContain(reply.status);
    },
  );

  // FAPI 2.0, 5.3.2.1, item 13 speaks to authorization servers; to resource servers the window is recommended.
  for (const [what, requirement, edit] of [
    ...Object.entries(rightProofs).map(([right, each]) => [right, 'fapi2-sp/5.3.4-5', each] as const),
    ['a proof for its URL in another spelling', 'rfc9449/4.3-1', spelledOtherwise],
    ['a proof issued 10 seconds ahead', 'rfc9449/11.1-2', tenSecondsAhead],
    ['a proof issued 10 seconds ago', 'rfc9449/11.1-2', tenSecondsOld],
    ['the header name DPOP in capitals', 'rfc9110/5.1-1', proofInCapitals],
  ] as const)
    test(`accepts ${what}`, verifies(requirement), async ({ client, asking, exercise }) => {
      const ask = await asking(client);
      expect(describe(await exercise(ask(edit)))).toMatch(/^2/u);
    });

  // RFC 9449, section 11.1 leaves open with which error.
  test(
    'rejects a proof that was used before',
    verifies('rfc9449/11.1-1'),
    async ({ client, asking, exercise, given }) => {
      const ask = await asking(client);
      const alike = provenAlike();
      given((await ask(alike)).status < 300, 'expected the first use of the proof to succeed');
      const reply = await exercise(ask(alike));
      expect([400, 401]).toContain(reply.status);
    },
  );

  test(
    'names error and algorithms in the challenge to a wrong proof',
    verifies('rfc9449/7.1-2'),
    async ({ client, asking, exercise, given }) => {
      const ask = await asking(client);
      const reply = await exercise(ask(proofSignatureBroken));
      given(reply.status >= 400, 'expected a proof with a broken signature to be refused');
      const challenge = challengesOf(reply)?.find((each) => each.scheme.toLowerCase() === 'dpop');
      expect(challenge ? Object.fromEntries(challenge.parameters) : describe(reply)).toMatchObject({
        error: expect.stringMatching(/^(?:invalid_dpop_proof|invalid_token)$/u),
        algs: expect.stringMatching(/^\S+(?: \S+)*$/u),
      });
    },
  );
});
