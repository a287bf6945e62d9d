import {
  assertion,
  assertionAhead,
  assertionAlgorithm,
  assertionAltered,
  assertionEmpty,
  assertionHeader,
  assertionSignatureBroken,
  assertionSignatureMissing,
  assertionTwice,
  assertionType,
  assertionUnsigned,
  keyConfusion,
  publicKeyForms,
  sameAssertion,
  signedWith,
  signedWithEmbeddedKey,
  signedWithForeignKey,
} from '../../src/actors/edits/authentication.ts';
import type { World } from '../../src/actors/draft.ts';
import { errorOf } from '../../src/actors/flow-error.ts';
import { endpoint as urlOf, type EndpointName } from '../../src/protocol/metadata.ts';
import { expect, test, verifies, when } from '../test.ts';
import { authenticatedEndpoints, badAuthentication } from './endpoints.ts';

const past = (seconds: number) => (world: World) => world.now - seconds;

/** What makes an assertion one of nobody (RFC 7523, section 3; OpenID Connect Core, section 9). */
const invalid = {
  'a foreign key': signedWithForeignKey,
  'the key in its own header': signedWithEmbeddedKey,
  'a broken signature': assertionSignatureBroken,
  'a missing signature': assertionSignatureMissing,
  'an altered assertion': assertionAltered,
  'an expired assertion': assertion('expired assertion', { iat: past(360), nbf: past(360), exp: past(300) }),
  'an assertion that never expires': assertion('assertion without exp', { exp: undefined }),
  'no issuer of the assertion': assertion('assertion without iss', { iss: undefined }),
  'another issuer of the assertion': assertion('assertion with another iss', {
    iss: 'https://attacker.example',
  }),
  'no subject of the assertion': assertion('assertion without sub', { sub: undefined }),
  'an assertion without a value': assertionEmpty,
  'another client_assertion_type': assertionType('urn:ietf:params:oauth:client-assertion-type:saml2-bearer'),
  'no client_assertion_type': assertionType(undefined),
  // RFC 7515, section 4.1.11: what is critical and not understood makes the JWS invalid.
  'an unknown critical header': assertionHeader('unknown critical header', {
    crit: ['https://attacker.example/crit'],
    'https://attacker.example/crit': true,
  }),
};

const audience = (name: string, aud: (world: World) => string | readonly string[] | undefined) =>
  assertion(`audience: ${name}`, { aud });

/** The issuer with its path ended by a slash, or not, where it is the other way around. */
const otherSlash = (issuer: string): string => (issuer.endsWith('/') ? issuer.slice(0, -1) : `${issuer}/`);

/** Compared as a string, and as one only: RFC 7519, section 2 knows no normal form of a StringOrURI. */
const audiences = {
  'no audience': audience('none', () => undefined),
  'another server as the audience': audience('another server', () => 'https://attacker.example'),
  'a list of the issuer as the audience': audience('a list of the issuer', ({ metadata }) => [
    metadata.issuer,
  ]),
  'a list with the issuer as the audience': audience('a list', ({ metadata }) => [
    metadata.issuer,
    metadata.token_endpoint,
  ]),
  'the issuer but for a slash as the audience': audience('the issuer but for a slash', ({ metadata }) =>
    otherSlash(metadata.issuer),
  ),
  'the issuer in upper case as the audience': audience('the issuer in upper case', ({ metadata }) =>
    metadata.issuer.toUpperCase(),
  ),
};

const endpointNames = {
  'the PAR endpoint': 'pushed_authorization_request_endpoint',
  'the token endpoint': 'token_endpoint',
  'the revocation endpoint': 'revocation_endpoint',
  'the introspection endpoint': 'introspection_endpoint',
} as const satisfies Record<string, EndpointName>;

