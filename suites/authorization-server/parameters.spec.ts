import { memberOf } from '../../src/actors/answers.ts';
import { change, replace, without } from '../../src/actors/edits/form.ts';
import { claimsOf, sha256 } from '../../src/protocol/jws.ts';
import { open, parametersOf, redeem, response } from '../responses.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'push' });

test.describe('a pushed request at the authorization endpoint', when('authorization_code'), () => {
  test(
    'opens again after it was left before the login',
    verifies('rfc9126/4-2'),
    async ({ client, stranger, exercise }) => {
      const { reply } = await client.begin();
      await open(client, reply, [], { user: stranger, decision: 'leave' });
      const visit = await exercise(open(client, reply, [], { user: stranger }));
      expect(await response(client, visit)).toHaveProperty('code');
    },
  );

  test('brings one code only', verifies('rfc9126/4-1'), async ({ client, exercise, given }) => {
    const { reply } = await client.begin();
    given(parametersOf(await open(client, reply))['code'], 'expected the first visit to bring a code');
    const visit = await exercise(open(client, reply));
    expect(await response(client, visit)).not.toHaveProperty('code');
  });

  // What stands beside it in the URL was not pushed (5.3.3.2, item 6 leaves it out). A server may refuse it, or pass it over.
  test(
    'keeps its state where the URL has another',
    verifies('fapi2-sp/5.3.2.2-3'),
    async ({ client, exercise }) => {
      const { attempt, reply } = await client.begin();
      const visit = await exercise(open(client, reply, [['state', 'another']]));
      const { code, state } = await response(client, visit);
      if (code !== undefined) expect(state).toBe(attempt.state);
    },
  );

  test(
    'gets no state from the URL where none was pushed',
    verifies('fapi2-sp/5.3.2.2-3'),
    async ({ client, asking, exercise }) => {
      const ask = await asking(client);
      const visit = await exercise(open(client, await ask(without('state')), [['state', 'another']]));
      const { code, state } = await response(client, visit);
      if (code !== undefined) expect(state).not.toBe('another');
    },
  );

  // The way to take PKCE off a request: a challenge whose verifier the attacker knows.
  test(
    'keeps its code_challenge where the URL has another',
    verifies('fapi2-sp/5.3.2.2-3'),
    async ({ client, exercise }) => {
      const { attempt, reply } = await client.begin();
      const beside = [['code_challenge', sha256('the verifier of an attacker')]] as const;
      const { code } = await response(client, await exercise(open(client, reply, beside)));
      if (code === undefined) return;
      const redeemed = await exercise(redeem(client, code, attempt.verifier));
      expect(redeemed.body).toHaveProperty('access_token');
    },
  );

  test(
    'keeps its scope where the URL has more',
    verifies('fapi2-sp/5.3.2.2-3'),
    async ({ client, asking, exercise, given }) => {
      const words = client.parts.registration.scope.split(' ');
      const more = (words.length > 1 && words.findLast((word) => word !== 'openid')) || 'assay';
      const narrow = words.filter((word) => word !== more);
      const alone = await client.tokens(replace('scope', narrow.join(' ')));
      given(
        !String(memberOf(alone.reply, 'scope') ?? '')
          .split(' ')
          .includes(more),
        'expected no scope beyond what was asked for, where the URL has none',
      );
      const verifier = sha256('verifier');
      const challenge = replace('code_challenge', sha256(verifier));
      const ask = await asking(client);
      const pushed = await ask(replace('scope', narrow.join(' ')), challenge);
      const beside = [['scope', [...narrow, more].join(' ')]] as const;
      const { code } = await response(client, await exercise(open(client, pushed, beside)));
      if (code === undefined) return;
      const reply = await exercise(redeem(client, code, verifier));
      expect(String(memberOf(reply, 'scope') ?? '').split(' ')).not.toContain(more);
    },
  );

  test.describe('of OpenID Connect', when('openid'), () => {
    test(
      'keeps its nonce where the URL has another',
      verifies('fapi2-sp/5.3.2.2-3'),
      async ({ client, exercise }) => {
        const { attempt, reply } = await client.begin();
        const { code } = await response(client, await exercise(open(client, reply, [['nonce', 'another']])));
        if (code === undefined) return;
        const redeemed = await exercise(redeem(client, code, attempt.verifier));
        expect(claimsOf(String(memberOf(redeemed, 'id_token')))?.['nonce']).not.toBe('another');
      },
    );
  });
});

