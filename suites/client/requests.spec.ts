import { purposes } from '../../src/actors/sandbox/arrival.ts';
import { parametersOf } from '../../src/actors/sandbox/front.ts';
import { sha256 } from '../../src/protocol/jws.ts';
import type { Grant } from '../../src/actors/sandbox/issuer.ts';
import { boxed } from '../boxed.ts';
import { arrivalsAt, authenticated, expect, test as base, verifies, when } from './sent.ts';

/** The transformations of RFC 7636, section 4.2. */
const challengeOf = (verifier: string, method: string | undefined): string =>
  method === 'S256' ? sha256(verifier) : verifier;

interface Redemption {
  readonly form: URLSearchParams;
  /** What the code was asked for with. */
  readonly asked: Grant['parameters'];
}

interface Fixtures {
  /** The codes that were redeemed in valid flows, of which there must be some. */
  readonly redemptions: () => Promise<readonly Redemption[]>;
}

const fixtures: Parameters<typeof base.extend<Fixtures>>[0] = {
  redemptions: async ({ issuers, given }, use) =>
    use(async () => {
      const found = (await issuers()).flatMap((issuer) =>
        arrivalsAt(issuer, 'token').flatMap(({ form }) => {
          const asked = issuer.codes.get(form.get('code') ?? '')?.parameters;
          return asked === undefined ? [] : [{ form, asked }];
        }),
      );
      return given(found.length > 0 && found, 'expected the client to redeem a code');
    }),
};

const test = base.extend<Fixtures>(boxed(fixtures));

test.describe('the pushed request', when('authorization_code'), () => {
  test('challenges with S256', verifies('fapi2-sp/5.3.3.2-3'), async ({ sent }) => {
    for (const { form } of await sent('push')) {
      const parameters = parametersOf(form);
      expect(parameters.get('code_challenge_method'), 'code_challenge_method').toBe('S256');
      // RFC 7636, section 4.2: SHA-256 in base64url.
      expect(parameters.get('code_challenge') ?? '', 'code_challenge').toMatch(/^[\w-]{43}$/u);
    }
  });

  // OpenID Connect Core, section 3.1.2.1: a nonce may be left out. Of the length of state nothing is said.
  test('sends a nonce of 64 characters at most', verifies('fapi2-sp/5.3.3.2-7'), async ({ sent }) => {
    for (const { form } of await sent('push'))
      expect(parametersOf(form).get('nonce')?.length ?? 0, 'characters of the nonce').toBeLessThanOrEqual(64);
  });
});

test.describe('the redemption of a code', when('authorization_code'), () => {
  test(
    'redeems a code with the verifier of its challenge',
    verifies('rfc6749/4.1.3-2'),
    async ({ redemptions }) => {
      for (const { form, asked } of await redemptions())
        expect(
          challengeOf(form.get('code_verifier') ?? '', asked.get('code_challenge_method')),
          'challenge of the code_verifier',
        ).toBe(asked.get('code_challenge'));
    },
  );

  // RFC 6749, section 4.1.3: required where the authorization request had it, and identical.
  test(
    'redeems a code with the redirect_uri of its request',
    verifies('rfc6749/4.1.3-2'),
    async ({ redemptions }) => {
      for (const { form, asked } of await redemptions())
        expect(form.get('redirect_uri'), 'redirect_uri of the token request').toBe(
          asked.get('redirect_uri') ?? null,
        );
    },
  );

  test(
    'makes verifiers of 43 to 128 unreserved characters',
    verifies('rfc7636/4.1-1'),
    async ({ sent, given }) => {
      const verifiers = (await sent('token')).flatMap(({ form }) => form.get('code_verifier') ?? []);
      for (const verifier of given(verifiers.length > 0 && verifiers, 'expected a code_verifier')) {
        // Not the text itself: it is a secret.
        expect(verifier.length, 'characters of the code_verifier').toBeGreaterThanOrEqual(43);
        expect(verifier.length, 'characters of the code_verifier').toBeLessThanOrEqual(128);
        expect(verifier.replaceAll(/[\w.~-]/gu, ''), 'characters that are not unreserved').toBe('');
      }
    },
  );
});

test.describe('what the client asks for', () => {
  // RFC 6749, section 3.3: a request may leave the scope to the server. That a refresh asks for no more is rfc6749/6-2.
  test(
    'asks for registered scopes only',
    verifies('fapi2-sp/5.3.3.1-13'),
    async ({ sent, partner: { client, profile } }) => {
      const own = [...client.scope.split(' '), ...(profile.protocol === 'openid' ? ['openid'] : [])];
      for (const { form } of await sent('push', 'token')) {
        const asked = parametersOf(form).get('scope')?.split(' ') ?? [];
        expect(
          asked.filter((scope) => scope !== '' && !own.includes(scope)),
          'scopes that are not registered',
        ).toEqual([]);
      }
    },
  );

  test('sends no shared secret', verifies('fapi2-sp/5.3.3.1-2'), async ({ sent }) => {
    for (const { at, form, headers } of await sent(...authenticated)) {
      expect(form.has('client_secret'), `client_secret in the ${purposes[at]}`).toBe(false);
      const schemes = headers
        .filter(({ name }) => name.toLowerCase() === 'authorization')
        .map(({ value }) => value.split(' ', 1)[0]?.toLowerCase());
      expect(schemes, `scheme of the ${purposes[at]}`).not.toContain('basic');
    }
  });

  // RFC 6749, section 2.3.1; RFC 7521, section 4.2: beside an assertion client_id may be left out.
  test.describe('without assertions', when('tls_client_auth', 'self_signed_tls_client_auth'), () => {
    test(
      'names itself in every request that it authenticates',
      verifies('fapi2-sp/5.3.3.1-2'),
      async ({ sent, partner }) => {
        // RFC 8705, section 2: by client_id the server knows whose certificate to expect.
        for (const { at, form } of await sent(...authenticated))
          expect(form.get('client_id'), purposes[at]).toBe(partner.client.id);
      },
    );
  });
});
