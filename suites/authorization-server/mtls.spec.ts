import { X509Certificate } from 'node:crypto';
import { memberOf } from '../../src/actors/answers.ts';
import { withCertificate, withoutCertificate } from '../../src/actors/edits/authentication.ts';
import { sha256 } from '../../src/protocol/jws.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'redeem' });

test.describe('certificate-bound tokens at the token endpoint', when('mtls'), () => {
  test('issues tokens of the type Bearer', verifies('fapi2-sp/5.3.2.1-5'), async ({ client, exercise }) => {
    const { reply } = await exercise(client.tokens());
    expect(String(memberOf(reply, 'token_type')).toLowerCase()).toBe('bearer');
  });

  // Without a certificate there is nothing to bind to. Where it also authenticates, the client is not known either.
  test('rejects no certificate', verifies('fapi2-sp/5.3.2.1-4'), async ({ rejects }) => {
    await rejects(withoutCertificate, 'invalid_request', 'invalid_grant', 'invalid_client', 'tls-refusal');
  });

  test.describe('introspected', when('introspection'), () => {
    test(
      'names the certificate that a token is bound to',
      verifies('fapi2-sp/5.3.2.1-5'),
      async ({ client, exercise, given }) => {
        const { access } = await client.tokens();
        const reply = await exercise(client.introspect(access));
        given(
          memberOf(reply, 'active') === true,
          'expected the client to be allowed to introspect its own token',
        );
        const own = given(client.parts.certificate, 'expected the client to have a certificate');
        const thumbprint = sha256(new X509Certificate(own.certificate).raw);
        expect(memberOf(reply, 'cnf')).toMatchObject({ 'x5t#S256': thumbprint });
      },
    );
  });
});

// Refresh tokens are bound to certificates by nothing but authentication (RFC 8705, section 7.1): where a certificate only binds
// access tokens, a client may come with a new one.
test.describe('refresh tokens', when('refresh-token'), () => {
  test.use({ operation: 'refresh' });

  test.describe(
    'of clients that certificates authenticate',
    when('tls_client_auth', 'self_signed_tls_client_auth'),
    () => {
      test(
        'rejects a refresh with the certificate of another client',
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
});
