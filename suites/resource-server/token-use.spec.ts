import { createPublicKey, createSecretKey } from 'node:crypto';
import { memberOf } from '../../src/actors/answers.ts';
import {
  altered,
  anotherToken,
  authorizationTwice,
  forgedToken,
  scheme,
  tokenAlsoInQuery,
  tokenIn,
  withoutToken,
} from '../../src/actors/edits/token.ts';
import { fetchKeySet, keysIn } from '../../src/actors/key-set.ts';
import { generateKey } from '../../src/protocol/keys.ts';
import { between, eventually } from '../eventually.ts';
import { expect, test, verifies, when, type Refusal } from '../test.ts';

test.use({ operation: 'call' });

// RFC 6750, section 3.1 names invalid_token and 401, but recommends both only; the profile wants the refusal.
const invalid = ['invalid_token', 'unauthenticated', 'forbidden'] as const satisfies readonly Refusal[];

// What is malformed may be called so as well.
const malformed = ['invalid_request', 'bad-request', ...invalid] as const satisfies readonly Refusal[];

test.describe('access tokens at the resource API', () => {
  test(
    'are accepted in the Authorization header',
    verifies('fapi2-sp/5.3.4-1'),
    async ({ client, resource, exercise }) => {
      const { access } = await client.tokens();
      const reply = await exercise(client.call(resource, access));
      expect(Math.floor(reply.status / 100)).toBe(2);
    },
  );

  test(
    'are accepted with their scheme in any case',
    verifies('rfc9110/11.1-1'),
    async ({ asking, client, exercise }) => {
      const ask = await asking(client);
      const names =
        client.parts.variant.sender_constraint === 'dpop'
          ? ['dpop', 'DPOP', 'dpOP']
          : ['bearer', 'BEARER', 'bEARER'];
      const statuses: (readonly [string, number])[] = [];
      for (const name of names) statuses.push([name, (await exercise(ask(scheme(name)))).status]);
      expect(statuses.filter(([, status]) => status >= 300)).toEqual([]);
    },
  );

  // The form body of RFC 6750, section 2.2 is not judged: the profile leaves it open.
  test('are rejected in the query', verifies('fapi2-sp/5.3.4-2'), async ({ rejects }) => {
    await rejects(tokenIn('query'), ...malformed);
  });

  // The profile forbids to accept them there; who takes the header and leaves the query alone has not done so. RFC 6750,
  // section 3.1: more than one method is an invalid_request.
  test('are rejected in header and query together', verifies('rfc6750/3.1-1'), async ({ rejects }) => {
    await rejects(tokenAlsoInQuery, ...malformed);
  });

  for (const order of ['before', 'after'] as const)
    test(`are rejected with a made-up one ${order} them`, verifies('rfc6750/3.1-1'), async ({ rejects }) => {
      await rejects(authorizationTwice(order), ...malformed);
    });

  test('are demanded', verifies('fapi2-sp/5.3.4-3'), async ({ rejects }) => {
    await rejects(withoutToken, ...malformed);
  });

  // RFC 6750, section 2.1, RFC 9449, section 7.1: the token is sent by its scheme. That another one is refused is nowhere
  // demanded: the token is genuine, and so is its sender.
  for (const name of ['Basic', 'Token', 'DPoPBearer'])
    test(`are rejected with the scheme ${name}`, verifies('rfc6750/3.1-1'), async ({ rejects }) => {
      await rejects(scheme(name), ...malformed);
    });
});

