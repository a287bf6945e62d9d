import { headerOf, purposes, type Arrival } from '../../src/actors/sandbox/arrival.ts';
import { assertionOf, signedByOneOf, type Jwt } from '../../src/actors/sandbox/read.ts';
import { authenticated, expect, permitted, placesIn, test as base, verifies, when } from './sent.ts';
import { boxed } from '../boxed.ts';

/** FAPI 2.0, 5.3.2.1, item 13: what is dated further ahead is refused. */
const farthestAhead = 60;

interface Assertion extends Jwt {
  readonly arrival: Arrival;
}

interface Fixtures {
  /** All that arrived in valid flows. That there were some is a precondition: another check looks for those that are missing. */
  readonly assertions: () => Promise<readonly Assertion[]>;
}

const fixtures: Parameters<typeof base.extend<Fixtures>>[0] = {
  assertions: async ({ sent, given }, use) =>
    use(async () => {
      const assertions = (await sent(...authenticated)).flatMap((arrival) => {
        const jwt = assertionOf(arrival);
        return jwt === undefined ? [] : [{ ...jwt, arrival }];
      });
      return given(assertions.length > 0 && assertions, 'expected the client to send client assertions');
    }),
};

const test = base.extend<Fixtures>(boxed(fixtures));

test.describe('client assertions', when('private_key_jwt'), () => {
  test('authenticates by an assertion everywhere', verifies('fapi2-sp/5.3.3.1-2'), async ({ sent }) => {
    for (const arrival of await sent(...authenticated)) {
      // RFC 7662, section 2.1: introspection may be authorized by an access token instead.
      if (arrival.at === 'introspection' && headerOf(arrival, 'authorization') !== undefined) continue;
      const what = purposes[arrival.at];
      expect(assertionOf(arrival), `client_assertion of the ${what}`).toBeDefined();
      expect(arrival.form.get('client_assertion_type'), `client_assertion_type of the ${what}`).toBe(
        'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      );
    }
  });

  test('names itself as the issuer', verifies('rfc7523/3-2'), async ({ assertions, partner }) => {
    for (const { claims, arrival } of await assertions())
      expect(claims['iss'], `iss in the ${purposes[arrival.at]}`).toBe(partner.client.id);
  });

  test('names itself as the subject', verifies('rfc7523/3-2'), async ({ assertions, partner }) => {
    for (const { claims, arrival } of await assertions())
      expect(claims['sub'], `sub in the ${purposes[arrival.at]}`).toBe(partner.client.id);
  });

  test(
    'names the issuer as the only audience, as a string',
    verifies('fapi2-sp/5.3.3.1-5'),
    async ({ issuers, given }) => {
      for (const { world, arrivals } of await issuers()) {
        const jwts = arrivals.map(assertionOf).filter((jwt) => jwt !== undefined);
        for (const { claims } of given(jwts.length > 0 && jwts, 'expected the client to send assertions'))
          expect(claims['aud']).toBe(world.issuer);
      }
    },
  );

  test(
    'signs its assertions with a registered key',
    verifies('rfc7523/3-3'),
    async ({ assertions, clientSession }) => {
      const { keys } = await clientSession.registration();
      for (const jwt of await assertions())
        expect(
          await signedByOneOf(jwt, keys),
          `signature in the ${purposes[jwt.arrival.at]} is of a registered key`,
        ).toBe(true);
    },
  );

  test('lets its assertions expire', verifies('rfc7523/3-3'), async ({ assertions, measure }) => {
    for (const { claims, arrival } of await assertions()) {
      const { exp } = claims;
      expect(exp, `exp in the ${purposes[arrival.at]}`).toEqual(expect.any(Number));
      expect(exp, `exp in the ${purposes[arrival.at]}`).toBeGreaterThan(arrival.time);
      // RFC 7523, section 3, item 4: how far ahead is too far, each server decides.
      measure(`life left of the assertion in the ${purposes[arrival.at]}`, Number(exp) - arrival.time, 's');
    }
  });

  // RFC 7523, section 3, items 5 and 6: both may be left out.
  test('dates no assertion in the future', verifies('rfc7523/3-3'), async ({ assertions }) => {
    for (const { claims, arrival } of await assertions())
      for (const name of ['iat', 'nbf'])
        expect(claims[name] ?? 0, `${name} in the ${purposes[arrival.at]}`).toBeLessThanOrEqual(
          arrival.time + farthestAhead,
        );
  });

  // OpenID Connect Core, section 9, by which FAPI 2.0 means private_key_jwt: required, whatever the protocol.
  test('gives every assertion a jti', verifies('oidc-core/9-2'), async ({ assertions }) => {
    for (const { claims, arrival } of await assertions())
      expect(claims['jti'], `jti in the ${purposes[arrival.at]}`).toEqual(expect.stringMatching(/./u));
  });

  test(
    'signs assertions with permitted algorithms',
    verifies('fapi2-sp/5.4.1-1.2'),
    async ({ assertions }) => {
      for (const { header, arrival } of await assertions())
        expect(header['alg'], `alg in the ${purposes[arrival.at]}`).toEqual(expect.stringMatching(permitted));
    },
  );

  test('leaves no assertion unsigned', verifies('fapi2-sp/5.4.1-1.3'), async ({ assertions }) => {
    for (const { header, text, arrival } of await assertions()) {
      expect(String(header['alg']).toLowerCase(), `alg in the ${purposes[arrival.at]}`).not.toBe('none');
      expect(text.endsWith('.'), `no signature in the ${purposes[arrival.at]}`).toBe(false);
    }
  });

  test('names no place of its keys in assertions', verifies('fapi2-sp/5.4.2-2'), async ({ assertions }) => {
    for (const { header, arrival } of await assertions())
      expect(placesIn(header), `places of keys in the ${purposes[arrival.at]}`).toEqual([]);
  });
});