// How long an assertion may live is left open, and so is what a server makes of a kid that it does not know (RFC 7515,
// section 4.1.4 calls it a hint), and of a client_secret beside an assertion (RFC 6749, section 3.2: to be ignored where it is
// unknown). None of it is judged.
for (const { where, operation, member, conditions } of authenticatedEndpoints)
  test.describe(`client assertions at ${where}`, when('private_key_jwt'), () => {
    test.use({ operation });

    test.describe('where clients authenticate', when(...conditions), () => {
      for (const [what, edit] of Object.entries(invalid))
        test(`${where} rejects ${what}`, verifies('fapi2-sp/5.3.2.1-6'), async ({ rejects }) => {
          await rejects(edit, ...badAuthentication);
        });

      test(
        `${where} rejects another subject of the assertion`,
        verifies('fapi2-sp/5.3.2.1-6'),
        async ({ rejects, other }) => {
          await rejects(assertion('assertion with another sub', { sub: other.id }), ...badAuthentication);
        },
      );

      test(
        `${where} rejects an assertion about another client`,
        verifies('fapi2-sp/5.3.2.1-6'),
        async ({ rejects, other }) => {
          await rejects(
            assertion('assertion about another client', { iss: other.id, sub: other.id }),
            ...badAuthentication,
          );
        },
      );

      test(
        `${where} rejects the key of another client`,
        verifies('fapi2-sp/5.3.2.1-6'),
        async ({ rejects, other, given }) => {
          const key = given(other.parts.key, 'expected the second client to have a key');
          await rejects(signedWith('signed by another client', key), ...badAuthentication);
        },
      );

      for (const [what, edit] of Object.entries(audiences))
        test(`${where} rejects ${what}`, verifies('fapi2-sp/5.3.2.1-8'), async ({ rejects }) => {
          await rejects(edit, ...badAuthentication);
        });

      for (const [what, name] of Object.entries(endpointNames))
        if (name === member || name === 'token_endpoint')
          test(
            `${where} rejects ${what} as the audience`,
            verifies('fapi2-sp/5.3.2.1-8'),
            async ({ rejects }) => {
              await rejects(
                audience(what, ({ metadata }) => urlOf(metadata, name, 'key')),
                ...badAuthentication,
              );
            },
          );

      for (const claim of ['iat', 'nbf'] as const) {
        test(
          `${where} accepts an assertion with ${claim} 10 seconds ahead`,
          verifies('fapi2-sp/5.3.2.1-13'),
          async ({ client, asking, exercise }) => {
            const ask = await asking(client);
            expect((await exercise(ask(assertionAhead(claim, 10)))).status).toBeLessThan(300);
          },
        );

        test(
          `${where} rejects an assertion with ${claim} 61 seconds ahead`,
          verifies('fapi2-sp/5.3.2.1-13'),
          async ({ rejects }) => {
            await rejects(assertionAhead(claim, 61), ...badAuthentication);
          },
        );
      }

      for (const [what, spelling] of Object.entries({ none: 'none', 'none in mixed case': 'nOnE' }))
        test(
          `${where} rejects the algorithm ${what}`,
          verifies('fapi2-sp/5.4.1-1.3'),
          async ({ rejects }) => {
            await rejects(assertionUnsigned(spelling), ...badAuthentication);
          },
        );

      // Only an RSA key can sign with a forbidden algorithm and still be the registered one.
      test(
        `${where} rejects an assertion signed with RS256`,
        verifies('fapi2-sp/5.4.1-1.2'),
        async ({ client, other, asking, exercise, given }) => {
          const rsa = given(
            [client, other].find(({ parts }) => parts.key?.alg === 'PS256'),
            'expected one of the two clients to have an RSA key, without which no forbidden algorithm can be tried',
          );
          const ask = await asking(rsa);
          expect(badAuthentication).toContain(errorOf(await exercise(ask(assertionAlgorithm('RS256')))));
        },
      );

      // RFC 8725, section 2.1: the public key, in whatever form a server keeps it, is taken for the secret of an HMAC.
      for (const form of publicKeyForms)
        test(
          `${where} rejects an HMAC with the public key as ${form}`,
          verifies('fapi2-sp/5.4.1-1.1'),
          async ({ rejects }) => {
            await rejects(keyConfusion(form), ...badAuthentication);
          },
        );

      // Core demands the claim of clients, and says of servers only what it is for.
      test(`${where} rejects an assertion without a jti`, verifies('oidc-core/9-1'), async ({ rejects }) => {
        await rejects(assertion('assertion without jti', { jti: undefined }), ...badAuthentication);
      });

      test(
        `${where} rejects an assertion that was used before`,
        verifies('rfc7523/3-1'),
        async ({ client, asking, exercise, given }) => {
          const ask = await asking(client);
          const same = sameAssertion();
          given((await ask(same)).status < 300, 'expected the first use of the assertion to succeed');
          expect(badAuthentication).toContain(errorOf(await exercise(ask(same))));
        },
      );
    });
  });

test.describe('client assertions in the form', when('private_key_jwt'), () => {
  test.use({ operation: 'redeem' });

  test('the token endpoint rejects two assertions', verifies('rfc6749/3.2-1'), async ({ rejects }) => {
    await rejects(assertionTwice, 'invalid_request', 'invalid_client');
  });
});
