import type { Issuer } from '../../src/actors/sandbox/issuer.ts';
import { TriggerError, type Outcome } from '../../src/actors/triggers/trigger.ts';
import { claimsOf, sha256, signJws } from '../../src/protocol/jws.ts';
import { arrivalsAt, expect, statesItself, test, verifies, when } from './visits.ts';

/** A parameter of an authorization response, signed or not. */
function parameterOf({ searchParams }: URL, name: string): string | undefined {
  const jwt = searchParams.get('response');
  const value = jwt === null ? searchParams.get(name) : claimsOf(jwt)?.[name];
  return typeof value === 'string' ? value : undefined;
}

/** A response of an issuer to a request with another state. */
function withState(response: URL, { world }: Issuer, state: string): URL {
  const url = new URL(response);
  const jwt = url.searchParams.get('response');
  if (jwt === null) url.searchParams.set('state', state);
  else {
    const { key, alg, kid } = world.keys.signing;
    url.searchParams.set(
      'response',
      signJws({ header: { alg, kid }, claims: { ...claimsOf(jwt), state }, key }),
    );
  }
  return url;
}

/** The verifiers with which the code of a response was redeemed at an issuer. */
const verifiersOf = (issuer: Issuer, response: URL): readonly string[] =>
  arrivalsAt(issuer, 'token')
    .filter(({ form }) => form.get('code') === parameterOf(response, 'code'))
    .map(({ form }) => form.get('code_verifier') ?? '');

/** How the client answered at all: where no page came, nothing is shown by what did not arrive. */
const answered = ({ end, told }: Outcome) =>
  [end !== 'unknown', `expected a page of the client; got ${told}`] as const;

// What a page says of a response that it did not use is its own affair: a start page is as good as an error.
test.describe('a response that comes to another browser', when('sessions'), () => {
  test(
    'is not used by one without a session',
    verifies('fapi2-sp/5.3.3.2-4', 'rfc6749/10.12-1'),
    async ({ open, begin, exercise, given }) => {
      const issuer = await open();
      const { response, deliver } = await begin(issuer);
      const outcome = await exercise(deliver(response, 'other'));
      expect(verifiersOf(issuer, response).length, 'redemptions of the code').toBe(0);
      given(...answered(outcome));
    },
  );

  // RFC 9700, section 2.1: the verifier of the browser's own flow protects a client without state, as the code needs another.
  test(
    'is not used with the verifier of its own one',
    verifies('fapi2-sp/5.3.3.2-4'),
    async ({ open, begin, exercise, given }) => {
      const issuer = await open();
      const [{ response }, { deliver }] = [await begin(issuer), await begin(issuer)];
      const outcome = await exercise(deliver(response, 'same'));
      const challenge = issuer.codes
        .get(parameterOf(response, 'code') ?? '')
        ?.parameters.get('code_challenge');
      given(challenge, 'expected a code_challenge in the request');
      const fits = verifiersOf(issuer, response).map((verifier) => sha256(verifier) === challenge);
      expect(fits, 'verifiers that fit the code').not.toContain(true);
      given(...answered(outcome));
    },
  );

  test(
    'is not used by one that waits for another',
    verifies('rfc6749/10.12-1'),
    async ({ open, begin, exercise, given }) => {
      const issuer = await open();
      const [{ response }, { deliver }] = [await begin(issuer), await begin(issuer)];
      const outcome = await exercise(deliver(response, 'same'));
      if (statesItself(issuer))
        expect(verifiersOf(issuer, response).length, 'redemptions of the code').toBe(0);
      given(...answered(outcome));
    },
  );
});

test.describe('a response that comes again', when('sessions'), () => {
  test('is not used again', verifies('rfc6749/4.1.2-4'), async ({ open, begin, exercise, given }) => {
    const issuer = await open();
    const { response, deliver } = await begin(issuer);
    await deliver(response, 'same');
    const before = verifiersOf(issuer, response).length;
    given(before > 0, 'expected the client to redeem the code');
    const outcome = await exercise(deliver(response, 'same'));
    expect(verifiersOf(issuer, response).length, 'redemptions of the code').toBe(before);
    given(...answered(outcome));
  });
});

