import { X509Certificate } from 'node:crypto';
import { purposes, type Arrival, type Point } from '../../src/actors/sandbox/arrival.ts';
import type { Variant } from '../../src/profiles/plan.ts';
import { arrivalsAt, authenticated, expect, granting, test, using, verifies, when } from './sent.ts';

/** Where a client has to present its certificate: where it is what it authenticates with, and where tokens are bound to it. */
const mutualPoints = ({ client_authentication, sender_constraint }: Variant): readonly Point[] => [
  ...(client_authentication === 'private_key_jwt' ? [] : authenticated),
  ...(sender_constraint === 'mtls' ? [...granting, 'userinfo' as const] : []),
];

/** At the server that asks for one: elsewhere nobody could present one, which is judged as that. */
const presented = (
  arrivals: readonly Arrival[],
): readonly (readonly [Point, X509Certificate | undefined])[] =>
  arrivals
    .filter(({ server }) => server === 'mutual')
    .map(({ at, connection: { certificate } }) => [
      at,
      certificate && new X509Certificate(certificate.certificate),
    ]);

const asked = 'expected the client to call the aliases of endpoints, where it is asked for its certificate';

test.describe('mutual TLS', when('mtls', 'tls_client_auth', 'self_signed_tls_client_auth'), () => {
  test(
    'calls the aliases of endpoints where it presents its certificate',
    verifies('fapi2-sp/5.3.3.1-7', 'fapi2-sp/5.2.2.1-3'),
    async ({ sent, partner: { profile } }) => {
      for (const { at, server } of await sent(...mutualPoints(profile)))
        expect(server, `server of the ${purposes[at]}`).toBe('mutual');
    },
  );
});

test.describe(
  'authentication by a certificate',
  when('tls_client_auth', 'self_signed_tls_client_auth'),
  () => {
    test(
      'authenticates with its registered certificate',
      verifies('fapi2-sp/5.3.3.1-2'),
      async ({ sent, clientSession, partner: { profile }, given }) => {
        const { certificate } = await clientSession.registration();
        const registered = new X509Certificate(
          given(certificate, 'expected client.certificate in the integration file'),
        );
        const shown = presented(await sent(...authenticated));
        for (const [at, own] of given(shown.length > 0 && shown, asked)) {
          expect(own, `certificate in the ${purposes[at]}`).toBeDefined();
          // RFC 8705, section 2.1: a certificate of the same subject may have replaced it; section 2.2: of itself, it is known by its key.
          if (profile.client_authentication === 'tls_client_auth')
            expect(own?.subject, `subject in the ${purposes[at]}`).toBe(registered.subject);
          else
            expect(own?.publicKey.equals(registered.publicKey), `registered key in the ${purposes[at]}`).toBe(
              true,
            );
        }
      },
    );
  },
);

test.describe('tokens bound to a certificate', when('mtls'), () => {
  test(
    'presents its certificate where it is given tokens',
    verifies('fapi2-sp/5.3.3.1-1'),
    async ({ sent, given }) => {
      const shown = presented(await sent(...granting));
      for (const [at, own] of given(shown.length > 0 && shown, asked))
        expect(own, `certificate in the ${purposes[at]}`).toBeDefined();
    },
  );

  // RFC 8705, section 3: the token is bound to the certificate of the connection on which it was given.
  test(
    'uses its tokens with the certificate that they are bound to',
    verifies('fapi2-sp/5.3.3.1-1'),
    async ({ issuers, given }) => {
      let calls = 0;
      for (const issuer of await issuers()) {
        let bound: string | undefined;
        for (const { at, server, connection } of arrivalsAt(issuer, ...granting, ...using)) {
          const shown = connection.certificate?.thumbprint;
          if (granting.includes(at)) bound = shown;
          else if (server === 'mutual') {
            calls += 1;
            expect(shown, `certificate in the ${purposes[at]}`).toBeDefined();
            if (bound !== undefined) expect(shown, `certificate in the ${purposes[at]}`).toBe(bound);
          }
        }
      }
      given(calls > 0, 'expected the client to use its access token');
    },
  );
});