test.describe('parameters that a client may choose', when('authorization_code'), () => {
  // RFC 6749, appendix A.5: one or more of these characters.
  const permitted = Array.from({ length: 0x7f - 0x20 }, (_, at) => String.fromCharCode(0x20 + at)).join('');

  // No length is promised: what is too long for a server it refuses when the request is pushed (RFC 9126, section 2.3).
  for (const [what, state] of Object.entries({
    'a state of every permitted character': permitted,
    'a state of 1000 characters': permitted.replaceAll(/\W/gu, '').repeat(20).slice(0, 1000),
  }))
    test(
      `returns ${what}, or refuses it`,
      verifies('rfc6749/4.1.2-2'),
      async ({ client, asking, exercise }) => {
        const ask = await asking(client);
        const reply = await exercise(ask(replace('state', state)));
        if (reply.status === 413 || memberOf(reply, 'error') === 'invalid_request') return;
        const { code, state: returned } = await response(client, await open(client, reply));
        expect({ code, state: returned }).toEqual({ code: expect.any(String), state });
      },
    );

  for (const [what, edit, requirement] of [
    ['no state', without('state'), 'rfc6749/4.1.2-2'],
    ['an empty state', replace('state', ''), 'rfc6749/3.1-3'],
  ] as const)
    test(`returns no state for ${what}`, verifies(requirement), async ({ client, asking, exercise }) => {
      const ask = await asking(client);
      const reply = await exercise(ask(edit));
      expect(reply.body).toHaveProperty('request_uri');
      const { code, state } = await response(client, await open(client, reply));
      expect({ code, state }).toEqual({ code: expect.any(String), state: undefined });
    });

  test('are scopes in any order', verifies('rfc6749/3.3-1'), async ({ client, asking, exercise, given }) => {
    const { scope } = client.parts.registration;
    given(scope.includes(' '), 'expected a client with two scopes at least; register another one');
    const ask = await asking(client);
    const reversed = change('scope', 'in another order', (text) => text.split(' ').toReversed().join(' '));
    const reply = await exercise(ask(reversed));
    expect(reply.body).toHaveProperty('request_uri');
    expect(await response(client, await open(client, reply))).toHaveProperty('code');
  });

  test.describe('of OpenID Connect', when('openid'), () => {
    // OpenID Connect Core, section 3.1.2.1: optional in this flow.
    test(
      'include no nonce, and none comes back',
      verifies('fapi2-sp/5.3.2.3-1'),
      async ({ client, asking, exercise }) => {
        const ask = await asking(client);
        const verifier = sha256('verifier');
        const reply = await exercise(ask(without('nonce'), replace('code_challenge', sha256(verifier))));
        expect(reply.body).toHaveProperty('request_uri');
        const { code = '' } = await response(client, await open(client, reply));
        const redeemed = await exercise(redeem(client, code, verifier));
        const claims = claimsOf(String(memberOf(redeemed, 'id_token')));
        expect(claims).toHaveProperty('sub');
        expect(claims).not.toHaveProperty('nonce');
      },
    );

    // FAPI 2.0, 5.3.2.2, item 14 promises 64 characters and lets a server refuse more; it may not change them.
    test(
      'include a nonce of 384 characters, unless it is refused',
      verifies('fapi2-sp/5.3.2.3-1'),
      async ({ client, asking, exercise }) => {
        const ask = await asking(client);
        const [verifier, nonce] = [sha256('verifier'), 'nonce384'.repeat(48)];
        const reply = await exercise(
          ask(replace('nonce', nonce), replace('code_challenge', sha256(verifier))),
        );
        if (reply.status === 413 || memberOf(reply, 'error') === 'invalid_request') return;
        const { code } = await response(client, await open(client, reply));
        if (code === undefined) return;
        const redeemed = await exercise(redeem(client, code, verifier));
        expect(claimsOf(String(memberOf(redeemed, 'id_token')))).toHaveProperty('nonce', nonce);
      },
    );
  });
});