test.describe('the resource API', () => {
  for (const [what, place] of [
    ['its first half, or the header of a JWT', 'start'],
    ['its middle, or the claims of a JWT', 'middle'],
    ['its second half, or the signature of a JWT', 'end'],
  ] as const)
    test(`rejects a token altered in ${what}`, verifies('fapi2-sp/5.3.4-3'), async ({ rejects }) => {
      await rejects(
        anotherToken(`token altered in ${what}`, (token) => altered(token, place)),
        ...invalid,
      );
    });

  // Four characters of base64 are three bytes: one could go unnoticed.
  for (const [what, change] of Object.entries({
    'a truncated token': (token: string) => token.slice(0, -4),
    'a token with a suffix': (token: string) => `${token}AAAA`,
    'a token with a prefix': (token: string) => `AAAA${token}`,
  }))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.4-3'), async ({ rejects }) => {
      await rejects(anotherToken(what, change), ...malformed);
    });

  test('rejects an empty token', verifies('fapi2-sp/5.3.4-3'), async ({ rejects }) => {
    await rejects(
      anotherToken('empty token', () => ''),
      ...malformed,
    );
  });

  // Not a token68 (RFC 9110, section 11.2); that what is malformed is an invalid_request is recommended only.
  test('rejects a token with a space in it', verifies('rfc6750/3.1-1'), async ({ rejects }) => {
    const spaced = (token: string) => `${token.slice(0, 8)} ${token.slice(8)}`;
    await rejects(anotherToken('space in the token', spaced), ...malformed);
  });

  test('rejects a made-up token', verifies('fapi2-sp/5.3.4-3'), async ({ rejects }) => {
    const madeUp = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
    await rejects(
      anotherToken('made-up access token', () => madeUp),
      ...invalid,
    );
  });

  test(
    'rejects a JWT of the same claims that another signed',
    verifies('fapi2-sp/5.3.4-3'),
    async ({ client, metadata, transport, rejects }) => {
      const [{ kid } = {}] = keysIn(await fetchKeySet(transport, metadata));
      const { key } = generateKey('ES256');
      const header = { alg: 'ES256', ...(kid === undefined ? {} : { kid }) } as const;
      await rejects(
        forgedToken('JWT of another signer', client.parts.registration, { header, key }),
        ...invalid,
      );
    },
  );

  test(
    'rejects a JWT of the same claims that nobody signed',
    verifies('fapi2-sp/5.4.1-1.3'),
    async ({ client, rejects }) => {
      const { key } = generateKey('ES256');
      const forgery = { header: { alg: 'none' }, key } as const;
      await rejects(forgedToken('unsigned JWT', client.parts.registration, forgery), ...invalid);
    },
  );

  // RFC 8725, section 2.1: who verifies by whatever algorithm the token names takes the public key for the secret of a MAC.
  test(
    'rejects a JWT whose MAC is made by a public key of the issuer',
    verifies('fapi2-sp/5.4.1-1.1'),
    async ({ client, metadata, transport, rejects }) => {
      const published = keysIn(await fetchKeySet(transport, metadata)).find(({ kty }) => kty !== 'oct');
      const jwk = published ?? generateKey('ES256').key.export({ format: 'jwk' });
      const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
      const header = { alg: 'HS256', ...(published ? { kid: published['kid'] } : {}) } as const;
      const key = createSecretKey(Buffer.from(pem));
      await rejects(forgedToken('JWT with a MAC', client.parts.registration, { header, key }), ...invalid);
    },
  );

  test.describe('', when('authorization_code'), () => {
    test.describe('', when('openid'), () => {
      // The signature is that of the issuer: only what the token is for is wrong.
      test('rejects an ID token', verifies('fapi2-sp/5.3.4-3'), async ({ client, given, rejects }) => {
        const token = memberOf((await client.tokens()).reply, 'id_token');
        const value = given(typeof token === 'string' && token, 'expected an ID token');
        await rejects(
          anotherToken('ID token as access token', () => value),
          ...invalid,
        );
      });
    });

    test.describe('', when('refresh-token'), () => {
      test('rejects a refresh token', verifies('fapi2-sp/5.3.4-3'), async ({ client, given, rejects }) => {
        const { refresh } = await client.tokens();
        const value = given(refresh, 'expected a refresh token');
        await rejects(
          anotherToken('refresh token as access token', () => value),
          ...invalid,
        );
      });
    });
  });

  test.describe('', when('revocation'), () => {
    test(
      'rejects a revoked token, soon after its revocation',
      verifies('fapi2-sp/5.3.4-3'),
      async ({ client, resource, exercise, given, measure }) => {
        const { access } = await client.tokens();
        const call = () => client.call(resource, access);
        given((await call()).status < 300, 'expected the call to succeed before the revocation');
        const revoked = await client.revoke(access);
        given(revoked.status === 200, 'expected the revocation of the access token to succeed');
        const refused = ({ status }: { status: number }): boolean => status === 401 || status === 403;
        const reply = await exercise(eventually(call, refused));
        expect(refused(reply) ? 'refused' : `status ${reply.status} after 5 s`).toBe('refused');
        measure(
          'revoked access token refused by the API within',
          between(revoked.exchange, reply.exchange),
          'ms',
        );
      },
    );
  });
});
