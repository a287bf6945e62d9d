import {
  anHourOldWithMadeUpNonce,
  madeUpNonce,
  nonceErrors,
  noncesIn,
  oneNonce,
  withNonce,
  withoutNonce,
} from '../proofs.ts';
import { describe } from '../../src/actors/flow-error.ts';
import { expect, test, verifies, when } from '../test.ts';

// What made a nonce old is up to the server (RFC 9449, section 8.2): that one of before is taken is not judged.
test.describe('nonces of DPoP proofs', when('dpop-nonce'), () => {
  test.describe('at the authorization server', when('dpop'), () => {
    for (const [where, operation, requirement, grant] of [
      [
        'the token endpoint',
        'redeem',
        'fapi2-sp/5.3.2.1-5',
        when('authorization_code', 'client_credentials'),
      ],
      ['the PAR endpoint', 'provenPush', 'fapi2-sp/5.3.2.1-12', when('authorization_code')],
    ] as const)
      test.describe(`at ${where}`, grant, () => {
        test.use({ operation });

        test(
          `${where} asks for a nonce`,
          verifies('fapi2-sp/5.3.2.1-10'),
          async ({ client, asking, exercise }) => {
            const ask = await asking(client);
            const reply = await exercise(ask(withoutNonce));
            expect(describe(reply)).toMatch(/^400 use_dpop_nonce/u);
            expect(noncesIn(reply)).toEqual(oneNonce);
          },
        );

        test(`${where} rejects a made-up nonce`, verifies(requirement), async ({ rejects }) => {
          await rejects(madeUpNonce, ...nonceErrors);
        });

        test(
          `${where} rejects an old proof with a made-up nonce`,
          verifies(requirement),
          async ({ rejects }) => {
            await rejects(anHourOldWithMadeUpNonce, ...nonceErrors);
          },
        );

        // RFC 9449, section 9: nonces are accepted by the server that issued them only.
        test(
          `${where} rejects a nonce of the resource API`,
          verifies('fapi2-sp/5.3.2.1-10'),
          async ({ client, metadata, resource, rejects, given }) => {
            const { access } = await client.tokens();
            const [nonce] = noncesIn(await client.call(resource, access, withoutNonce));
            const another = new URL(resource.url).origin !== new URL(metadata.token_endpoint).origin;
            await rejects(
              withNonce(
                'a nonce of the resource API',
                given(another && nonce, 'expected the resource API, at a host of its own, to supply nonces'),
              ),
              ...nonceErrors,
            );
          },
        );
      });
  });
});
