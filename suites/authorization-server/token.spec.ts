import { memberOf } from '../../src/actors/answers.ts';
import type { Edit, Pairs } from '../../src/actors/draft.ts';
import { edit } from '../../src/actors/edits/edit.ts';
import { replace, twice, without } from '../../src/actors/edits/form.ts';
import { signJws } from '../../src/protocol/jws.ts';
import { generateKey } from '../../src/protocol/keys.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'redeem' });

/** Another grant, by the same client. */
const grantOf = (name: string, form: Pairs): Edit =>
  edit(name, (draft) => ({
    ...draft,
    form: [...(draft.form ?? []).filter(([of]) => of === 'client_id'), ...form],
  }));

/** The code stands in the URL. */
const codeInUrl = edit('code in the URL', (draft) => {
  const { form = [], url } = draft;
  const [, code = ''] = form.find(([name]) => name === 'code') ?? [];
  return {
    ...draft,
    url: `${url}?${new URLSearchParams({ code })}`,
    form: form.filter(([name]) => name !== 'code'),
  };
});

/** The form stands in the URL, and a proof is for that method. */
const byGet = edit('by GET', ({ proof, ...draft }) => ({
  ...draft,
  method: 'GET',
  ...(proof ? { proof: { ...proof, claims: { ...proof.claims, htm: 'GET' } } } : {}),
}));

