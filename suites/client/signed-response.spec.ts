import { createPublicKey, createSecretKey } from 'node:crypto';
import type { Deviation, Parameters } from '../../src/actors/sandbox/deviation.ts';
import { claimsWith, jwtAs, type Members } from '../../src/actors/sandbox/edits.ts';
import { parametersOf } from '../../src/actors/sandbox/front.ts';
import { published } from '../../src/actors/sandbox/server-keys.ts';
import { claimsOf, rewritten, signJws, withBrokenSignature } from '../../src/protocol/jws.ts';
import { generateKey, publicJwk } from '../../src/protocol/keys.ts';
import { expect, test, verifies, when } from './sent.ts';

type Signing = NonNullable<Deviation['jwt']>['edit'];
const claiming = (name: string, claims: Members): Deviation => claimsWith('response', name, claims);
const signing = (name: string, edit: Signing): Deviation => jwtAs('response', name, edit);

/** Seconds, beyond what clocks may differ by. */
const tenMinutes = 600;
const day = 86_400;

const es384 = { ...generateKey('ES384'), kid: 'sandbox-es384' };

/** The same response as if it had not been asked for in a JWT. */
const plain: Deviation = {
  name: 'plain parameters',
  at: 'authorization',
  response: (parameters): Parameters => {
    const claims = claimsOf(parameters.find(([name]) => name === 'response')?.[1] ?? '');
    // One that asked for no other has it already.
    if (claims === undefined) return parameters;
    const { code, state, iss } = claims;
    const members = Object.entries({ code, state, iss });
    return members.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));
  },
};

test.describe('a signed authorization response', when('signed-response'), () => {
  // FAPI 2.0 Message Signing names this value alone; query.jwt, which means the same here (JARM, section 2.3.4), is another.
  test('is asked for', verifies('fapi2-ms/5.4.2-1'), async ({ sent }) => {
    for (const { form } of await sent('push')) expect(parametersOf(form).get('response_mode')).toBe('jwt');
  });

  // Its iss and its state are judged with those of any response. That its typ is of another kind of JWT is not: JARM gives it
  // none, and no rule to examine it by.
  for (const [what, deviation] of Object.entries({
    'is not a plain one': plain,
    'with an altered signature is refused': signing('an altered signature', (jwt) =>
      withBrokenSignature(signJws(jwt)),
    ),
    'without a signature is refused': signing('no signature', (jwt) =>
      rewritten(signJws(jwt), { signature: '' }),
    ),
    'with altered claims is refused': signing('another exp under the signature', (jwt) =>
      rewritten(signJws(jwt), { claims: (claims) => ({ ...claims, exp: Number(claims['exp']) + 1 }) }),
    ),
    'of an unpublished key is refused': signing(
      'a foreign key under the kid of the published one',
      (jwt, { keys }) => ({ ...jwt, key: keys.foreign.key }),
    ),
    'of an unpublished key without kid is refused': signing(
      'a foreign key without kid',
      ({ claims }, { keys }) => ({ header: { alg: 'ES256' }, claims, key: keys.foreign.key }),
    ),
    'of a key in its header is refused': signing(
      'a foreign key in the header',
      ({ header, claims }, { keys }) => ({
        header: { alg: header.alg, jwk: publicJwk(keys.foreign.key) },
        claims,
        key: keys.foreign.key,
      }),
    ),
    // JARM, section 2.4.
    'for another client is refused': claiming('aud of another client', { aud: 'another-client' }),
    'for other clients is refused': claiming('aud of two others', { aud: ['another-client', 'a-third'] }),
    'for nobody is refused': claiming('no aud', { aud: undefined }),
    'that expired ten minutes ago is refused': claiming('an exp of ten minutes ago', {
      exp: ({ now }) => now() - tenMinutes,
    }),
    'without exp is refused': claiming('no exp', { exp: undefined }),
  }))
    test(what, verifies('fapi2-ms/5.4.2-2'), async ({ stops }) => {
      await stops(deviation);
    });

  // JARM, section 2.1: ten minutes at most are recommended to the server.
  test('that lives for a day is refused', verifies('jarm/2.4-1'), async ({ stops }) => {
    await stops(claiming('an exp of tomorrow', { exp: ({ now }) => now() + day }));
  });

  for (const [what, deviation] of Object.entries({
    RS256: {
      ...signing('RS256', ({ claims }, { keys: { rsa } }) => ({
        header: { alg: 'RS256', kid: rsa.kid },
        claims,
        key: rsa.key,
      })),
      published: ({ keys }) => [...keys.published, published(keys.rsa)],
    },
    ES384: {
      ...signing('ES384', ({ claims }) => ({
        header: { alg: 'ES384', kid: es384.kid },
        claims,
        key: es384.key,
      })),
      published: ({ keys }) => [...keys.published, published(es384)],
    },
  } satisfies Readonly<Record<string, Deviation>>))
    test(`signed with ${what} is refused`, verifies('fapi2-sp/5.4.1-1.2'), async ({ stops }) => {
      await stops(deviation);
    });

  for (const [what, spelling] of [
    ['none', 'none'],
    ['none in capitals', 'NONE'],
  ] as const)
    test(`with alg ${what} is refused`, verifies('fapi2-sp/5.4.1-1.3'), async ({ stops }) => {
      await stops(
        signing(`alg ${spelling}`, (jwt) =>
          rewritten(signJws(jwt), { header: () => ({ alg: spelling }), signature: '' }),
        ),
      );
    });

  for (const [what, deviation] of Object.entries({
    // RFC 8725, section 2.1.
    'with a MAC by the public key': signing('HS256 with the public key', ({ header, claims, key }) => ({
      header: { ...header, alg: 'HS256' },
      claims,
      key: createSecretKey(Buffer.from(createPublicKey(key).export({ type: 'spki', format: 'pem' }))),
    })),
    // RFC 7515, section 4.1.11.
    'with an unknown extension in crit': signing('an unknown extension in crit', ({ header, ...jwt }) => ({
      ...jwt,
      header: { ...header, crit: ['https://other.example/ext'], 'https://other.example/ext': true },
    })),
  }))
    test(`${what} is refused`, verifies('fapi2-sp/5.4.1-1.1'), async ({ stops }) => {
      await stops(deviation);
    });
});
