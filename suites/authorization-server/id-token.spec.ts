import { compactVerify, importJWK } from 'jose';
import { memberOf, tokensIn } from '../../src/actors/answers.ts';
import type { Client, Tokens } from '../../src/actors/client.ts';
import type { Edit } from '../../src/actors/draft.ts';
import { replace, without } from '../../src/actors/edits/form.ts';
import { fetchKeySet, keysIn, type PublishedKey } from '../../src/actors/key-set.ts';
import { halfHash } from '../../src/protocol/half-hash.ts';
import { claimsOf, permittedAlgorithms } from '../../src/protocol/jws.ts';
import { listOf } from '../../src/protocol/metadata.ts';
import type { Reply } from '../../src/transport/transport.ts';
import { expect, test, verifies, when } from '../test.ts';

type Members = Readonly<Record<string, unknown>>;

interface IdToken {
  readonly jwt: string;
  readonly header: Members;
  readonly claims: Members;
  /** Seconds since 1970 when it was issued, by the server's clock. */
  readonly date: number;
}

/** The ID token of a token response, whoever signed it; that there is none contradicts. */
function idTokenIn(reply: Reply): IdToken {
  const jwt = String(memberOf(reply, 'id_token'));
  // The header is what the claims of a JWT with one more part before it are.
  const [header, claims] = [claimsOf(`.${jwt}`), claimsOf(jwt)];
  expect([header, claims], 'an ID token in the token response').toEqual([
    expect.any(Object),
    expect.any(Object),
  ]);
  const date = Math.floor(Date.parse(reply.headers['date'] ?? '') / 1000);
  return { jwt, header: header ?? {}, claims: claims ?? {}, date };
}

const signIn = async (
  exercise: <T>(question: Promise<T>) => Promise<T>,
  client: Client,
  ...edits: readonly Edit[]
): Promise<IdToken & { readonly tokens: Tokens }> => {
  const tokens = await exercise(client.tokens(...edits));
  return { ...idTokenIn(tokens.reply), tokens };
};

/** The same, for checks of what an ID token is like: that there is none is another check's matter. */
const presupposed = async (
  given: (value: boolean, expected: string) => unknown,
  exercise: <T>(question: Promise<T>) => Promise<T>,
  client: Client,
  ...edits: readonly Edit[]
): Promise<IdToken> => {
  const { reply } = await exercise(client.tokens(...edits));
  given(memberOf(reply, 'id_token') !== undefined, 'expected an ID token in the token response');
  return idTokenIn(reply);
};

/** Whether one of the keys that may be meant made the signature. */
async function signedByOneOf(keys: readonly PublishedKey[], { jwt, header }: IdToken): Promise<boolean> {
  const { alg, kid } = header;
  const meant = keys.filter((key) => kid === undefined || key['kid'] === kid);
  const verified = meant.map(async (key) =>
    compactVerify(jwt, await importJWK({ ...key, kty: String(key.kty) }, String(alg))).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(verified.map((each) => each.catch(() => false)))).includes(true);
}

/** Clocks within one system, and the time that a token takes from its issue to its answer, in seconds. */
const leeway = 60;

