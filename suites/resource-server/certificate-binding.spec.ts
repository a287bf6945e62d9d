import {
  withCertificate,
  withCounterfeit,
  withoutCertificate,
} from '../../src/actors/edits/authentication.ts';
import { test, verifies, when } from '../test.ts';

test.use({ operation: 'call' });

// RFC 8705, section 3: 401 and invalid_token. A server may refuse a certificate of nobody within the handshake.
test.describe('certificate-bound tokens at the resource API', when('mtls'), () => {
  test('rejects no certificate', verifies('fapi2-sp/5.3.4-5'), async ({ rejects }) => {
    await rejects(withoutCertificate, 'invalid_token', 'unauthenticated', 'tls-refusal');
  });

  test(
    'rejects the certificate of another client',
    verifies('fapi2-sp/5.3.4-5'),
    async ({ rejects, other, given }) => {
      const certificate = given(other.parts.certificate, 'expected the second client to have a certificate');
      await rejects(
        withCertificate('certificate of another client', certificate),
        'invalid_token',
        'unauthenticated',
        'tls-refusal',
      );
    },
  );

  // Names are copied; the thumbprint is of the whole certificate.
  test(
    'rejects another certificate with the names of the client',
    verifies('fapi2-sp/5.3.4-5'),
    async ({ rejects }) => {
      await rejects(
        withCounterfeit('certificate of another key', 'same'),
        'invalid_token',
        'unauthenticated',
        'tls-refusal',
      );
    },
  );
});
