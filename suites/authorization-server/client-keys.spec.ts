import { isPushed } from '../../src/actors/answers.ts';
import { assertionHeader, signedWith } from '../../src/actors/edits/authentication.ts';
import { FlowError } from '../../src/actors/flow-error.ts';
import type { Hosted } from '../../src/actors/hosted.ts';
import { expect, test, verifies, when } from '../test.ts';

// One worker listens where the server fetches the keys.
test.describe.configure({ mode: 'default' });

/** Shows that the server fetches the keys and knows the client. */
async function known({ client }: Hosted): Promise<void> {
  const reply = await client.push();
  if (!isPushed(reply)) throw FlowError.refused('pushed authorization request', reply);
}

test.describe('the keys at the jwks_uri of a client', when('client-jwks-uri'), () => {
  test.describe('of the code grant', when('authorization_code'), () => {
    // The first request came while the host showed a certificate that nobody issued: the valid twin is a later one.
    test(
      'are fetched from a host with a trusted certificate only',
      verifies('fapi2-sp/5.2.1-5'),
      async ({ hosted, exercise, given }) => {
        await known(hosted);
        const { reply, seen } = await exercise(Promise.resolve(hosted.stranger));
        given(
          seen.connections > 0 || isPushed(reply),
          'expected the server to fetch the keys when it first needs one of them',
        );
        expect(seen.paths).toEqual([]);
        expect(isPushed(reply)).toBe(false);
      },
    );

    test(
      'are chosen by algorithm, use and type among those of a kid',
      verifies('fapi2-sp/5.4.3-1'),
      async ({ hosted, exercise }) => {
        await known(hosted);
        const ambiguous = signedWith('signed with a key whose kid others have', hosted.ambiguous);
        expect((await exercise(hosted.client.push(ambiguous))).status).toBe(201);
      },
    );

    for (const header of ['jku', 'x5u'])
      test(
        `are not fetched from the ${header} of an assertion`,
        verifies('fapi2-sp/5.4.2-2'),
        async ({ hosted, integration, exercise }) => {
          await known(hosted);
          const path = `/${header}-${crypto.randomUUID()}`;
          const url = new URL(path, integration.hosted_client?.jwks_uri).href;
          // Whether such an assertion is accepted is open: it is signed with a registered key.
          await exercise(
            hosted.client.push(assertionHeader(`${header} in the assertion`, { [header]: url })),
          );
          expect(hosted.host.seen.paths).not.toContain(path);
        },
      );
  });
});
