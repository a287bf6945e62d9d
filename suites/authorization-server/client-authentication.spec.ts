import {
  unauthenticated,
  withCertificate,
  withCounterfeit,
  withSecret,
} from '../../src/actors/edits/authentication.ts';
import { replace } from '../../src/actors/edits/form.ts';
import { test, verifies, when } from '../test.ts';
import { authenticatedEndpoints, badAuthentication } from './endpoints.ts';

for (const endpoint of authenticatedEndpoints) {
  const { where, operation, conditions } = endpoint;
  test.describe(`client authentication at ${where}`, when(...conditions), () => {
    test.use({ operation });

    test(`${where} rejects no authentication`, verifies(endpoint.authentication), async ({ rejects }) => {
      await rejects(unauthenticated, ...badAuthentication, ...endpoint.unauthenticated, 'tls-refusal');
    });

    // Both ways of RFC 6749, section 2.3.1; an unknown parameter is ignored (section 3.2), and nothing is left then.
    for (const place of ['header', 'form'] as const)
      test(
        `${where} rejects a client secret in the ${place}`,
        verifies('fapi2-sp/5.3.2.1-6'),
        async ({ rejects }) => {
          await rejects(
            withSecret(place),
            ...badAuthentication,
            ...(place === 'form' ? endpoint.unauthenticated : []),
            'tls-refusal',
          );
        },
      );

    // RFC 7521, section 4.2: a client_id names the client that the assertion names; by certificate, it alone says who asks.
    // At the token endpoint the code is of another client then, which is an invalid_grant. At PAR it is part of 5.3.2.2-4.
    if (operation !== 'push')
      test(
        `${where} rejects the client_id of another client`,
        verifies('fapi2-sp/5.3.2.1-6'),
        async ({ rejects, other }) => {
          await rejects(
            replace('client_id', other.id),
            ...badAuthentication,
            ...(operation === 'redeem' ? ['invalid_grant'] : []),
          );
        },
      );

    test.describe('by certificate', when('tls_client_auth', 'self_signed_tls_client_auth'), () => {
      test(
        `${where} rejects the certificate of another client`,
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

      // With the method self_signed_tls_client_auth, its dates and its chain are nobody's matter (RFC 8705, section 2.2).
      test(
        `${where} rejects a self-signed certificate with another key`,
        verifies('fapi2-sp/5.3.2.1-6'),
        async ({ rejects }) => {
          await rejects(
            withCounterfeit('self-signed certificate of the same subject', 'itself'),
            'invalid_client',
            'tls-refusal',
          );
        },
      );
    });

    test.describe('by a certificate of an authority', when('tls_client_auth'), () => {
      test(
        `${where} rejects a forged certificate of the authority`,
        verifies('fapi2-sp/5.3.2.1-6'),
        async ({ rejects }) => {
          await rejects(
            withCounterfeit('certificate that the authority did not sign', 'same'),
            'invalid_client',
            'tls-refusal',
          );
        },
      );

      test.describe('that it issued long ago', when('expired-certificate'), () => {
        test(
          `${where} rejects an expired certificate`,
          verifies('fapi2-sp/5.3.2.1-6'),
          async ({ rejects, expired }) => {
            await rejects(withCertificate('expired certificate', expired), 'invalid_client', 'tls-refusal');
          },
        );
      });
    });
  });
}
