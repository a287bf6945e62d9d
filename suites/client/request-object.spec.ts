import type { Arrival } from '../../src/actors/sandbox/arrival.ts';
import type { Issuer } from '../../src/actors/sandbox/issuer.ts';
import { requestObjectOf, signedByOneOf, type Jwt } from '../../src/actors/sandbox/read.ts';
import { permittedAlgorithms } from '../../src/protocol/jws.ts';
import { arrivalsAt, expect, test as base, verifies, when } from './sent.ts';

/** RFC 9126, section 3: what may stand beside a request object serves the authentication of the client. */
const beside = ['request', 'client_id', 'client_assertion', 'client_assertion_type'];

/** Without these a request of FAPI 2.0 says nothing (5.3.3.2). */
const needed = ['response_type', 'client_id', 'redirect_uri', 'code_challenge', 'code_challenge_method'];

interface Signed {
  readonly issuer: Issuer;
  readonly push: Arrival;
  readonly object: Jwt;
}

const test = base.extend<{
  /** The pushed requests with their request objects. That there is one in each is what the client has declared. */
  readonly objects: () => Promise<readonly Signed[]>;
}>({
  objects: [
    async ({ issuers, given }, use) =>
      use(async () => {
        const pushes = (await issuers()).flatMap((issuer) =>
          arrivalsAt(issuer, 'push').map((push) => ({ issuer, push })),
        );
        given(pushes.length > 0, 'expected the client to push a request');
        return pushes.map((pushed) => {
          const object = requestObjectOf(pushed.push);
          expect(object !== undefined, 'whether there is a request object').toBe(true);
          return { ...pushed, object: object ?? { text: '', header: {}, claims: {} } };
        });
      }),
    { box: 'self' },
  ],
});

test.describe('the request object', when('signed-request'), () => {
  test('has all parameters of the request', verifies('fapi2-ms/5.3.2-1'), async ({ objects }) => {
    for (const { push, object } of await objects()) {
      const outside = [...push.form.keys()].filter((name) => !beside.includes(name));
      expect(outside, 'parameters beside the request object').toEqual([]);
      const missing = needed.filter((name) => typeof object.claims[name] !== 'string');
      expect(missing, 'parameters that are not in the request object').toEqual([]);
    }
  });

  test('is signed by a registered key', verifies('fapi2-ms/5.3.2-1'), async ({ objects, clientSession }) => {
    const { keys } = await clientSession.registration();
    for (const { object } of await objects()) expect(await signedByOneOf(object, keys)).toBe(true);
  });

  test('is signed with an algorithm of FAPI 2.0', verifies('fapi2-sp/5.4.1-1.2'), async ({ objects }) => {
    for (const { object } of await objects()) expect(permittedAlgorithms).toContain(object.header['alg']);
  });

  test('is signed at all', verifies('fapi2-sp/5.4.1-1.3'), async ({ objects }) => {
    for (const { object } of await objects()) {
      expect(String(object.header['alg']).toLowerCase()).not.toBe('none');
      expect(object.text.endsWith('.')).toBe(false);
    }
  });

  // A list with the issuer in it is what servers have to take (5.3.1).
  test('is for the issuer', verifies('fapi2-ms/5.3.2-2'), async ({ objects }) => {
    for (const { issuer, object } of await objects())
      expect([object.claims['aud']].flat()).toContain(issuer.world.issuer);
  });

  test('says from when on it is valid', verifies('fapi2-ms/5.3.2-3'), async ({ objects }) => {
    for (const { object } of await objects()) expect(object.claims['nbf']).toEqual(expect.any(Number));
  });

  test(
    'expires within 60 minutes of its beginning',
    verifies('fapi2-ms/5.3.2-4'),
    async ({ objects, measure }) => {
      for (const { object } of await objects()) {
        const { exp, nbf, iat } = object.claims;
        expect(exp).toEqual(expect.any(Number));
        // Without a beginning, which is judged by itself, the time of its making counts.
        const life = Number(exp) - Number(nbf ?? iat);
        measure('life of the request object', life, 's');
        expect(life).toBeLessThanOrEqual(3600);
      }
    },
  );

  // RFC 7515, section 4.1.9: the media type may stand in full, in either case.
  test('has the typ oauth-authz-req+jwt', verifies('fapi2-ms/5.3.2-5'), async ({ objects }) => {
    for (const { object } of await objects())
      expect(String(object.header['typ'])).toMatch(/^(?:application\/)?oauth-authz-req\+jwt$/iu);
  });
});
