import type { Deviation } from '../../src/actors/sandbox/deviation.ts';
import { bodyWith, claimsWith, type Members } from '../../src/actors/sandbox/edits.ts';
import { parametersOf } from '../../src/actors/sandbox/front.ts';
import type { Issuer } from '../../src/actors/sandbox/issuer.ts';
import { forbidden, macByPublicKey, unauthentic, unknownExtension, unsigned } from './forgeries.ts';
import { test, verifies, when } from './test.ts';

/** Seconds, beyond what clocks may differ by (OpenID Connect Core, section 3.1.3.7, items 9 and 10). */
const ago = { tenMinutes: 600, day: 86_400 } as const;
const elsewhere = 'https://other.example';

const claiming = (name: string, claims: Members): Deviation => claimsWith('id-token', name, claims);

/** The nonce of the authorization request. */
function nonceSent({ arrivals }: Issuer): string | undefined {
  const pushes = arrivals.filter(({ at }) => at === 'push');
  return pushes.map(({ form }) => parametersOf(form).get('nonce')).find((nonce) => nonce !== undefined);
}

test.describe('an ID token', when('openid'), () => {
  test.describe('of a user', when('authorization_code'), () => {
    // Section 3.1.3.3 has it in every token response; what the client does without is for it to say.
    test('is there', verifies('oidc-core/3.1.3.3-1'), async ({ stops }) => {
      await stops(bodyWith('token', 'no ID token', { id_token: undefined }));
    });

    for (const [what, deviation] of Object.entries({
      'another issuer': claiming('iss of another server', { iss: elsewhere }),
      'no issuer': claiming('no iss', { iss: undefined }),
      'the issuer with a slash': claiming('iss with a final slash', { iss: ({ issuer }) => `${issuer}/` }),
    }))
      test(`of ${what} is refused`, verifies('oidc-core/3.1.3.7-2'), async ({ stops }) => {
        await stops(deviation);
      });

    // An audience besides that azp explains may be one that the client trusts (item 3): it is not judged.
    for (const [what, deviation] of Object.entries({
      'another client': claiming('aud of another client', { aud: 'another-client' }),
      'other clients': claiming('aud of two others', { aud: ['another-client', elsewhere] }),
      'no audience': claiming('no aud', { aud: undefined }),
      'an empty list of audiences': claiming('an empty aud', { aud: [] }),
      'somebody unknown besides': claiming('aud with an unknown one besides', {
        aud: ({ registration }) => [registration.id, elsewhere],
      }),
    }))
      test(`for ${what} is refused`, verifies('oidc-core/3.1.3.7-3'), async ({ stops }) => {
        await stops(deviation);
      });

    test(
      'for a list of the client alone is accepted',
      verifies('oidc-core/3.1.3.7-3'),
      async ({ completes }) => {
        await completes(claiming('aud as a list of one', { aud: ({ registration }) => [registration.id] }));
      },
    );

    test('authorised to another client is refused', verifies('oidc-core/3.1.3.7-5'), async ({ stops }) => {
      await stops(claiming('azp of another client', { azp: 'another-client' }));
    });

    for (const [what, deviation] of Object.entries({
      'that expired ten minutes ago': claiming('an exp of ten minutes ago', {
        exp: ({ now }) => now() - ago.tenMinutes,
      }),
      'without exp': claiming('no exp', { exp: undefined }),
    }))
      test(`${what} is refused`, verifies('oidc-core/3.1.3.7-9'), async ({ stops }) => {
        await stops(deviation);
      });

    for (const [what, deviation] of Object.entries({
      'of yesterday': claiming('an iat of yesterday', { iat: ({ now }) => now() - ago.day }),
      'of tomorrow': claiming('an iat of tomorrow', { iat: ({ now }) => now() + ago.day }),
    }))
      test(`${what} is refused`, verifies('oidc-core/3.1.3.7-10'), async ({ stops }) => {
        await stops(deviation);
      });

    // A client need not send a nonce, as PKCE protects the code (FAPI 2.0, 5.3.3.2). Without one there is nothing to compare:
    // that none was sent is all that there is to see.
    for (const [what, deviation] of Object.entries({
      'with another nonce than was sent': claiming('another nonce', { nonce: 'of-another-login' }),
      'without the nonce that was sent': claiming('no nonce', { nonce: undefined }),
    }))
      test(`${what} is refused`, verifies('oidc-core/3.1.3.7-11'), async ({ exercise, valid, stops }) => {
        const { issuer } = await exercise(valid());
        if (nonceSent(issuer) !== undefined) await stops(deviation);
      });

    test('with another at_hash is refused', verifies('oidc-core/3.1.3.8-1'), async ({ stops }) => {
      await stops(claiming('another at_hash', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }));
    });

    // FAPI 2.0, 5.4.1 binds whoever processes a JWT, even where TLS vouches for it in place of the signature.
    for (const [what, deviation] of Object.entries(forbidden('id-token')))
      test(`${what} is refused`, verifies('fapi2-sp/5.4.1-1.2'), async ({ stops }) => {
        await stops(deviation);
      });

    for (const [what, deviation] of Object.entries(unsigned('id-token')))
      test(`${what} is refused`, verifies('fapi2-sp/5.4.1-1.3'), async ({ stops }) => {
        await stops(deviation);
      });

    // That its typ is at+jwt is not judged: no specification gives ID tokens a typ, and this one has the nonce, which tells it
    // from others (RFC 8725, section 3.12).
    test('with a MAC by the public key is refused', verifies('fapi2-sp/5.4.1-1.1'), async ({ stops }) => {
      await stops(macByPublicKey('id-token'));
    });
  });

  test.describe('that is signed', when('signed-id-token'), () => {
    for (const [what, deviation] of Object.entries(unauthentic('id-token')))
      test(`${what} is refused`, verifies('fapi2-ms/5.6.2-1'), async ({ stops }) => {
        await stops(deviation);
      });

    test(
      'with an unknown extension in crit is refused',
      verifies('fapi2-sp/5.4.1-1.1'),
      async ({ stops }) => {
        await stops(unknownExtension('id-token'));
      },
    );
  });
});
