import { isPushed } from '../../src/actors/answers.ts';
import {
  beside,
  outside,
  requestObject,
  requestObjectAhead,
  requestObjectAlgorithm,
  requestObjectAltered,
  requestObjectAsAssertion,
  requestObjectForeign,
  requestObjectKeyConfused,
  requestObjectShowsKey,
  requestObjectSignatureBroken,
  requestObjectSignatureMissing,
  requestObjectSignedWith,
  requestObjectUnsigned,
  withoutRequestObject,
} from '../../src/actors/edits/request-object.ts';
import { errorOf } from '../../src/actors/flow-error.ts';
import type { Algorithm } from '../../src/protocol/jws.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'push' });

// RFC 9101, section 6.2 names invalid_request_object; RFC 9126, section 2.3 permits the codes of RFC 6749 as well.
const refusal = ['invalid_request_object', 'invalid_request'] as const;

const accepted = { request_uri: expect.any(String) };

const past = (seconds: number) => (world: { now: number }) => world.now - seconds;

// Encrypted request objects are not judged: nothing demands them.
// Nor is a request object without iss, which RFC 9101, section 4 only recommends, or without a type (section 10.8), or one
// that is pushed twice: nothing gives it an identifier that is to be remembered.
test.describe('request objects', when('signed-request'), () => {
  test(
    'are accepted with the type oauth-authz-req+jwt',
    verifies('fapi2-ms/5.3.1-5'),
    async ({ client, exercise }) => {
      const reply = await exercise(client.push());
      expect(reply.body).toMatchObject(accepted);
    },
  );

  test('are demanded', verifies('fapi2-ms/5.3.1-1'), async ({ rejects }) => {
    await rejects(withoutRequestObject, ...refusal);
  });

  for (const [what, edit] of Object.entries({
    'when a foreign key signed them': requestObjectForeign,
    'when their signature is broken': requestObjectSignatureBroken,
    'when their signature is missing': requestObjectSignatureMissing,
    'when they were altered after their signature': requestObjectAltered('state', 'altered'),
    // RFC 9101, section 6.2: the key must be one of the client, whatever the header shows.
    'when only their own header knows the key': requestObjectShowsKey,
    // RFC 9101, section 4; a request_uri within is tried at the endpoint itself.
    'when they hold a request object': requestObject('request object within', { request: 'e30.e30.' }),
    // RFC 9101, section 6.3: only what is in the request object counts.
    'when redirect_uri stands only beside them': outside('redirect_uri'),
    'when the code_challenge stands only beside them': outside('code_challenge', 'code_challenge_method'),
  }))
    test(`are rejected ${what}`, verifies('fapi2-ms/5.3.1-1'), async ({ rejects }) => {
      await rejects(edit, ...refusal);
    });

  test(
    'are rejected when another client signed them',
    verifies('fapi2-ms/5.3.1-1'),
    async ({ rejects, other, given }) => {
      const key = given(other.parts.key, 'expected the second client to have a key');
      await rejects(requestObjectSignedWith(key), ...refusal);
    },
  );

  // RFC 9101, section 6.3: the two values are identical.
  test(
    'are rejected when they name another client_id',
    verifies('fapi2-ms/5.3.1-1'),
    async ({ rejects, other }) => {
      await rejects(requestObject('client_id of another client', { client_id: other.id }), ...refusal);
    },
  );

  // RFC 8725, section 3.8: the key belongs to the issuer.
  test(
    'are rejected when another client is their issuer',
    verifies('fapi2-sp/5.4.1-1.1'),
    async ({ rejects, other }) => {
      await rejects(requestObject('issuer: another client', { iss: other.id }), ...refusal);
    },
  );

  // RFC 9101, section 6.3: what stands beside has no effect. It may also be refused, as RFC 9126, section 3 lets nothing
  // stand there.
  test(
    'prevail over what stands beside them',
    verifies('fapi2-ms/5.3.1-1'),
    async ({ client, asking, exercise, given }) => {
      await asking(client);
      const pushed = await exercise(client.begin(beside([['state', 'beside']])));
      if (!isPushed(pushed.reply)) {
        expect(refusal).toContain(errorOf(pushed.reply));
        return;
      }
      const { landing } = await client.authorize(pushed);
      const parameters = landing.at === 'callback' && landing.parameters;
      expect(given(parameters, 'expected the user to be sent back to the client')).toMatchObject({
        state: pushed.attempt.state,
      });
    },
  );

  test(
    'are accepted with a list of audiences that holds the issuer',
    verifies('fapi2-ms/5.3.1-2'),
    async ({ client, asking, exercise }) => {
      const ask = await asking(client);
      const several = requestObject('audience: a list with the issuer', {
        aud: ({ metadata }) => ['https://other.example', metadata.issuer],
      });
      expect((await exercise(ask(several))).body).toMatchObject(accepted);
    },
  );

  for (const [what, edit] of Object.entries({
    'without an audience': requestObject('without audience', { aud: undefined }),
    'for another server': requestObject('audience: another server', { aud: 'https://attacker.example' }),
    'for a list of other servers': requestObject('audience: a list without the issuer', {
      aud: ['https://attacker.example', 'https://other.example'],
    }),
    'for the endpoint': requestObject('audience: the PAR endpoint', {
      aud: ({ metadata }) => metadata.pushed_authorization_request_endpoint,
    }),
  }))
    test(`are rejected ${what}`, verifies('fapi2-ms/5.3.1-2'), async ({ rejects }) => {
      await rejects(edit, ...refusal);
    });

  for (const [what, edit] of Object.entries({
    'without nbf': requestObject('without nbf', { nbf: undefined }),
    'with an nbf more than 60 minutes ago': requestObject('nbf 62 minutes ago', { nbf: past(3720) }),
  }))
    test(`are rejected ${what}`, verifies('fapi2-ms/5.3.1-3'), async ({ rejects }) => {
      await rejects(edit, ...refusal);
    });

  for (const [what, edit] of Object.entries({
    'without exp': requestObject('without exp', { exp: undefined }),
    'after their exp': requestObject('expired', { iat: past(600), nbf: past(600), exp: past(300) }),
    'with an exp more than 60 minutes after nbf': requestObject('exp 62 minutes after nbf', {
      exp: ({ now }) => now + 3720,
    }),
  }))
    test(`are rejected ${what}`, verifies('fapi2-ms/5.3.1-4'), async ({ rejects }) => {
      await rejects(edit, ...refusal);
    });

  for (const claim of ['iat', 'nbf'] as const) {
    test(
      `are accepted with ${claim} 10 seconds ahead`,
      verifies('fapi2-sp/5.3.2.1-13'),
      async ({ client, asking, exercise }) => {
        const ask = await asking(client);
        expect((await exercise(ask(requestObjectAhead(claim, 10)))).body).toMatchObject(accepted);
      },
    );

    test(
      `are rejected with ${claim} 61 seconds ahead`,
      verifies('fapi2-sp/5.3.2.1-13'),
      async ({ rejects }) => {
        await rejects(requestObjectAhead(claim, 61), ...refusal);
      },
    );
  }

  for (const [what, edit] of Object.entries({
    unsigned: requestObjectUnsigned('none'),
    // Algorithms are compared with regard to case (RFC 7515, section 4.1.1): this one is unknown.
    'unsigned, with none in capitals': requestObjectUnsigned('NONE'),
  }))
    test(`are rejected ${what}`, verifies('fapi2-sp/5.4.1-1.3'), async ({ rejects }) => {
      await rejects(edit, ...refusal);
    });

  test(
    'are rejected when a public key is their secret',
    verifies('fapi2-sp/5.4.1-1.1'),
    async ({ rejects }) => {
      await rejects(requestObjectKeyConfused, ...refusal);
    },
  );

  // Each of these can sign with a key that is registered for a permitted algorithm.
  for (const { forbidden, permitted } of [
    { forbidden: 'RS256', permitted: 'PS256' },
    { forbidden: 'ES384', permitted: 'ES256' },
  ] as const satisfies readonly Record<'forbidden' | 'permitted', Algorithm>[])
    test(
      `are rejected with the algorithm ${forbidden}`,
      verifies('fapi2-sp/5.4.1-1.2'),
      async ({ client, other, asking, exercise, given }) => {
        const signer = given(
          [client, other].find(({ parts }) => parts.key?.alg === permitted),
          `expected one of the two clients to have a key for ${permitted}, without which ${forbidden} cannot be tried`,
        );
        const ask = await asking(signer);
        expect(refusal).toContain(errorOf(await exercise(ask(requestObjectAlgorithm(forbidden)))));
      },
    );

  // RFC 7523, section 3: an assertion has the client as its sub, which a request object has not.
  test.describe('as client assertions', when('private_key_jwt'), () => {
    test('are rejected', verifies('fapi2-sp/5.3.2.1-6'), async ({ rejects }) => {
      await rejects(requestObjectAsAssertion, 'invalid_client', 'invalid_request');
    });
  });
});
