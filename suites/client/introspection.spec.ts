import { headerOf } from '../../src/actors/sandbox/arrival.ts';
import type { Deviation } from '../../src/actors/sandbox/deviation.ts';
import { answering, claimsWith, jwtAs, type Members } from '../../src/actors/sandbox/edits.ts';
import { claimsOf, rewritten, signJws, withBrokenSignature } from '../../src/protocol/jws.ts';
import { expect, test, verifies, when } from './test.ts';

const mediaType = 'application/token-introspection+jwt';

const claiming = (name: string, claims: Members): Deviation => claimsWith('introspection', name, claims);
const signing = (name: string, edit: Parameters<typeof jwtAs>[2]): Deviation =>
  jwtAs('introspection', name, edit);

test.describe('a signed introspection response', when('signed-introspection'), () => {
  // RFC 9701, section 4.
  test('is asked for', verifies('fapi2-ms/5.5.2-1'), async ({ exercise, valid, given }) => {
    const { issuer } = await exercise(valid());
    const asked = issuer.arrivals.filter(({ at }) => at === 'introspection');
    given(asked.length > 0, 'expected the client to introspect a token');
    for (const arrival of asked) expect(headerOf(arrival, 'accept')).toContain(mediaType);
  });

  for (const [what, deviation] of Object.entries({
    'is not an unsigned one': answering('introspection', 'plain JSON', ({ body }) => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: claimsOf(String(body))?.['token_introspection'],
    })),
    'with an altered signature is refused': signing('an altered signature', (jwt) =>
      withBrokenSignature(signJws(jwt)),
    ),
    'with altered claims is refused': signing('other claims under the signature', (jwt) =>
      rewritten(signJws(jwt), { claims: (claims) => ({ ...claims, iat: Number(claims['iat']) - 1 }) }),
    ),
    'with alg none is refused': signing('alg none', (jwt) =>
      rewritten(signJws(jwt), { header: ({ typ }) => ({ alg: 'none', typ }), signature: '' }),
    ),
    'of an unpublished key is refused': signing(
      'a foreign key under the kid of the published one',
      (jwt, { keys }) => ({
        ...jwt,
        key: keys.foreign.key,
      }),
    ),
    'of another issuer is refused': claiming('iss of another server', { iss: 'https://other.example' }),
    'of no issuer is refused': claiming('no iss', { iss: undefined }),
    'for another client is refused': claiming('aud of another client', { aud: 'another-client' }),
    'for nobody is refused': claiming('no aud', { aud: undefined }),
    // RFC 9701, section 5: the typ keeps other JWTs of the server from being taken for it.
    'of another typ is refused': signing('typ JWT', ({ header, ...jwt }) => ({
      ...jwt,
      header: { ...header, typ: 'JWT' },
    })),
    'that says nothing of a token is refused': claiming('no token_introspection', {
      token_introspection: undefined,
      active: true,
    }),
  }))
    test(what, verifies('fapi2-ms/5.5.2-2'), async ({ stops }) => {
      await stops(deviation);
    });
});
