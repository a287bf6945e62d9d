import { answering, times } from '../../src/actors/sandbox/edits.ts';
import { headerOf, purposes, tokenOf, type Arrival, type Point } from '../../src/actors/sandbox/arrival.ts';
import type { Deviation } from '../../src/actors/sandbox/deviation.ts';
import { expect, test, using, verifies } from './sent.ts';

/** How the access token came with a request (RFC 6750, section 2; RFC 9449, section 7.1). */
function waysOf(arrival: Arrival): readonly string[] {
  const { headers, url, form } = arrival;
  return [
    ...headers.filter(({ name }) => name.toLowerCase() === 'authorization').map(() => 'header'),
    ...url.searchParams.getAll('access_token').map(() => 'query'),
    ...form.getAll('access_token').map(() => 'body'),
  ];
}

test.describe('access tokens at the API', () => {
  test(
    'sends tokens in the Authorization header',
    verifies('fapi2-sp/5.3.3.1-3'),
    async ({ sent, partner: { profile } }) => {
      // RFC 9110, section 11.1: schemes are compared without regard to case.
      const scheme = profile.sender_constraint === 'dpop' ? 'dpop' : 'bearer';
      for (const arrival of await sent(...using))
        expect(tokenOf(arrival)?.scheme.toLowerCase(), `scheme of the ${purposes[arrival.at]}`).toBe(scheme);
    },
  );

  test('sends no token in a URL or a body', verifies('fapi2-sp/5.3.3.1-3'), async ({ issuers, given }) => {
    for (const { accessTokens, arrivals } of await issuers()) {
      const tokens = [...accessTokens.keys()];
      const calls = arrivals.filter(({ at }) => using.includes(at));
      for (const { at, url, body } of given(
        calls.length > 0 && calls,
        'expected the client to use its token',
      ))
        for (const [where, text] of [
          ['URL', url.href],
          ['body', body],
        ] as const)
          expect(
            tokens.some((token) => text.includes(token)),
            `access token in the ${where} of the ${purposes[at]}`,
          ).toBe(false);
    }
  });

  test('sends its token in one way per call', verifies('rfc6750/2-1'), async ({ sent }) => {
    for (const arrival of await sent(...using))
      expect(waysOf(arrival).length, `ways in the ${purposes[arrival.at]}`).toBeLessThanOrEqual(1);
  });
});

/** So often the same is tried with the same token: once, and once more, as something may have been of the moment. */
const mostTries = 2;

test.describe('calls that are refused', () => {
  for (const [title, status, error] of [
    ['gives up a token that the API calls invalid', 401, 'invalid_token'],
    ['gives up a call that its token does not suffice for', 403, 'insufficient_scope'],
  ] as const)
    test(title, verifies('rfc6750/3.1-2'), async ({ valid, flow, exercise, given, partner: { profile } }) => {
      await valid();
      const scheme = profile.sender_constraint === 'dpop' ? 'DPoP' : 'Bearer';
      const refused = answering('call', `${status} ${error}`, (answer) => ({
        ...answer,
        status,
        headers: { ...answer.headers, 'www-authenticate': `${scheme} error="${error}"` },
        body: { error },
      }));
      const { issuer } = await exercise(flow({ deviation: refused }));
      given(issuer.since, 'expected the client to call the API');
      const tries = new Map<string, number>();
      for (const arrival of issuer.arrivals.filter(({ at }) => at === 'call')) {
        const call = [arrival.method, arrival.url.href, headerOf(arrival, 'authorization')].join(' ');
        tries.set(call, (tries.get(call) ?? 0) + 1);
      }
      expect(Math.max(...tries.values()), 'tries of one call with one token').toBeLessThanOrEqual(mostTries);
    });
});

/** Seconds, and so much less as clocks and timers may be apart. */
const [pause, tolerance] = [1, 0.02];

const busy = (at: Point, status: number): Deviation =>
  times(
    1,
    answering(at, `${status} with Retry-After: ${pause}`, (answer) => ({
      status,
      headers: { ...answer.headers, 'retry-after': String(pause) },
      body: { error: 'temporarily_unavailable' },
    })),
  );

test.describe('servers in need', () => {
  // RFC 9110, section 10.2.3; RFC 6585, section 4. A client may also give up.
  for (const [title, at, status] of [
    ['lets the API rest for as long as it asks', 'call', 429],
    ['lets the token endpoint rest for as long as it asks', 'token', 503],
  ] as const)
    test(title, verifies('rfc9110/10.2.3-1'), async ({ valid, flow, exercise, given, measure }) => {
      await valid();
      const { issuer } = await exercise(flow({ deviation: busy(at, status) }));
      given(issuer.since, `expected a ${purposes[at]}`);
      const [first, next] = issuer.arrivals.filter((arrival) => arrival.at === at);
      if (first === undefined || next?.url.href !== first.url.href) return;
      const waited = next.time - first.time;
      measure('waited', waited, 's');
      expect(waited, 'seconds until the next request').toBeGreaterThanOrEqual(pause - tolerance);
    });
});

/** Bytes. No answer of the sandbox comes near it. */
const huge = 33_554_432;

test.describe('answers that do not end', () => {
  // It is JSON all the same: whoever reads it all can go on.
  test('limits how much it reads of an answer of the API', verifies('rfc9110/17.5-1'), async ({ stops }) => {
    await stops(
      answering('call', `${huge} bytes`, (answer) => ({
        ...answer,
        body: JSON.stringify(answer.body) + ' '.repeat(huge),
      })),
    );
  });
});
