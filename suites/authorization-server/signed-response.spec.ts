import { isPushed } from '../../src/actors/answers.ts';
import { replace, without } from '../../src/actors/edits/form.ts';
import { errorOf } from '../../src/actors/flow-error.ts';
import type { Visit } from '../../src/actors/user.ts';
import { claimsOf, permittedAlgorithms } from '../../src/protocol/jws.ts';
import { listOf } from '../../src/protocol/metadata.ts';
import { expect, test, verifies, when } from '../test.ts';
import { headerOf, signedBy } from './signed.ts';

/** What the browser carried to the client, as it stands in the URL. */
const carried = ({ landing }: Visit): Readonly<Record<string, string>> | undefined =>
  landing.at === 'callback' ? Object.fromEntries(new URL(landing.url).searchParams) : undefined;

const back = 'expected the user to be sent back to the client';

/** The time of the server at the end of a visit, in seconds. */
const endOf = ({ hops }: Visit): number => Date.parse(hops.at(-1)?.headers['date'] ?? '') / 1000;

/** Seconds, after the end of a visit, until the response of the authorization endpoint expires. */
function lifetime(visit: Visit): number {
  const { exp } = claimsOf(carried(visit)?.['response'] ?? '') ?? {};
  return typeof exp === 'number' ? exp - endOf(visit) : Number.NaN;
}

// Encrypted responses are not judged: who declares signed responses registers its test clients for signed ones.
test.describe('authorization responses', when('signed-response'), () => {
  test(
    'hold the code and the state, signed by a published key',
    verifies('fapi2-ms/5.4.1-1'),
    async ({ client, transport, exercise, given }) => {
      const read = await signedBy(client.parts.metadata, transport);
      const pushed = await client.begin();
      const parameters = given(carried(await exercise(client.authorize(pushed))), back);
      expect(await read(parameters['response'] ?? '')).toMatchObject({
        code: expect.any(String),
        state: pushed.attempt.state,
      });
    },
  );

  test(
    'hold errors and the state, signed by a published key',
    verifies('fapi2-ms/5.4.1-1'),
    async ({ client, stranger, transport, exercise, given }) => {
      const { issuer } = client.parts.metadata;
      const read = await signedBy(client.parts.metadata, transport);
      const pushed = await client.begin();
      const visit = await exercise(client.authorize(pushed, { decision: 'reject', user: stranger }));
      const parameters = given(carried(visit), back);
      const { state } = pushed.attempt;
      expect(await read(parameters['response'] ?? '')).toMatchObject({
        error: expect.any(String),
        state,
        iss: issuer,
        aud: client.id,
        exp: expect.any(Number),
      });
    },
  );

  test(
    'name their issuer, and the client they are for',
    verifies('fapi2-ms/5.4.1-1'),
    async ({ client, exercise, given }) => {
      const visit = await exercise(client.authorize(await client.begin()));
      const claims = claimsOf(given(carried(visit), back)['response'] ?? '') ?? {};
      expect(claims).toHaveProperty('iss', client.parts.metadata.issuer);
      // RFC 7519, section 4.1.3: one audience may stand in a list.
      expect([claims['aud']].flat()).toEqual([client.id]);
    },
  );

  test('expire', verifies('fapi2-ms/5.4.1-1'), async ({ client, exercise, given }) => {
    const visit = await exercise(client.authorize(await client.begin()));
    given(carried(visit), back);
    given(!Number.isNaN(endOf(visit)), 'expected a Date header (RFC 9110, section 6.6.1)');
    expect(lifetime(visit)).toBeGreaterThan(0);
  });

  test('expire within 10 minutes', verifies('jarm/2.1-1'), async ({ client, exercise, given }) => {
    const visit = await exercise(client.authorize(await client.begin()));
    given(carried(visit), back);
    given(!Number.isNaN(lifetime(visit)), 'expected an exp in the response, and a Date header');
    // The Date is of whole seconds, and the last answer may be a moment younger than the response.
    expect(lifetime(visit)).toBeLessThanOrEqual(601);
  });

  // JARM, section 2.3.1 adds the parameter response only. An iss beside it is not judged: RFC 9207 defines it as a parameter,
  // and the note in FAPI 2.0 Message Signing, 5.4.1 only advises against it.
  for (const { what, decision } of [
    { what: 'no code and no state', decision: 'accept' },
    { what: 'no error and no state', decision: 'reject' },
  ] as const)
    test(
      `hold ${what} beside the signed ones`,
      verifies('fapi2-ms/5.4.1-1'),
      async ({ client, stranger, exercise, given }) => {
        const visit = await exercise(client.authorize(await client.begin(), { decision, user: stranger }));
        const parameters = Object.keys(given(carried(visit), back));
        expect(parameters).toContain('response');
        expect(
          parameters.filter((name) => /^(?:code|state|error|error_description|error_uri)$/u.test(name)),
        ).toEqual([]);
      },
    );

  // No clause names the error, nor whether it comes at once or at the authorization endpoint; and a server may sign its
  // response whatever was asked for. What counts is that no code comes unsigned, while a signed one does.
  for (const [what, edit] of Object.entries({
    'asked for in the query': replace('response_mode', 'query'),
    'asked for in no mode': without('response_mode'),
  }))
    test(`hold no plain code when ${what}`, verifies('fapi2-ms/5.4.1-1'), async ({ client, exercise }) => {
      await client.grant();
      const pushed = await exercise(client.begin(edit));
      if (!isPushed(pushed.reply)) {
        expect([
          'invalid_request',
          'invalid_request_object',
          'unauthorized_client',
          'unsupported_response_mode',
        ]).toContain(errorOf(pushed.reply));
        return;
      }
      const visit = await exercise(client.authorize(pushed));
      expect(carried(visit) ?? {}).not.toHaveProperty('code');
    });

  test(
    'are signed with a permitted algorithm',
    verifies('fapi2-sp/5.4.1-1.2'),
    async ({ client, exercise, given }) => {
      const visit = await exercise(client.authorize(await client.begin()));
      const response = given(given(carried(visit), back)['response'], 'expected a signed response');
      expect(permittedAlgorithms).toContain(headerOf(response)['alg']);
    },
  );

  // RFC 8414, section 2: the list is complete, and holds query and fragment where it is left out.
  test(
    'are announced with the mode jwt',
    verifies('fapi2-ms/5.4.1-1'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      expect(listOf(body as Readonly<Record<string, unknown>>, 'response_modes_supported')).toContain('jwt');
    },
  );

  test(
    'are announced with permitted algorithms only',
    verifies('fapi2-sp/5.4.1-1.2'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      const offered = listOf(
        body as Readonly<Record<string, unknown>>,
        'authorization_signing_alg_values_supported',
      );
      expect(offered.filter((alg) => !permittedAlgorithms.includes(alg))).toEqual([]);
    },
  );
});
