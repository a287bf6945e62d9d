import { memberOf } from '../../src/actors/answers.ts';
import {
  assertion,
  assertionAhead,
  assertionAlgorithm,
  assertionSignatureBroken,
  signedWithForeignKey,
  unauthenticated,
  withCertificate,
} from '../../src/actors/edits/authentication.ts';
import { expect, test, verifies, when } from '../test.ts';

// RFC 6749, section 5.2 lets a server call a bad assertion either of these.
const badAssertion = ['invalid_client', 'invalid_request'] as const;

const past = (seconds: number) => (world: { now: number }) => world.now - seconds;

/** Wherever a client authenticates, the same is demanded; only what a missing authentication breaks differs. */
const endpoints = [
  { where: 'the PAR endpoint', operation: 'push', authentication: 'fapi2-sp/5.3.2.2-4' },
  { where: 'the token endpoint', operation: 'redeem', authentication: 'fapi2-sp/5.3.2.1-3' },
] as const;

for (const { where, operation, authentication } of endpoints)
  test.describe(`client authentication at ${where}`, () => {
    test.use({ operation });

    test(`${where} rejects no authentication`, verifies(authentication), async ({ rejects }) => {
      await rejects(unauthenticated, 'invalid_client', 'invalid_request', 'tls-refusal');
    });

    test.describe('by private_key_jwt', when('private_key_jwt'), () => {
      for (const [what, edit] of Object.entries({
        'a foreign key': signedWithForeignKey,
        'a broken signature': assertionSignatureBroken,
        'an expired assertion': assertion('expired assertion', {
          iat: past(360),
          nbf: past(360),
          exp: past(300),
        }),
      }))
        test(`${where} rejects ${what}`, verifies('fapi2-sp/5.3.2.1-6'), async ({ rejects }) => {
          await rejects(edit, ...badAssertion);
        });

      test(
        `${where} rejects an assertion about another client`,
        verifies('fapi2-sp/5.3.2.1-6'),
        async ({ rejects, other }) => {
          await rejects(
            assertion('assertion about another client', { iss: other.id, sub: other.id }),
            ...badAssertion,
          );
        },
      );

      for (const [what, edit] of Object.entries({
        'the PAR endpoint': assertion('audience: the PAR endpoint', {
          aud: ({ metadata }) => metadata.pushed_authorization_request_endpoint,
        }),
        'the token endpoint': assertion('audience: the token endpoint', {
          aud: ({ metadata }) => metadata.token_endpoint,
        }),
        'a list with the issuer': assertion('audience: a list', {
          aud: ({ metadata }) => [metadata.issuer, metadata.token_endpoint],
        }),
        'another server': assertion('audience: another server', { aud: 'https://attacker.example' }),
      }))
        test(
          `${where} rejects ${what} as the audience`,
          verifies('fapi2-sp/5.3.2.1-8'),
          async ({ rejects }) => {
            await rejects(edit, ...badAssertion);
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
            await rejects(assertionAhead(claim, 61), ...badAssertion);
          },
        );
      }

      test(`${where} rejects an unsigned assertion`, verifies('fapi2-sp/5.4.1-1.3'), async ({ rejects }) => {
        await rejects(assertionAlgorithm('none'), ...badAssertion);
      });

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
          expect(badAssertion).toContain(memberOf(await exercise(ask(assertionAlgorithm('RS256'))), 'error'));
        },
      );
    });

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
    });
  });
