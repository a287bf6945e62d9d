import type { Deviation, Parameters } from '../../src/actors/sandbox/deviation.ts';
import { responseWith, type Members } from '../../src/actors/sandbox/edits.ts';
import { statesItself, expect, test, verifies, when } from './visits.ts';

const elsewhere = 'https://other.example';

/** A response in which another value of a parameter stands before or after its own. */
const repeating = (parameter: string, another: 'first' | 'last'): Deviation => ({
  name: `${parameter} twice, another one ${another}`,
  at: 'authorization',
  response: (parameters) => {
    const more: Parameters = [[parameter, `another-${parameter}`]];
    return another === 'first' ? [...more, ...parameters] : [...parameters, ...more];
  },
});

/** A response with the code in the fragment, and the rest in either place. */
const codeInFragment: Deviation = {
  name: 'the code in the fragment',
  at: 'authorization',
  address: (address) => {
    const url = new URL(address);
    url.hash = url.searchParams.toString();
    url.searchParams.delete('code');
    return url.href;
  },
};

test.describe('the authorization response', when('authorization_code'), () => {
  // RFC 9207, section 2.4: a simple comparison of strings. FAPI 2.0 leaves no server without iss (5.3.2.2, item 7).
  for (const [what, iss] of Object.entries({
    'of another server': elsewhere,
    'of another server on the same host': ({ issuer }) => new URL('/another', issuer).href,
    'that goes on after the issuer': ({ issuer }) => `${issuer}.other.example`,
    'with a final slash': ({ issuer }) => `${issuer}/`,
    'in capitals': ({ issuer }) => issuer.toUpperCase(),
    'that is empty': '',
  } satisfies Members))
    test(`with an iss ${what} is refused`, verifies('fapi2-sp/5.3.3.2-5'), async ({ stops }) => {
      await stops(responseWith(`iss ${what}`, { iss }));
    });

  test('without iss is refused', verifies('fapi2-sp/5.3.3.2-5'), async ({ stops }) => {
    await stops(responseWith('no iss', { iss: undefined }));
  });

  // RFC 9700, section 2.1 lets a client rely on PKCE in place of a state. One that sends a state gets it back (RFC 6749,
  // section 4.1.2), so that any other response is not to its request.
  for (const [what, state] of Object.entries({
    'with another state than was sent': 'another-state',
    'without the state that was sent': undefined,
  }))
    test(`${what} is refused`, verifies('rfc6749/10.12-1'), async ({ exercise, valid, stops }) => {
      const { issuer } = await exercise(valid());
      if (statesItself(issuer)) await stops(responseWith(what, { state }));
    });

  test('is taken with parameters that nobody knows', verifies('rfc6749/4.1.2-3'), async ({ completes }) => {
    await completes(
      responseWith('unknown parameters', { session_state: 'unknown', 'https://other.example/new': '1' }),
    );
  });

  test('is used once for a token', verifies('rfc6749/4.1.2-4'), async ({ sent, given }) => {
    const codes = (await sent('token')).flatMap(({ form }) => form.get('code') ?? []);
    given(codes.length > 0, 'expected the client to redeem a code');
    // Not the codes themselves: they are secrets.
    expect(new Set(codes).size, 'codes that were sent').toBe(codes.length);
  });

  // What a client takes for the cause of an error without its iss shows nowhere: that it stops is all that there is to see.
  for (const [what, members] of Object.entries({
    'in place of a code': { error: 'access_denied', code: undefined },
    'beside a code': { error: 'access_denied' },
    'without iss': { error: 'access_denied', code: undefined, iss: undefined },
    'of another server': { error: 'access_denied', code: undefined, iss: elsewhere },
  }))
    test(`with an error ${what} ends the flow`, verifies('rfc6749/4.1.2.1-2'), async ({ stops }) => {
      await stops(responseWith(`an error ${what}`, members));
    });

  test.describe('in plain parameters', when('plain-response'), () => {
    // RFC 6749, section 3.1. A client that reads the first value is brought another one first, and the other way round.
    for (const parameter of ['code', 'iss'] as const)
      for (const another of ['first', 'last'] as const)
        test(
          `with ${parameter} twice, another ${another}, is refused`,
          verifies('rfc6749/4.1.2-5'),
          async ({ stops }) => {
            await stops(repeating(parameter, another));
          },
        );

    for (const another of ['first', 'last'] as const)
      test(
        `with state twice, another ${another}, is refused`,
        verifies('rfc6749/4.1.2-5'),
        async ({ exercise, valid, stops }) => {
          const { issuer } = await exercise(valid());
          if (statesItself(issuer)) await stops(repeating('state', another));
        },
      );

    test('with the code in the fragment is refused', verifies('rfc6749/4.1.2-5'), async ({ stops }) => {
      await stops(codeInFragment);
    });
  });

  test.describe('in a JWT', when('signed-response'), () => {
    for (const another of ['first', 'last'] as const)
      test(
        `with response twice, another ${another}, is refused`,
        verifies('rfc6749/4.1.2-5'),
        async ({ stops }) => {
          await stops(repeating('response', another));
        },
      );
  });
});
