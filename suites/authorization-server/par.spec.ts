import { requestUri } from '../../src/actors/answers.ts';
import { replace, without } from '../../src/actors/edits/form.ts';
import { secretBits } from '../../src/protocol/entropy.ts';
import { expect, test, verifies } from '../test.ts';

test.use({ operation: 'push' });

test.describe('the pushed authorization request endpoint', () => {
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

  test(
    'makes request_uri values that cannot be guessed',
    verifies('fapi2-sp/5.4.1-4'),
    async ({ client, exercise }) => {
      const replies = await exercise(Promise.all(Array.from({ length: 16 }, () => client.push())));
      expect(secretBits(replies.map((reply) => requestUri(reply)))).toBeGreaterThanOrEqual(128);
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

  // An absent code_challenge_method means plain (RFC 7636, section 4.3).
  for (const [what, edit] of Object.entries({
    'no code_challenge': without('code_challenge', 'code_challenge_method'),
    'a code_challenge_method alone': without('code_challenge'),
    'the plain method': replace('code_challenge_method', 'plain'),
    'no code_challenge_method': without('code_challenge_method'),
    'a code_challenge that is too short': replace('code_challenge', 'A'.repeat(42)),
  }))
    test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.2-5'), async ({ rejects }) => {
      await rejects(edit, 'invalid_request');
    });

  test('rejects no redirect_uri', verifies('fapi2-sp/5.3.2.2-6'), async ({ rejects }) => {
    await rejects(without('redirect_uri'), 'invalid_request');
  });

  // RFC 6749 has no code for it; servers borrow RFC 7591's (section 3.2.2). Whether an https URI that
  // is not registered is accepted is not judged: RFC 9126, section 2.4 leaves that to the server.
  test(
    'rejects a redirect_uri with the http scheme',
    verifies('fapi2-sp/5.3.2.2-8'),
    async ({ rejects, integration }) => {
      const registered = new URL(integration.clients[0]?.redirect_uri ?? '');
      registered.protocol = 'http:';
      await rejects(replace('redirect_uri', registered.href), 'invalid_request', 'invalid_redirect_uri');
    },
  );

  // RFC 6749, section 4.1.2.1: unsupported_response_type, or unauthorized_client for what this client may not use.
  for (const type of ['token', 'id_token', 'code id_token', 'code token'])
    test(`rejects the response type ${type}`, verifies('fapi2-sp/5.3.2.2-1'), async ({ rejects }) => {
      await rejects(
        replace('response_type', type),
        'unsupported_response_type',
        'invalid_request',
        'unauthorized_client',
      );
    });
});
