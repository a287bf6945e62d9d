import { method, repeat, replace, twice, without } from '../../src/actors/edits/form.ts';
import { sha256 } from '../../src/protocol/jws.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'push' });

test.describe('the pushed authorization request endpoint', when('authorization_code'), () => {
  test('accepts a PKCE request', verifies('fapi2-sp/5.3.2.2-2'), async ({ client, exercise }) => {
    const reply = await exercise(client.push());
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ request_uri: expect.any(String), expires_in: expect.any(Number) });
  });

  test(
    'lets a request_uri live for less than 600 seconds',
    verifies('fapi2-sp/5.3.2.2-12'),
    async ({ client, exercise }) => {
      const { body } = await exercise(client.push());
      const { expires_in: seconds } = body as { expires_in: number };
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThan(600);
    },
  );

  // RFC 9126, section 2.1: request_uri must not be pushed.
  test('rejects a request_uri', verifies('fapi2-sp/5.3.2.2-2'), async ({ rejects }) => {
    await rejects(
      replace('request_uri', 'urn:ietf:params:oauth:request_uri:assay'),
      'invalid_request',
      'invalid_request_object',
      'request_uri_not_supported',
    );
  });

  // RFC 7521, section 4.2 and RFC 8705, section 2: it names the client that authenticates.
  test('rejects the client_id of another', verifies('fapi2-sp/5.3.2.2-4'), async ({ rejects, other }) => {
    await rejects(replace('client_id', other.id), 'invalid_client', 'invalid_request', 'tls-refusal');
  });

  // An absent code_challenge_method means plain (RFC 7636, section 4.3); a challenge has 43 to 128 unreserved characters (4.2).
  for (const [what, edit] of Object.entries({
    'no code_challenge': without('code_challenge', 'code_challenge_method'),
    'an empty code_challenge': replace('code_challenge', ''),
    'a code_challenge_method alone': without('code_challenge'),
    'the plain method': replace('code_challenge_method', 'plain'),
    'no code_challenge_method': without('code_challenge_method'),
    'a code_challenge that is too short': replace('code_challenge', 'A'.repeat(42)),
    'a code_challenge that is too long': replace('code_challenge', 'A'.repeat(129)),
    'a code_challenge with other characters': replace('code_challenge', `${'A'.repeat(41)}+/`),
  }))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.2-5'), async ({ rejects }) => {
      await rejects(edit, 'invalid_request');
    });

  // RFC 6749, section 4.1.2.1: unsupported_response_type, or unauthorized_client for what this client may not use.
  for (const [what, edit] of Object.entries({
    ...Object.fromEntries(
      ['token', 'id_token', 'code id_token', 'code token', 'code id_token token', 'none'].map((type) => [
        `the response type ${type}`,
        replace('response_type', type),
      ]),
    ),
    'no response type': without('response_type'),
  }))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.2-1'), async ({ rejects }) => {
      await rejects(edit, 'unsupported_response_type', 'invalid_request', 'unauthorized_client');
    });

  test(
    'accepts a request with an unknown parameter',
    verifies('rfc6749/3.1-2'),
    async ({ client, asking, exercise }) => {
      const ask = await asking(client);
      const reply = await exercise(ask(replace('assay_unknown', 'value')));
      expect(reply.body).toHaveProperty('request_uri');
    },
  );

  // RFC 9126, section 2 knows forms only; a server that takes JSON, too, is forbidden by no clause: that is not judged.
  for (const name of ['GET', 'PUT'] as const)
    test(
      `answers the method ${name} with 405`,
      verifies('rfc9126/2.3-1'),
      async ({ client, asking, exercise }) => {
        const ask = await asking(client);
        expect(await exercise(ask(method(name)))).toHaveProperty('status', 405);
      },
    );

  // A value that would be accepted by itself, so that whoever reads either of the two accepts. Where it is unclear who asks,
  // RFC 6749, section 5.2 has invalid_client.
  test.describe('as a form', when('plain-request'), () => {
    for (const edit of [
      twice('client_id'),
      twice('response_type'),
      twice('redirect_uri'),
      twice('scope'),
      repeat('state', 'another'),
      repeat('code_challenge', sha256('another verifier')),
      twice('code_challenge_method'),
    ])
      test(`rejects ${edit.name}`, verifies('rfc6749/3.1-1'), async ({ rejects }) => {
        await rejects(
          edit,
          'invalid_request',
          ...(edit.name === 'client_id twice' ? ['invalid_client'] : []),
        );
      });

    test.describe('of OpenID Connect', when('openid'), () => {
      test('rejects nonce twice', verifies('rfc6749/3.1-1'), async ({ rejects }) => {
        await rejects(repeat('nonce', 'another'), 'invalid_request');
      });
    });
  });
});
