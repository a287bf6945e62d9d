import { X509Certificate } from 'node:crypto';
import { memberOf } from '../../src/actors/answers.ts';
import { withoutCertificate } from '../../src/actors/edits/authentication.ts';
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
        const certificate = given(client.parts.certificate, 'expected the client to have a certificate');
        const thumbprint = sha256(new X509Certificate(certificate.certificate).raw);
        expect(memberOf(reply, 'cnf')).toMatchObject({ 'x5t#S256': thumbprint });
      },
    );
  });
});
