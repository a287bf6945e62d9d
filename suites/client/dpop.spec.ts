import type { Answer } from '../../src/actors/sandbox/answer.ts';
import { purposes, tokenOf, type Arrival, type Point } from '../../src/actors/sandbox/arrival.ts';
import type { Deviation } from '../../src/actors/sandbox/deviation.ts';
import { demandingNonce } from '../../src/actors/sandbox/edits.ts';
import { proofOf, signedByOneOf, type Jwt } from '../../src/actors/sandbox/read.ts';
import { sha256 } from '../../src/protocol/jws.ts';
import { thumbprint } from '../../src/protocol/keys.ts';
import { bitsOf, secretMembers } from '../../src/protocol/published-key.ts';
import { boxed } from '../boxed.ts';
import {
  arrivalsAt,
  expect,
  granting,
  permitted,
  placesIn,
  test as base,
  using,
  verifies,
  when,
} from './sent.ts';

/** Seconds by which the clocks of a client and of its servers may differ; FAPI 2.0, 5.3.2.1, item 13 refuses what is further ahead. */
const leeway = 60;

interface Proof extends Jwt {
  readonly arrival: Arrival;
}

interface Fixtures {
  /** All that arrived in valid flows, wherever. That there were some is a precondition: other checks look for those that are missing. */
  readonly proofs: () => Promise<readonly Proof[]>;
}

const fixtures: Parameters<typeof base.extend<Fixtures>>[0] = {
  proofs: async ({ sent, given }, use) =>
    use(async () => {
      const proofs = (await sent('push', ...granting, ...using)).flatMap((arrival) => {
        const jwt = proofOf(arrival);
        return jwt === undefined ? [] : [{ ...jwt, arrival }];
      });
      return given(proofs.length > 0 && proofs, 'expected the client to send DPoP proofs');
    }),
};

const test = base.extend<Fixtures>(boxed(fixtures));

const jwkOf = ({ header: { jwk } }: Jwt): Readonly<Record<string, unknown>> =>
  typeof jwk === 'object' && jwk !== null ? { ...jwk } : {};

/** What is too short is judged as that (5.4.1, items 2 and 3), and libraries do not verify with it. */
const isShort = (jwk: Readonly<Record<string, unknown>>): boolean =>
  bitsOf(jwk) < (jwk['kty'] === 'RSA' ? 2048 : 224);

const publicPart = (jwk: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !secretMembers.includes(name)));

/** The URL of a request as a proof has it (RFC 9449, section 4.2). */
const targetOf = ({ url }: Arrival): string => url.origin + url.pathname;

