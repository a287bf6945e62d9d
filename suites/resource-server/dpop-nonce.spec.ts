import {
  anHourOldWithMadeUpNonce,
  madeUpNonce,
  nonceErrors,
  noncesIn,
  oneNonce,
  withNonce,
  withoutNonce,
} from '../proofs.ts';
import { challengesOf } from '../../src/actors/flow-error.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'call' });

// RFC 9449, section 9: that nonces are demanded by the authorization server does not make the resource API demand any.
test.describe('nonces of DPoP proofs', when('dpop-nonce'), () => {
  test.describe('at the resource API', when('dpop'), () => {
    test('asks for a nonce', verifies('rfc9449/9-1'), async ({ client, asking, exercise }) => {
      const ask = await asking(client);
      const reply = await exercise(ask(withoutNonce));
      const challenge = challengesOf(reply)?.find(({ scheme }) => scheme.toLowerCase() === 'dpop');
      expect([reply.status, challenge?.parameters.get('error')]).toEqual([401, 'use_dpop_nonce']);
      expect(noncesIn(reply)).toEqual(oneNonce);
    });

    test('rejects a made-up nonce', verifies('rfc9449/9-1'), async ({ rejects }) => {
      await rejects(madeUpNonce, ...nonceErrors);
    });

    test(
      'rejects a nonce of the authorization server',
      verifies('rfc9449/9-1'),
      async ({ client, metadata, resource, rejects, given }) => {
        const [nonce] = noncesIn(await client.obtain(withoutNonce));
        const another = new URL(resource.url).origin !== new URL(metadata.token_endpoint).origin;
        await rejects(
          withNonce(
            'a nonce of the authorization server',
            given(
              another && nonce,
              'expected the authorization server, at a host of its own, to supply nonces',
            ),
          ),
          ...nonceErrors,
        );
      },
    );

    test('rejects an old proof with a made-up nonce', verifies('fapi2-sp/5.3.4-5'), async ({ rejects }) => {
      await rejects(anHourOldWithMadeUpNonce, ...nonceErrors, 'invalid_token', 'unauthenticated');
    });
  });
});