// Encryption, and what is within a signed one, are not judged. Nor is a missing azp: OpenID Connect Core, section 2 leaves it
// to extensions.
test.describe('the ID token', when('openid'), () => {
  test.describe('of a user', when('authorization_code'), () => {
    test(
      'is signed by a published key',
      verifies('fapi2-sp/5.3.2.3-1'),
      async ({ client, metadata, transport, exercise }) => {
        const keys = keysIn(await fetchKeySet(transport, metadata));
        const token = await signIn(exercise, client);
        expect(await signedByOneOf(keys, token)).toBe(true);
      },
    );

    // OpenID Connect Core, section 10.1.
    test(
      'names its key, where several are published',
      verifies('fapi2-sp/5.3.2.3-1'),
      async ({ client, metadata, transport, exercise, given }) => {
        const keys = keysIn(await fetchKeySet(transport, metadata));
        given(keys.length > 0, 'expected keys at the jwks_uri');
        const { header } = await signIn(exercise, client);
        if (keys.length > 1) expect(keys.map(({ kid }) => kid)).toContain(header['kid'] ?? 'no kid');
      },
    );

    test('names its issuer', verifies('fapi2-sp/5.3.2.3-1'), async ({ client, metadata, exercise }) => {
      const { claims } = await signIn(exercise, client);
      expect(claims['iss']).toBe(metadata.issuer);
    });

    test('is addressed to the client', verifies('fapi2-sp/5.3.2.3-1'), async ({ client, exercise }) => {
      const { claims } = await signIn(exercise, client);
      expect([claims['aud']].flat()).toContain(client.id);
      expect(claims['azp'] ?? client.id).toBe(client.id);
    });

    test('holds the nonce of the request', verifies('fapi2-sp/5.3.2.3-1'), async ({ client, exercise }) => {
      const { claims, tokens } = await signIn(exercise, client);
      expect(claims['nonce']).toBe(tokens.nonce);
    });

    // OpenID Connect Core, section 3.1.3.7, item 11: a client compares what is there with what it sent.
    test(
      'holds no nonce where none was sent',
      verifies('fapi2-sp/5.3.2.3-1'),
      async ({ client, exercise }) => {
        const { claims } = await signIn(exercise, client, without('nonce'));
        expect(claims).not.toHaveProperty('nonce');
      },
    );

    test(
      'tells times that fit the clock of the server',
      verifies('fapi2-sp/5.3.2.3-1'),
      async ({ client, exercise, given }) => {
        const { claims, date } = await signIn(exercise, client);
        given(Number.isInteger(date), 'expected a Date header in the token response');
        const { iat, exp } = claims;
        expect({ iat, exp }).toEqual({ iat: expect.any(Number), exp: expect.any(Number) });
        expect(Math.abs(Number(iat) - date)).toBeLessThanOrEqual(leeway);
        expect(Number(exp)).toBeGreaterThan(date);
        // Milliseconds lie a thousand centuries ahead.
        expect(Number(exp)).toBeLessThan(date * 10);
      },
    );

    test.describe('asked for in plain parameters', when('plain-request'), () => {
      // OpenID Connect Core, section 2: auth_time is required where max_age was asked for.
      test(
        'tells when the user signed in, where max_age is asked for',
        verifies('fapi2-sp/5.3.2.3-1'),
        async ({ client, exercise, given }) => {
          const { claims, date } = await signIn(exercise, client, replace('max_age', '3600'));
          given(Number.isInteger(date), 'expected a Date header in the token response');
          const time = claims['auth_time'];
          expect(time).toEqual(expect.any(Number));
          expect(Number(time)).toBeLessThanOrEqual(date + leeway);
          expect(Number(time)).toBeGreaterThanOrEqual(date - 3600 - leeway);
        },
      );
    });

    // They are optional in this flow (OpenID Connect Core, section 3.1.3.6), and must be right where they are.
    test('has right hashes, if any', verifies('fapi2-sp/5.3.2.3-1'), async ({ client, exercise }) => {
      const grant = await client.grant();
      const { reply, access } = tokensIn(await exercise(client.redeem(grant)));
      const { header, claims } = idTokenIn(reply);
      const values = { at_hash: access, c_hash: grant.code, s_hash: grant.state };
      const wrong = Object.entries(values).filter(([name, value]) => {
        const right = halfHash(String(header['alg']), value);
        return claims[name] !== undefined && right !== undefined && claims[name] !== right;
      });
      expect(wrong.map(([name]) => name)).toEqual([]);
    });

    test(
      'is signed with a permitted algorithm',
      verifies('fapi2-sp/5.4.1-1.2'),
      async ({ client, exercise, given }) => {
        const { header } = await presupposed(given, exercise, client);
        expect(permittedAlgorithms).toContain(header['alg']);
      },
    );

    // OpenID Connect Discovery, section 3: those that the server supports. Which one of them is the client's is not known here.
    test(
      'is signed with an algorithm of the metadata',
      verifies('fapi2-sp/5.3.2.3-1'),
      async ({ client, metadata, exercise }) => {
        const { header } = await signIn(exercise, client);
        expect(listOf(metadata, 'id_token_signing_alg_values_supported')).toContain(header['alg']);
      },
    );

    test('refers to no keys elsewhere', verifies('fapi2-sp/5.4.2-2'), async ({ client, exercise, given }) => {
      const { header } = await presupposed(given, exercise, client);
      expect(Object.keys(header).filter((name) => name === 'x5u' || name === 'jku')).toEqual([]);
    });

    // OpenID Connect Core, section 2: never reassigned, and of 255 ASCII characters at most.
    test('names the same user each time', verifies('fapi2-sp/5.3.2.3-1'), async ({ client, exercise }) => {
      const first = await signIn(exercise, client);
      const second = await signIn(exercise, client);
      expect(first.claims['sub']).toEqual(expect.stringMatching(/^[\0-\u007f]{1,255}$/u));
      expect(second.claims['sub']).toBe(first.claims['sub']);
    });

    test(
      'returns a nonce of 64 characters unchanged',
      verifies('fapi2-sp/5.3.2.2-14'),
      async ({ client, exercise, given }) => {
        const nonce = 'n'.repeat(32) + 'N'.repeat(32);
        const pushed = await exercise(client.begin(replace('nonce', nonce)));
        expect(pushed.reply.body).toMatchObject({ request_uri: expect.any(String) });
        const { claims } = await presupposed(given, exercise, client, replace('nonce', nonce));
        expect(claims).toHaveProperty('nonce', nonce);
      },
    );

    test.describe('when it is refreshed', when('refresh-token'), () => {
      // OpenID Connect Core, section 12.2. That it comes again, and with a nonce, is left to the server.
      test(
        'stays as it was when it is refreshed, if it comes again',
        verifies('fapi2-sp/5.3.2.3-1'),
        async ({ client, exercise, given }) => {
          const { claims, tokens } = await signIn(exercise, client);
          const { reply } = tokensIn(await client.refresh(given(tokens.refresh, 'expected a refresh token')));
          if (memberOf(reply, 'id_token') === undefined) return;
          const again = idTokenIn(reply);
          const kept = ({ iss, sub, aud, azp, auth_time }: Members) => ({ iss, sub, aud, azp, auth_time });
          expect(kept(again.claims)).toEqual({
            ...kept(claims),
            auth_time: again.claims['auth_time'] === undefined ? undefined : claims['auth_time'],
          });
          expect(again.claims['nonce'] ?? tokens.nonce).toBe(tokens.nonce);
          given(Number.isInteger(again.date), 'expected a Date header in the token response');
          expect(Math.abs(Number(again.claims['iat']) - again.date)).toBeLessThanOrEqual(leeway);
        },
      );
    });
  });
});