/** RFC 7523, section 2.1, with a key that nobody knows. */
const foreignAssertion = edit('grant of an assertion that a stranger signed', (draft, { metadata, now }) => {
  const { alg, key } = generateKey('ES256');
  const [, client = ''] = draft.form?.find(([name]) => name === 'client_id') ?? [];
  const claims = {
    iss: client,
    sub: client,
    aud: metadata.issuer,
    jti: String(now),
    iat: now,
    exp: now + 60,
  };
  return grantOf('', [
    ['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    ['assertion', signJws({ header: { alg }, claims, key })],
  ]).apply(draft, { metadata, now });
});

// That clients may act for themselves as well (RFC 6749, section 4.4) is between them and the server: it is not judged.
test.describe('grants at the token endpoint', () => {
  // RFC 6749, section 5.2: unsupported_grant_type, or unauthorized_client for what this client may not use.
  test('rejects the password grant', verifies('fapi2-sp/5.3.2.1-2'), async ({ client, rejects }) => {
    const password = grantOf('grant of a password', [
      ['grant_type', 'password'],
      ['username', 'alice'],
      ['password', 'assay'],
      ['scope', client.parts.registration.scope],
    ]);
    await rejects(password, 'unsupported_grant_type', 'unauthorized_client');
  });

  // RFC 6749, section 5.2: invalid_request excepts the value of grant_type.
  test('rejects a made-up grant type', verifies('rfc6749/5.2-1'), async ({ rejects }) => {
    const madeUp = replace('grant_type', 'urn:example:grant-type:made-up');
    await rejects(madeUp, 'unsupported_grant_type', 'unauthorized_client');
  });

  // Without a value is without the parameter (section 3.2).
  for (const [what, change] of Object.entries({
    'no grant type': without('grant_type'),
    'an empty grant type': replace('grant_type', ''),
  }))
    test(`rejects ${what}`, verifies('rfc6749/5.2-1'), async ({ rejects }) => {
      await rejects(change, 'invalid_request', 'unsupported_grant_type');
    });

  // RFC 7523, section 3.1: invalid_grant where such grants are supported.
  test('rejects an assertion that a stranger signed', verifies('rfc6749/5.2-1'), async ({ rejects }) => {
    await rejects(foreignAssertion, 'unsupported_grant_type', 'unauthorized_client', 'invalid_grant');
  });
});

test.describe('parameters at the token endpoint', () => {
  // RFC 6749, section 5.2 says invalid_request of what is repeated; who the client is may be asked before. The value is the
  // same, so that no other reason to refuse it is left.
  test('rejects grant_type twice', verifies('rfc6749/3.2-1'), async ({ rejects }) => {
    await rejects(twice('grant_type'), 'invalid_request');
  });

  test('rejects client_id twice', verifies('rfc6749/3.2-1'), async ({ rejects }) => {
    await rejects(twice('client_id'), 'invalid_request', 'invalid_client');
  });

  test.describe('of a code', when('authorization_code'), () => {
    for (const parameter of ['code', 'redirect_uri', 'code_verifier'])
      test(`rejects ${parameter} twice`, verifies('rfc6749/3.2-1'), async ({ rejects }) => {
        await rejects(twice(parameter), 'invalid_request');
      });

    test('rejects a code in the URL', verifies('rfc6749/3.2-3'), async ({ rejects }) => {
      await rejects(codeInUrl, 'invalid_request', 'invalid_grant');
    });
  });

  test.describe('of a client', when('client_credentials'), () => {
    test('rejects scope twice', verifies('rfc6749/3.2-1'), async ({ rejects }) => {
      await rejects(twice('scope'), 'invalid_request');
    });
  });

  test('ignores a parameter that nobody defined', verifies('rfc6749/3.2-2'), async ({ client, exercise }) => {
    await client.tokens();
    const reply = await exercise(client.obtain(replace('assay_made_up', 'value')));
    expect(reply).toHaveProperty('status', 200);
  });

  // RFC 9110, section 15.5.6 has 405 for it; a server that finds nothing there, or reads no form, answers by section 15.5.5 or
  // as to an empty request (RFC 6749, section 5.2).
  test('rejects GET', verifies('rfc6749/3.2-3'), async ({ client, asking, exercise }) => {
    const ask = await asking(client);
    expect([400, 401, 404, 405]).toContain((await exercise(ask(byGet))).status);
  });
});

test.describe('token responses', () => {
  // RFC 6749, section 5.1 speaks of what contains tokens: errors are not judged. Its Pragma means nothing in a response (RFC 9111,
  // section 5.4).
  test('forbids to store tokens', verifies('rfc6749/5.1-1'), async ({ client, exercise }) => {
    const { reply } = await exercise(client.tokens());
    const directives = (reply.headers['cache-control'] ?? '').toLowerCase().split(/\s*,\s*/u);
    expect(directives).toContain('no-store');
  });

  test(
    'issues tokens in JSON, with their type and life',
    verifies('rfc6749/5.1-3'),
    async ({ client, exercise }) => {
      const { access, reply } = await exercise(client.tokens());
      const { 'content-type': type = 'none' } = reply.headers;
      expect(type.split(';')[0]?.trim().toLowerCase()).toBe('application/json');
      expect(reply.body).toMatchObject({ token_type: expect.any(String) });
      // It is only recommended.
      const life = memberOf(reply, 'expires_in');
      if (life !== undefined) expect(life).toEqual(expect.any(Number));
      // What the Authorization header can carry (RFC 9110, section 11.2).
      expect(/^[\w.~+/-]+=*$/u.test(access), 'an access token of letters, digits and -._~+/').toBe(true);
    },
  );

  test(
    'grants no scope that was not asked for',
    verifies('fapi2-sp/5.3.2.1-14'),
    async ({ client, exercise, given }) => {
      const scopes = client.parts.registration.scope.split(' ');
      given(scopes.length > 1, 'expected the first client to be registered for more than one scope');
      // OpenID Connect requests need openid, so it stays first.
      const asked = scopes[0] === 'openid' ? scopes.slice(0, 2) : scopes.slice(0, 1);
      given(
        asked.length < scopes.length,
        'expected the first client to be registered for another scope to leave out',
      );
      const { reply } = await exercise(client.tokens(replace('scope', asked.join(' '))));
      // RFC 6749, section 5.1: scope may be left out where it is what was asked for.
      const granted = memberOf(reply, 'scope') ?? asked.join(' ');
      expect(
        String(granted)
          .split(' ')
          .filter((scope) => !asked.includes(scope)),
      ).toEqual([]);
    },
  );

  test.describe('beside introspection', when('introspection'), () => {
    // Scopes of OpenID Connect (Core, sections 5.4 and 11) speak of other answers than the API's: introspection may leave them out.
    const own: ReadonlySet<string> = new Set([
      'openid',
      'profile',
      'email',
      'address',
      'phone',
      'offline_access',
    ]);
    const wordsOf = (scope: unknown): readonly string[] =>
      typeof scope === 'string'
        ? scope
            .split(' ')
            .filter((word) => word !== '' && !own.has(word))
            .toSorted()
        : [];

    test(
      'names the scope that it grants, where it grants less',
      verifies('rfc6749/5.1-2'),
      async ({ client, exercise, given }) => {
        const { scope } = client.parts.registration;
        await client.tokens();
        // A server that refuses a scope that it does not know (invalid_scope) grants none, and is asked for what it knows.
        const wide = `${scope} assay-made-up`;
        const [asked, tokens] = await client.tokens(replace('scope', wide)).then(
          (more) => [wide, more] as const,
          async () => [scope, await client.tokens()] as const,
        );
        const introspected = await exercise(client.introspect(tokens.access));
        const granted = given(memberOf(introspected, 'scope'), 'expected introspection to name the scope');
        expect(wordsOf(memberOf(tokens.reply, 'scope') ?? asked)).toEqual(wordsOf(granted));
      },
    );
  });
});
