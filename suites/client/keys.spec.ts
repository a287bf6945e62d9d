import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import type { Answer } from '../../src/actors/sandbox/answer.ts';
import type { Deviation } from '../../src/actors/sandbox/deviation.ts';
import { answering, jwtAs, times } from '../../src/actors/sandbox/edits.ts';
import { published, type ServerKeys } from '../../src/actors/sandbox/server-keys.ts';
import { generateKey, type SigningKey } from '../../src/protocol/keys.ts';
import { expect, test, verifies, when } from './test.ts';

/** Another key set than the correct one. */
const publishing = (name: string, keys: (own: ServerKeys) => readonly JsonWebKey[]): Deviation =>
  answering('keys', name, (answer, world) => ({ ...answer, body: { keys: keys(world.keys) } }));

const answeringKeys = (name: string, edit: (answer: Answer) => Partial<Answer>): Deviation =>
  answering('keys', name, (answer) => ({ ...answer, ...edit(answer) }));

/** Keys that FAPI 2.0, section 5.4.3 has a client pass over by kty, crv, alg and use, under the kid of the right one. */
const decoys = ({ signing: { kid }, foreign, rsa }: ServerKeys): readonly JsonWebKey[] => [
  published({ ...rsa, alg: 'PS256', kid }),
  published({ ...generateKey('ES384'), kid }),
  published({ ...generateKey('EdDSA'), kid }),
  { ...published({ ...foreign, kid }), alg: 'ECDH-ES', use: 'enc' },
];

/** An ID token whose header says where its key is. */
const pointing = (member: string): Deviation =>
  jwtAs('id-token', `keys at ${member}`, ({ header: { alg }, claims }, { base, keys }) => ({
    header: { alg, kid: 'sandbox-elsewhere', [member]: `${base}/${member}` },
    claims,
    key: keys.foreign.key,
  }));

const weak = (): SigningKey & { readonly kid: string } => ({
  key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
  alg: 'PS256',
  kid: 'sandbox-weak',
});

test.describe('the keys of the server', () => {
  test.describe(
    'where signatures are verified',
    when('signed-id-token', 'signed-response', 'signed-introspection'),
    () => {
      test('are chosen by more than their kid', verifies('fapi2-sp/5.4.3-1'), async ({ completes }) => {
        await completes(
          publishing('other keys of the same kid', (own) => [...decoys(own), ...own.published]),
        );
      });

      test('are found beside one of an unknown kind', verifies('fapi2-sp/5.4.3-1'), async ({ completes }) => {
        // kty is the first of what section 5.4.3 chooses by; RFC 7517, section 5 has clients pass over those that they do not know.
        await completes(
          publishing('a key of an unknown kind', (own) => [
            { kty: 'assay', kid: own.signing.kid, use: 'sig' },
            ...own.published,
          ]),
        );
      });

      // OpenID Connect Core, section 10.1.1. How seldom they are fetched is for the client to say: it is measured.
      test(
        'are fetched again for an unknown kid',
        verifies('oidc-core/10.1.1-1'),
        async ({ completes, measure }) => {
          const { issuer } = await completes(
            times(
              1,
              publishing('the keys of before a rotation', ({ foreign }) => [
                published({ ...foreign, kid: 'sandbox-before' }),
              ]),
            ),
          );
          const fetches = issuer.arrivals.filter(({ at }) => at === 'keys');
          measure('key set requests of a rotation', fetches.length, 'requests');
        },
      );
    },
  );

  test.describe('of ID tokens', when('signed-id-token'), () => {
    for (const [what, deviation] of Object.entries({
      'are needed, not an error': answeringKeys('503', () => ({
        status: 503,
        body: { error: 'unavailable' },
      })),
      'are needed, not a page': answeringKeys('an HTML page', () => ({
        headers: { 'content-type': 'text/html' },
        body: '<!doctype html><title>Not now</title>',
      })),
      'are needed, not an empty set': publishing('an empty key set', () => []),
      'are needed, not an object without keys': answeringKeys('no keys', () => ({ body: {} })),
      'are needed, not others': publishing('others under another kid', ({ foreign }) => [
        published({ ...foreign, kid: 'sandbox-other' }),
      ]),
    }))
      test(what, verifies('fapi2-ms/5.6.2-1'), async ({ stops, measure }) => {
        const { issuer } = await stops(deviation);
        const fetches = issuer.arrivals.filter(({ at }) => at === 'keys');
        measure('key set requests in vain', fetches.length, 'requests');
      });

    // No algorithm of FAPI 2.0 works with a curve of less than 224 bits: RSA alone can be too short.
    test('have at least 2048 bits of RSA', verifies('fapi2-sp/5.4.1-2'), async ({ stops }) => {
      const { key, alg, kid } = weak();
      await stops({
        ...jwtAs('id-token', 'PS256 with a key of 1024 bits', ({ claims }) => ({
          header: { alg, kid },
          claims,
          key,
        })),
        published: (world) => [...world.keys.published, published({ key, alg, kid })],
      });
    });
  });

  test.describe('of ID tokens of a user', when('openid'), () => {
    test.describe('who came with a code', when('authorization_code'), () => {
      // Whether such an ID token is refused is not judged here.
      for (const member of ['jku', 'x5u'])
        test(
          `are not fetched from ${member}`,
          verifies('fapi2-sp/5.4.2-2'),
          async ({ exercise, valid, flow, given }) => {
            await valid();
            const { issuer } = await exercise(flow({ deviation: pointing(member) }));
            const since = given(issuer.since, 'expected the client to ask for tokens');
            const fetched = since.filter(({ url }) => url.pathname.endsWith(`/${member}`));
            expect(fetched.map(({ url }) => url.pathname)).toEqual([]);
          },
        );
    });
  });
});
