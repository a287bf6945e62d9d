import { isGranted, memberOf } from '../../src/actors/answers.ts';
import type { Client, Grant } from '../../src/actors/client.ts';
import { change, replace, without } from '../../src/actors/edits/form.ts';
import { altered } from '../../src/actors/edits/token.ts';
import { unavailable } from '../../src/actors/flow-error.ts';
import { sha256 } from '../../src/protocol/jws.ts';
import { TransportError } from '../../src/transport/error.ts';
import type { Reply } from '../../src/transport/transport.ts';
import { eventually } from '../eventually.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'redeem' });

/** Redeems a code at one node; undefined where the node is out of reach. */
const redeemAt = (node: Client, grant: Grant): Promise<Reply | undefined> =>
  node.redeem(grant).catch((error: unknown) => {
    if (error instanceof TransportError) return undefined;
    throw error;
  });

/** Redeems a code twice, the second time in vain, and gives what it was redeemed for. */
async function usedAgain(client: Client, given: <T>(value: T | false, expected: string) => T) {
  const grant = await client.grant();
  const tokens = await client.redeemed(grant);
  return {
    tokens,
    again: async (): Promise<void> => {
      given(
        memberOf(await client.redeem(grant), 'error') === 'invalid_grant',
        'expected the second use of the code to be refused with invalid_grant',
      );
    },
  };
}

/** RFC 6750, section 3.1 recommends 401 only. */
const refusing: readonly number[] = [401, 403];

test.describe('authorization codes', when('authorization_code'), () => {
  // RFC 6749, section 5.2: invalid_grant is for codes that are invalid, revoked, or of another client.
  test(
    'rejects a code that was used before',
    verifies('fapi2-sp/5.3.2.2-9'),
    async ({ client, nodes, exercise }) => {
      const grant = await client.grant();
      await client.redeemed(grant);
      expect(memberOf(await exercise(client.redeem(grant)), 'error')).toBe('invalid_grant');
      const elsewhere = nodes.length > 1 ? nodes : [];
      for (const reply of await Promise.all(elsewhere.map((node) => redeemAt(node, grant))))
        if (reply !== undefined && !unavailable(reply)) expect(isGranted(reply)).toBe(false);
    },
  );

  // Whatever else the server answers to a crowd convicts nobody: that it succeeds twice does.
  test(
    'redeems a code only once for 20 requests at the same time',
    verifies('fapi2-sp/5.3.2.2-9'),
    async ({ client, nodes, exercise, given }) => {
      const grant = await client.grant();
      const crowd = Array.from({ length: 20 }, (_, at) =>
        redeemAt(nodes[at % nodes.length] ?? client, grant),
      );
      const replies = (await exercise(Promise.all(crowd))).flatMap((reply) => reply ?? []);
      const granted = replies.filter(isGranted).length;
      given(
        granted > 0 || replies.some((reply) => memberOf(reply, 'error') === 'invalid_grant'),
        'expected some of 20 requests at the same time to be answered',
      );
      expect(granted).toBeLessThanOrEqual(1);
    },
  );

  test(
    'revokes the access token of a code that is used again',
    verifies('rfc6749/4.1.2-1'),
    async ({ client, resource, exercise, given }) => {
      const { tokens, again } = await usedAgain(client, given);
      const before = await client.call(resource, tokens.access);
      given(before.status < 300, 'expected the API to take the new access token');
      await again();
      const after = eventually(
        () => client.call(resource, tokens.access),
        ({ status }) => refusing.includes(status),
      );
      expect(refusing).toContain((await exercise(after)).status);
    },
  );

  test.describe('with refresh tokens', when('refresh-token'), () => {
    test(
      'revokes the refresh token of a code that is used again',
      verifies('rfc6749/4.1.2-1'),
      async ({ client, exercise, given }) => {
        const { tokens, again } = await usedAgain(client, given);
        const refresh = given(tokens.refresh, 'expected a refresh token, as the feature is declared');
        await again();
        expect(memberOf(await exercise(client.refresh(refresh)), 'error')).toBe('invalid_grant');
      },
    );
  });

  test(
    'rejects the code of another client',
    verifies('fapi2-sp/5.3.2.1-6'),
    async ({ client, other, exercise }) => {
      await client.tokens();
      expect(memberOf(await exercise(client.redeem(await other.grant())), 'error')).toBe('invalid_grant');
    },
  );

  test('rejects an altered code', verifies('rfc6749/4.1.3-1'), async ({ rejects }) => {
    await rejects(
      change('code', 'altered', (code) => altered(code, 'middle')),
      'invalid_grant',
    );
  });

  // RFC 6749, section 3.2: what has no value counts as absent, and section 5.2: invalid_request for what is absent.
  test('rejects an empty code', verifies('rfc6749/4.1.3-1'), async ({ rejects }) => {
    await rejects(replace('code', ''), 'invalid_request', 'invalid_grant');
  });

  // RFC 6749, section 5.2 names the mismatch under invalid_grant, and values that are not allowed under invalid_request.
  for (const [what, edit] of Object.entries({
    'another redirect_uri than was pushed': replace('redirect_uri', 'https://attacker.example/callback'),
    'no redirect_uri': without('redirect_uri'),
  }))
    test(`rejects ${what}`, verifies('rfc6749/4.1.3-1'), async ({ rejects }) => {
      await rejects(edit, 'invalid_grant', 'invalid_request');
    });
});

// RFC 7636, section 4.1 bids clients to make a code_verifier of 43 to 128 characters; that servers count them, no clause demands.
test.describe('the code_verifier', when('authorization_code'), () => {
  for (const [what, edit] of Object.entries({
    'no code_verifier': without('code_verifier'),
    'an empty code_verifier': replace('code_verifier', ''),
  }))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.2-5'), async ({ rejects }) => {
      await rejects(edit, 'invalid_grant', 'invalid_request');
    });

  for (const [what, edit] of Object.entries({
    'another code_verifier': replace('code_verifier', 'A'.repeat(43)),
    'a code_verifier with a character more': change('code_verifier', 'and more', (value) => `${value}A`),
    'the code_challenge as code_verifier': change('code_verifier', 'as in the code_challenge', sha256),
  }))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.2-5'), async ({ rejects }) => {
      await rejects(edit, 'invalid_grant');
    });

  const longest = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'.repeat(2).slice(-128);

  test(
    'accepts a code_verifier of 128 characters of all kinds',
    verifies('fapi2-sp/5.3.2.2-5'),
    async ({ client, exercise }) => {
      await client.tokens();
      const grant = await client.grant(replace('code_challenge', sha256(longest)));
      expect(await exercise(client.redeem({ ...grant, verifier: longest }))).toHaveProperty('status', 200);
    },
  );

  test(
    'rejects the beginning of a code_verifier',
    verifies('fapi2-sp/5.3.2.2-5'),
    async ({ client, exercise }) => {
      const challenge = replace('code_challenge', sha256(longest));
      await client.redeemed({ ...(await client.grant(challenge)), verifier: longest });
      const reply = await exercise(
        client.redeem({ ...(await client.grant(challenge)), verifier: longest.slice(0, 64) }),
      );
      expect(memberOf(reply, 'error')).toBe('invalid_grant');
    },
  );
});