test.describe('DPoP proofs', when('dpop'), () => {
  for (const [title, points] of [
    ['proves its key wherever it is given tokens', granting],
    ['proves its key wherever it uses a token', using],
  ] as const)
    test(title, verifies('fapi2-sp/5.3.3.1-1'), async ({ sent }) => {
      for (const arrival of await sent(...points))
        expect(proofOf(arrival), `DPoP proof of the ${purposes[arrival.at]}`).toBeDefined();
    });

  test('marks its proofs with their type', verifies('rfc9449/4.2-1'), async ({ proofs }) => {
    for (const { header, arrival } of await proofs())
      expect(String(header['typ']).toLowerCase(), `typ in the ${purposes[arrival.at]}`).toBe('dpop+jwt');
  });

  test('signs its proofs with the key that they name', verifies('rfc9449/4.2-1'), async ({ proofs }) => {
    for (const proof of await proofs()) {
      const jwk = jwkOf(proof);
      expect(jwk, `jwk in the ${purposes[proof.arrival.at]}`).toHaveProperty('kty');
      if (!isShort(jwk))
        expect(
          await signedByOneOf(proof, [publicPart(jwk)]),
          `signature in the ${purposes[proof.arrival.at]} is of its jwk`,
        ).toBe(true);
    }
  });

  test('shows no private key in its proofs', verifies('rfc9449/4.2-1'), async ({ proofs }) => {
    for (const proof of await proofs())
      expect(
        Object.keys(jwkOf(proof)).filter((name) => secretMembers.includes(name)),
        `secret members in the ${purposes[proof.arrival.at]}`,
      ).toEqual([]);
  });

  test('proves the method of each request', verifies('rfc9449/4.2-1'), async ({ proofs }) => {
    for (const { claims, arrival } of await proofs())
      expect(claims['htm'], `htm in the ${purposes[arrival.at]}`).toBe(arrival.method);
  });

  // RFC 9449, section 4.3: URLs may be spelled in equivalent ways (RFC 3986, section 6.2).
  test('proves the URL of each request, and no more', verifies('rfc9449/4.2-1'), async ({ proofs }) => {
    for (const { claims, arrival } of await proofs()) {
      const htu = String(claims['htu']);
      expect(htu, `htu in the ${purposes[arrival.at]}`).not.toMatch(/[?#]/u);
      expect(URL.parse(htu)?.href, `htu in the ${purposes[arrival.at]}`).toBe(targetOf(arrival));
    }
  });

  test('dates its proofs by the moment of the request', verifies('rfc9449/4.2-1'), async ({ proofs }) => {
    for (const { claims, arrival } of await proofs()) {
      expect(claims['iat'], `iat in the ${purposes[arrival.at]}`).toEqual(expect.any(Number));
      const apart = Math.abs(Number(claims['iat']) - arrival.time);
      expect(apart, `seconds from iat to the ${purposes[arrival.at]}`).toBeLessThanOrEqual(leeway);
    }
  });

  test('gives every proof a jti', verifies('rfc9449/4.2-2'), async ({ proofs }) => {
    for (const { claims, arrival } of await proofs())
      expect(claims['jti'], `jti in the ${purposes[arrival.at]}`).toEqual(expect.stringMatching(/./u));
  });

  test('binds proofs to the token that they come with', verifies('rfc9449/7-1'), async ({ sent, given }) => {
    const calls = (await sent(...using)).flatMap((arrival) => {
      const [proof, token] = [proofOf(arrival), tokenOf(arrival)?.token];
      return proof === undefined || token === undefined ? [] : [{ proof, token, arrival }];
    });
    for (const { proof, token, arrival } of given(
      calls.length > 0 && calls,
      'expected calls with a token and a DPoP proof',
    ))
      expect(proof.claims['ath'], `ath in the ${purposes[arrival.at]}`).toBe(sha256(token));
  });

  test('proves the key that the token was given for', verifies('rfc9449/7-1'), async ({ issuers, given }) => {
    let compared = 0;
    for (const issuer of await issuers()) {
      let bound: string | undefined;
      for (const arrival of arrivalsAt(issuer, ...granting, ...using)) {
        const proof = proofOf(arrival);
        if (proof === undefined) continue;
        const key = thumbprint(jwkOf(proof));
        if (granting.includes(arrival.at)) bound = key;
        else if (bound !== undefined) {
          compared += 1;
          expect(key, `key of the ${purposes[arrival.at]}`).toBe(bound);
        }
      }
    }
    given(compared > 0, 'expected DPoP proofs with a token request and with what follows it');
  });

  test('signs proofs with permitted algorithms', verifies('fapi2-sp/5.4.1-1.2'), async ({ proofs }) => {
    for (const { header, arrival } of await proofs())
      expect(header['alg'], `alg in the ${purposes[arrival.at]}`).toEqual(expect.stringMatching(permitted));
  });

  test('leaves no proof unsigned', verifies('fapi2-sp/5.4.1-1.3'), async ({ proofs }) => {
    for (const { header, text, arrival } of await proofs()) {
      expect(String(header['alg']).toLowerCase(), `alg in the ${purposes[arrival.at]}`).not.toBe('none');
      expect(text.endsWith('.'), `no signature in the ${purposes[arrival.at]}`).toBe(false);
    }
  });

  test('names no place of its keys in proofs', verifies('fapi2-sp/5.4.2-2'), async ({ proofs }) => {
    for (const { header, arrival } of await proofs())
      expect(placesIn(header), `places of keys in the ${purposes[arrival.at]}`).toEqual([]);
  });
});

/** Another nonce for each request that succeeds. */
const numbered = (count: number): string => `nonce-${count}`;

const nonceAt = (at: Point): Deviation =>
  demandingNonce(at, `a nonce is demanded in the ${purposes[at]}`, numbered);

/** The same deviation, with its answers edited once more. */
const answeredAs = (deviation: Deviation, name: string, edit: (answer: Answer) => Answer): Deviation => ({
  ...deviation,
  name,
  answer: async (...asked) => {
    const answer = await deviation.answer?.(...asked);
    return answer && edit(answer);
  },
});

const withHeader = (answer: Answer, name: string, change: (value: string) => string): Answer => {
  const value = answer.headers[name];
  return value === undefined ? answer : { ...answer, headers: { ...answer.headers, [name]: change(value) } };
};

test.describe('nonces of servers', when('dpop'), () => {
  test(
    'goes by nonces of the authorization server',
    verifies('fapi2-sp/5.3.3.1-8'),
    async ({ valid, completes }) => {
      const { issuer } = await valid();
      // RFC 9449, section 10.1: a pushed request needs no proof; only one that has one can have a nonce.
      if (arrivalsAt(issuer, 'push').some(proofOf)) await completes(nonceAt('push'));
      await completes(nonceAt('token'));
    },
  );

  test('goes by nonces of the API', verifies('fapi2-sp/5.3.3.1-8'), async ({ completes }) => {
    await completes(nonceAt('call'));
  });

  // RFC 9110, section 11.1.
  for (const scheme of ['dpop', 'DPOP'])
    test(
      `goes by a nonce in a challenge spelled ${scheme === 'dpop' ? 'in small letters' : 'in capitals'}`,
      verifies('fapi2-sp/5.3.3.1-8'),
      async ({ completes }) => {
        await completes(
          answeredAs(nonceAt('call'), `a nonce is demanded by a challenge ${scheme}`, (answer) =>
            withHeader(answer, 'www-authenticate', (value) => value.replace(/^DPoP/u, scheme)),
          ),
        );
      },
    );

  test.describe('at the userinfo endpoint', when('userinfo'), () => {
    test('goes by nonces at userinfo', verifies('fapi2-sp/5.3.3.1-8'), async ({ completes }) => {
      await completes(nonceAt('userinfo'));
    });
  });

  test.describe('that change', when('refresh-token'), () => {
    test('goes by nonces at refresh', verifies('fapi2-sp/5.3.3.1-8'), async ({ completes }) => {
      await completes(nonceAt('refresh'), 'refresh');
    });

    // That a nonce is used before it is demanded, where a success told it, is expected of clients, and no more (RFC 9449, section 8.2).
    test(
      'goes by another nonce when the first is over',
      verifies('rfc9449/8.2-1'),
      async ({ completes, given }) => {
        const untold = answeredAs(nonceAt('call'), 'the nonce of the API changes midway', (answer) =>
          answer.status < 300 ? { ...answer, headers: without(answer.headers, 'dpop-nonce') } : answer,
        );
        const { issuer } = await completes(untold, 'refresh');
        const nonces = new Set(
          arrivalsAt(issuer, 'call').map((arrival) => proofOf(arrival)?.claims['nonce']),
        );
        given(nonces.size > 2, 'expected the client to make several calls');
      },
    );
  });
});

const without = (headers: Answer['headers'], name: string): Answer['headers'] =>
  Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));
