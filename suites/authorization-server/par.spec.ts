import { requestUri } from '../../src/actors/client.ts';
import {
  assertion,
  assertionAhead,
  assertionAlgorithm,
  assertionSignatureBroken,
  replace,
  signedWithForeignKey,
  unauthenticated,
  withCertificate,
  without,
} from '../../src/actors/edits.ts';
import { secretBits } from '../../src/protocol/entropy.ts';
import { expect, test, verifies, when } from '../test.ts';

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

  // RFC 6749, section 5.2 names invalid_client; a server may find the request incomplete first.
  test('rejects no authentication', verifies('fapi2-sp/5.3.2.2-4'), async ({ rejects }) => {
    await rejects(unauthenticated, 'invalid_client', 'invalid_request', 'tls-refusal');
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

// RFC 6749, section 5.2 lets a server call a bad assertion either of these.
const badAssertion = ['invalid_client', 'invalid_request'] as const;

test.describe(
  'client assertions at the pushed authorization request endpoint',
  when('private_key_jwt'),
  () => {
    test('rejects a foreign key', verifies('fapi2-sp/5.3.2.1-6'), async ({ rejects }) => {
      await rejects(signedWithForeignKey, ...badAssertion);
    });

    test('rejects a broken signature', verifies('fapi2-sp/5.3.2.1-6'), async ({ rejects }) => {
      await rejects(assertionSignatureBroken, ...badAssertion);
    });

    test(
      'rejects an assertion of another client',
      verifies('fapi2-sp/5.3.2.1-6'),
      async ({ rejects, other }) => {
        await rejects(
          assertion('assertion of another client', { iss: other.id, sub: other.id }),
          ...badAssertion,
        );
      },
    );

    test('rejects an expired assertion', verifies('fapi2-sp/5.3.2.1-6'), async ({ rejects }) => {
      const past = (seconds: number) => (world: { now: number }) => world.now - seconds;
      await rejects(
        assertion('expired assertion', { iat: past(360), nbf: past(360), exp: past(300) }),
        ...badAssertion,
      );
    });

    for (const [what, edit] of Object.entries({
      'its URL as the audience': assertion('audience: the PAR endpoint', {
        aud: ({ metadata }) => metadata.pushed_authorization_request_endpoint,
      }),
      'the token endpoint as the audience': assertion('audience: the token endpoint', {
        aud: ({ metadata }) => metadata.token_endpoint,
      }),
      'the issuer within a list as the audience': assertion('audience: a list', {
        aud: ({ metadata }) => [metadata.issuer, metadata.token_endpoint],
      }),
      'another server as the audience': assertion('audience: another server', {
        aud: 'https://attacker.example',
      }),
    }))
      test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.1-8'), async ({ rejects }) => {
        await rejects(edit, ...badAssertion);
      });

    // Ten seconds exactly could become more on the way; nine leave a second for it.
    test(
      'accepts an assertion issued 9 seconds ahead',
      verifies('fapi2-sp/5.3.2.1-13'),
      async ({ client, exercise }) => {
        await client.grant();
        expect(await exercise(client.push(assertionAhead(9)))).toHaveProperty('status', 201);
      },
    );

    test(
      'rejects an assertion issued 70 seconds ahead',
      verifies('fapi2-sp/5.3.2.1-13'),
      async ({ rejects }) => {
        await rejects(assertionAhead(70), ...badAssertion);
      },
    );

    test('rejects an unsigned assertion', verifies('fapi2-sp/5.4.1-1.3'), async ({ rejects }) => {
      await rejects(assertionAlgorithm('none'), ...badAssertion);
    });
  },
);

test.describe(
  'client certificates at the pushed authorization request endpoint',
  when('tls_client_auth', 'self_signed_tls_client_auth'),
  () => {
    test(
      'rejects the certificate of another client',
      verifies('fapi2-sp/5.3.2.1-6'),
      async ({ rejects, other, given }) => {
        const certificate = given(
          other.parts.certificate,
          'expected the second client to have a certificate',
        );
        await rejects(
          withCertificate('certificate of another client', certificate),
          'invalid_client',
          'tls-refusal',
        );
      },
    );
  },
);