test.describe('the start of a flow', when('sessions'), () => {
  // A page of the client that asks the user first is as good as a refusal.
  test(
    'is not begun by a page of another site',
    verifies('fapi2-sp/5.3.3.1-12'),
    async ({ open, begin, exercise, given }) => {
      const issuer = await open();
      const headers = { 'sec-fetch-site': 'cross-site', referer: 'https://other.example/' };
      const outcome = await exercise(
        begin(issuer, headers).then(
          () => undefined,
          (error: unknown) => {
            if (error instanceof TriggerError && error.outcome !== undefined) return error.outcome;
            throw error;
          },
        ),
      );
      expect(arrivalsAt(issuer, 'authorization').length, 'authorization requests').toBe(0);
      if (outcome !== undefined) given(...answered(outcome));
    },
  );
});

test.describe('two issuers at once', when('sessions'), () => {
  test.describe('that the client works with', when('several-issuers'), () => {
    // The mix-up attack (RFC 9700, section 4.4): the client began at one server, and the response is of another one.
    test(
      'are not mixed up by a response of the other one',
      verifies('fapi2-sp/5.3.3.2-5'),
      async ({ open, begin, exercise, given }) => {
        const [honest, other] = [await open(), await open()];
        const [code, { response, deliver }] = [await begin(honest), await begin(other)];
        const state = parameterOf(response, 'state');
        const mixed = state === undefined ? code.response : withState(code.response, honest, state);
        const outcome = await exercise(deliver(mixed, 'same'));
        expect(verifiersOf(other, mixed).length, 'codes of one server at another').toBe(0);
        expect(verifiersOf(honest, mixed).length, 'redemptions of the code').toBe(0);
        given(...answered(outcome));
      },
    );

    test(
      'each get their own code',
      verifies('fapi2-sp/5.3.3.2-5'),
      async ({ open, begin, exercise, given }) => {
        const issuers = [await open(), await open()];
        const begun = [];
        for (const issuer of issuers) begun.push({ issuer, ...(await begin(issuer)) });
        for (const { issuer, response, deliver } of begun) {
          const outcome = await exercise(deliver(response, 'same'));
          given(...answered(outcome));
          expect(outcome.end).toBe('completed');
          expect(verifiersOf(issuer, response).length, 'redemptions of the code').toBeGreaterThan(0);
        }
      },
    );
  });
});

/** Names under which apps are told where to send the user next. */
const targets =
  'target redirect redirect_to redirect_url next url return return_to returnUrl continue goto destination'.split(
    ' ',
  );
const attacker = 'attacker.example';

/** Whether a page of the app sent its browser to the attacker. */
const redirects = ({ shown }: Outcome): boolean =>
  [...shown.matchAll(/^location: (.*)$/gmu)].some(
    ([, location = '']) => URL.parse(location, 'https://app.example')?.host === attacker,
  );

// Only redirects of HTTP are seen here; those of pages and scripts are not.
test.describe('a target that somebody else chose', when('sessions'), () => {
  for (const [what, target] of Object.entries({
    'as a URL': `https://${attacker}/`,
    'without a scheme': `//${attacker}/`,
    'with backslashes': `/\\${attacker}/`,
  })) {
    const added = Object.fromEntries(targets.map((name) => [name, target]));
    /** A response with it. */
    const aimed = (response: URL): URL => {
      const url = new URL(response);
      for (const name of targets) url.searchParams.set(name, target);
      return url;
    };

    test(
      `${what}, is not led to from the start`,
      verifies('fapi2-sp/5.3.3.1-4'),
      async ({ open, visit, exercise }) => {
        expect(redirects(await exercise(visit(await open(), added))), 'redirects to the target').toBe(false);
      },
    );

    test(
      `${what}, is not led to by a response`,
      verifies('fapi2-sp/5.3.3.1-4'),
      async ({ open, begin, exercise }) => {
        const { response, deliver } = await begin(await open());
        expect(redirects(await exercise(deliver(aimed(response), 'same'))), 'redirects to the target').toBe(
          false,
        );
      },
    );

    test(
      `${what}, is not led to by a response that is refused`,
      verifies('fapi2-sp/5.3.3.1-4'),
      async ({ open, begin, exercise }) => {
        const { response, deliver } = await begin(await open());
        const refused = aimed(response);
        refused.searchParams.set('state', target);
        expect(redirects(await exercise(deliver(refused, 'other'))), 'redirects to the target').toBe(false);
      },
    );
  }
});
