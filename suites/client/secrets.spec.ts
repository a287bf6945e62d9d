import { headerOf, purposes } from '../../src/actors/sandbox/arrival.ts';
import type { Deviation } from '../../src/actors/sandbox/deviation.ts';
import { refusing } from '../../src/actors/sandbox/edits.ts';
import type { Issuer } from '../../src/actors/sandbox/issuer.ts';
import type { Flow } from '../../src/actors/client-session.ts';
import { expect, test, using, verifies } from './sent.ts';

/** The secrets of a flow by their kinds. */
function secretsOf({
  codes,
  accessTokens,
  refreshTokens,
  arrivals,
}: Issuer): readonly (readonly [string, string])[] {
  const sent = (name: string) =>
    arrivals.flatMap(({ form }) => form.getAll(name)).map((value) => [name, value] as const);
  return [
    ...[...codes.keys()].map((code) => ['code', code] as const),
    ...[...accessTokens.keys()].map((token) => ['access token', token] as const),
    ...[...refreshTokens.keys()].map((token) => ['refresh token', token] as const),
    ...sent('code_verifier'),
    ...sent('client_assertion'),
  ];
}

/** Which kinds of secrets stand in a text. */
const kindsIn = (text: string, secrets: readonly (readonly [string, string])[]): readonly string[] => [
  ...new Set(secrets.filter(([, secret]) => secret !== '' && text.includes(secret)).map(([kind]) => kind)),
];

const shownBy = ({ issuer, outcome }: Flow): readonly string[] => kindsIn(outcome.shown, secretsOf(issuer));

test.describe('what the client shows', () => {
  test('shows no secrets when it succeeds', verifies('rfc9700/4.2.4-2'), async ({ valid, exercise }) => {
    expect(shownBy(await exercise(valid())), 'secrets that are shown').toEqual([]);
  });

  // Those who write down what went wrong write down what they sent.
  for (const [title, deviation] of [
    ['shows no secrets when it is given no tokens', refusing('token', 400, 'invalid_grant')],
    ['shows no secrets when the API fails', refusing('call', 500, 'server_error')],
  ] as const satisfies readonly (readonly [string, Deviation])[])
    test(title, verifies('rfc9700/4.2.4-2'), async ({ valid, flow, exercise, given }) => {
      await valid();
      const ended = await exercise(flow({ deviation }));
      given(ended.issuer.since, `expected a ${purposes[deviation.at]}`);
      expect(shownBy(ended), 'secrets that are shown').toEqual([]);
    });
});

test.describe('what the client sends', () => {
  test('sends no secrets in Referer', verifies('rfc9700/4.2.4-2'), async ({ issuers }) => {
    for (const issuer of await issuers())
      for (const arrival of issuer.arrivals)
        expect(
          kindsIn(headerOf(arrival, 'referer') ?? '', secretsOf(issuer)),
          `secrets in Referer of the ${purposes[arrival.at]}`,
        ).toEqual([]);
  });

  // Access tokens where they are used are an item of their own (5.3.3.1, item 3).
  test('sends no secrets in URLs', verifies('rfc9700/4.2.4-2'), async ({ issuers }) => {
    for (const issuer of await issuers())
      for (const { at, url } of issuer.arrivals) {
        const secrets = secretsOf(issuer).filter(([kind]) => kind !== 'access token' || !using.includes(at));
        expect(kindsIn(url.href, secrets), `secrets in the URL of the ${purposes[at]}`).toEqual([]);
      }
  });
});
