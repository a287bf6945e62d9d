import { createPublicKey, createSecretKey } from 'node:crypto';
import type { Deviation, JwtKind } from '../../src/actors/sandbox/deviation.ts';
import { jwtAs } from '../../src/actors/sandbox/edits.ts';
import { published } from '../../src/actors/sandbox/server-keys.ts';
import { rewritten, signJws, withBrokenSignature } from '../../src/protocol/jws.ts';
import { generateKey, publicJwk } from '../../src/protocol/keys.ts';

/** Deviations by what the JWT is then: "an ID token … ". */
type Forgeries = Readonly<Record<string, Deviation>>;

const es384 = { ...generateKey('ES384'), kid: 'sandbox-es384' };

/** JWTs that the server did not sign. */
export const unauthentic = (of: JwtKind): Forgeries => ({
  'with an altered signature': jwtAs(of, 'an altered signature', (jwt) => withBrokenSignature(signJws(jwt))),
  'without a signature': jwtAs(of, 'no signature', (jwt) => rewritten(signJws(jwt), { signature: '' })),
  'with altered claims': jwtAs(of, 'another exp under the signature', (jwt) =>
    rewritten(signJws(jwt), { claims: (claims) => ({ ...claims, exp: Number(claims['exp']) + 1 }) }),
  ),
  'of an unpublished key': jwtAs(of, 'a foreign key under the kid of the published one', (jwt, { keys }) => ({
    ...jwt,
    key: keys.foreign.key,
  })),
  'of an unpublished key without kid': jwtAs(of, 'a foreign key without kid', ({ claims }, { keys }) => ({
    header: { alg: 'ES256' },
    claims,
    key: keys.foreign.key,
  })),
  'of a key in its header': jwtAs(of, 'a foreign key in the header', ({ header, claims }, { keys }) => ({
    header: { alg: header.alg, jwk: publicJwk(keys.foreign.key) },
    claims,
    key: keys.foreign.key,
  })),
});

/** JWTs of published keys whose algorithm FAPI 2.0 does not permit (5.4.1, item 1.2). */
export const forbidden = (of: JwtKind): Forgeries => ({
  'signed with RS256': {
    ...jwtAs(of, 'RS256', ({ claims }, { keys: { rsa } }) => ({
      header: { alg: 'RS256', kid: rsa.kid },
      claims,
      key: rsa.key,
    })),
    published: ({ keys }) => [...keys.published, published(keys.rsa)],
  },
  'signed with ES384': {
    ...jwtAs(of, 'ES384', ({ claims }) => ({
      header: { alg: 'ES384', kid: es384.kid },
      claims,
      key: es384.key,
    })),
    published: ({ keys }) => [...keys.published, published(es384)],
  },
});

/** JWTs that nobody signed (5.4.1, item 1.3). */
export const unsigned = (of: JwtKind): Forgeries =>
  Object.fromEntries(
    [
      ['with alg none', 'none'],
      ['with alg none in capitals', 'NONE'],
    ].map(([what, alg]) => [
      what,
      jwtAs(of, `alg ${alg}`, (jwt) => rewritten(signJws(jwt), { header: () => ({ alg }), signature: '' })),
    ]),
  );

/** RFC 8725, section 2.1: a MAC whose secret is the public key. */
export const macByPublicKey = (of: JwtKind): Deviation =>
  jwtAs(of, 'HS256 with the public key', ({ header, claims, key }) => ({
    header: { ...header, alg: 'HS256' },
    claims,
    key: createSecretKey(Buffer.from(createPublicKey(key).export({ type: 'spki', format: 'pem' }))),
  }));

/** RFC 7515, section 4.1.11. */
export const unknownExtension = (of: JwtKind): Deviation =>
  jwtAs(of, 'an unknown extension in crit', ({ header, ...jwt }) => ({
    ...jwt,
    header: { ...header, crit: ['https://other.example/ext'], 'https://other.example/ext': true },
  }));
