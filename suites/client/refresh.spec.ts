import { tokenOf, type Arrival } from '../../src/actors/sandbox/arrival.ts';
import type { Deviation } from '../../src/actors/sandbox/deviation.ts';
import { answering, bodyWith, claimsWith, times } from '../../src/actors/sandbox/edits.ts';
import type { Issuer } from '../../src/actors/sandbox/issuer.ts';
import { expect, test, verifies, when } from './test.ts';

/** Each refresh gives another refresh token, and the one before is good for nothing. */
const rotating: Deviation = answering(
  'refresh',
  'another refresh token at each refresh',
  (answer, _, { form }, issuer) => {
    const old = form.get('refresh_token') ?? '';
    const grant = issuer.refreshTokens.get(old);
    if (answer.status !== 200 || grant === undefined) return undefined;
    issuer.revoked.add(old);
    return {
      ...answer,
      body: { ...(answer.body as object), refresh_token: issuer.keep('refreshTokens', grant) },
    };
  },
);

const refreshesOf = ({ arrivals }: Issuer): readonly Arrival[] =>
  arrivals.filter(({ at }) => at === 'refresh');

/** The access tokens of the first call of all, and of the first one after a refresh. */
function used({ arrivals }: Issuer): readonly [before: string | undefined, after: string | undefined] {
  const at = arrivals.findIndex((arrival) => arrival.at === 'refresh');
  const token = (list: readonly Arrival[]): string | undefined => {
    const call = list.find((arrival) => arrival.at === 'call');
    return call && tokenOf(call)?.token;
  };
  return [token(arrivals.slice(0, at)), token(arrivals.slice(at))];
}

/** The access tokens that refreshes gave: each grant of a flow gave one. */
function refreshed({ arrivals, accessTokens }: Issuer): readonly string[] {
  const grants = arrivals.filter(({ at }) => at === 'token' || at === 'refresh');
  return [...accessTokens.keys()].filter((_, at) => grants[at]?.at === 'refresh');
}

/**
 * Demands that the client uses nothing of a refresh with a deviation. It may go on with the tokens that it had, which are good,
 * or begin anew.
 */
const refuses =
  (deviation: Deviation): Parameters<typeof test>[2] =>
  async ({ exercise, valid, flow, given, stillCompletes }) => {
    await valid('refresh');
    const { issuer, outcome } = await exercise(flow({ scenario: 'refresh', deviation }));
    const since = given(issuer.since, `expected a refresh request, to show ${deviation.name}`);
    const tokens = refreshed(issuer);
    const uses = since.filter((arrival) =>
      tokens.includes(tokenOf(arrival)?.token ?? arrival.form.get('token') ?? ''),
    );
    expect(
      uses.filter(({ at }) => at !== 'revocation').map(({ at }) => at),
      `requests with tokens of a refresh with ${deviation.name}`,
    ).toEqual([]);
    given(
      outcome.end === 'failed',
      `expected the client to tell that the refresh failed, got: ${outcome.told}`,
    );
    await stillCompletes('refresh');
  };

test.describe('a refresh', when('refresh-token'), () => {
  test(
    'makes new tokens, which are used',
    verifies('fapi2-sp/5.3.3.1-6'),
    async ({ exercise, valid, flow, given }) => {
      await valid();
      const { issuer, outcome } = await exercise(flow({ scenario: 'refresh' }));
      given(refreshesOf(issuer).length > 0, 'expected the scenario refresh to make a refresh request');
      given(
        outcome.end !== 'unknown',
        `expected the client to tell how the flow ended, got: ${outcome.told}`,
      );
      expect(outcome.end, outcome.told).toBe('completed');
      const [before, after] = used(issuer);
      expect(given(after, 'expected the scenario refresh to make calls after the refresh')).not.toBe(before);
    },
  );

  // RFC 6749, section 6: a new refresh token takes the place of the old one; where none came, the old one stays.
  test(
    'uses the refresh token that came last',
    verifies('fapi2-sp/5.3.3.1-6'),
    async ({ completes, given }) => {
      const { issuer } = await completes(rotating, 'refresh');
      given(refreshesOf(issuer).length > 1, 'expected the scenario refresh to refresh twice');
    },
  );

  test.describe('with ID tokens', when('openid'), () => {
    // OpenID Connect Core, section 12.2: the response need not have one, and it should have no nonce.
    for (const [what, deviation] of Object.entries({
      'is accepted without an ID token': bodyWith('refresh', 'no ID token', { id_token: undefined }),
      'is accepted with an ID token without nonce': claimsWith(
        'id-token',
        'no nonce',
        { nonce: undefined },
        'refresh',
      ),
    }))
      test(what, verifies('fapi2-sp/5.3.3.1-6'), async ({ completes }) => {
        await completes(deviation, 'refresh');
      });

    // Section 3.1.3.5 has clients validate token responses, of which this is one (12.2): what the ID token says against is not
    // passed over, even where nothing else is taken from it.
    for (const [what, deviation] of Object.entries({
      'is refused for another user': claimsWith(
        'id-token',
        'sub of another user',
        { sub: 'user-2' },
        'refresh',
      ),
      'is refused of another issuer': claimsWith(
        'id-token',
        'iss of another server',
        { iss: 'https://other.example' },
        'refresh',
      ),
      'is refused for another client': claimsWith(
        'id-token',
        'aud of another client',
        { aud: 'another-client' },
        'refresh',
      ),
    }))
      test(what, verifies('oidc-core/12.2-1'), refuses(deviation));
  });

  test(
    'asks for no scope that was not granted',
    verifies('rfc6749/6-2'),
    async ({ exercise, valid, given }) => {
      const { issuer } = await exercise(valid('refresh'));
      const refreshes = refreshesOf(issuer);
      given(refreshes.length > 0, 'expected the scenario refresh to make a refresh request');
      const [grant] = issuer.refreshTokens.values();
      const granted = given(grant, 'expected a refresh token to have been granted').scope.split(' ');
      const asked = refreshes.flatMap(({ form }) => form.get('scope')?.split(' ') ?? []);
      expect(asked.filter((scope) => !granted.includes(scope))).toEqual([]);
    },
  );

  test.describe('with DPoP', when('dpop'), () => {
    test(
      'of the type Bearer is refused',
      verifies('fapi2-sp/5.3.3.1-1'),
      refuses(bodyWith('refresh', 'the type Bearer', { token_type: 'Bearer' })),
    );
  });

  // RFC 9110, section 9.2.2 permits it where the server is known to bear it: the old refresh token stays good (FAPI 2.0,
  // 5.3.2.1, item 9). Nothing demands it.
  test('is made again when its answer was lost', verifies('rfc9110/9.2.2-1'), async ({ completes }) => {
    await completes(
      times(
        1,
        answering('refresh', 'a connection that breaks', (answer) => ({ ...answer, lost: 'yes' })),
      ),
      'refresh',
    );
  });
});
