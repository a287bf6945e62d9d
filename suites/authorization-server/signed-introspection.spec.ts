import { introspectionJwt } from '../../src/actors/client.ts';
import { claimsOf, permittedAlgorithms } from '../../src/protocol/jws.ts';
import { listOf } from '../../src/protocol/metadata.ts';
import { expect, test, verifies, when } from '../test.ts';
import { headerOf, signedBy } from './signed.ts';

/** RFC 7515, section 4.1.9: a media type may be written in full, in any case. */
const introspectionType = /^(?:application\/)?token-introspection\+jwt$/iu;

// The test client asks for a token of its own, as a resource server would. Encrypted responses are not judged: who declares
// signed introspection registers its test clients for signed ones.
test.describe('signed introspection responses', when('signed-introspection'), () => {
  test(
    'tell of a token, signed by a published key',
    verifies('fapi2-ms/5.5.1-1'),
    async ({ client, transport, exercise }) => {
      const read = await signedBy(client.parts.metadata, transport);
      const { access } = await client.kept();
      const { text } = await exercise(client.introspectSigned(access));
      expect(await read(text)).toMatchObject({ token_introspection: { active: true } });
    },
  );

  // RFC 9701, section 5: within the same frame, and nothing else of the token.
  test(
    'tell of an unknown token that it is not active, and no more',
    verifies('fapi2-ms/5.5.1-1'),
    async ({ client, transport, exercise }) => {
      const read = await signedBy(client.parts.metadata, transport);
      const { text } = await exercise(client.introspectSigned('unknown-to-any-server'));
      expect(await read(text)).toHaveProperty('token_introspection', { active: false });
    },
  );

  test(
    'say in content type and typ what they are',
    verifies('fapi2-ms/5.5.1-1'),
    async ({ client, exercise }) => {
      const { access } = await client.kept();
      const { text, headers } = await exercise(client.introspectSigned(access));
      expect(headers['content-type'] ?? '').toMatch(/^application\/token-introspection\+jwt(?:$|\s*;)/iu);
      expect(String(headerOf(text)['typ'])).toMatch(introspectionType);
    },
  );

  test(
    'say in typ what they are of an unknown token, too',
    verifies('fapi2-ms/5.5.1-1'),
    async ({ client, exercise }) => {
      const { text } = await exercise(client.introspectSigned('unknown-to-any-server'));
      expect(String(headerOf(text)['typ'])).toMatch(introspectionType);
    },
  );

  test(
    'name their issuer, the asker and the time',
    verifies('fapi2-ms/5.5.1-1'),
    async ({ client, exercise }) => {
      const { access } = await client.kept();
      const { text } = await exercise(client.introspectSigned(access));
      const { iss, aud, iat } = claimsOf(text) ?? {};
      expect({ iss, iat }).toEqual({ iss: client.parts.metadata.issuer, iat: expect.any(Number) });
      // RFC 9701, section 5: aud identifies who asks; by its URL where the server knows one.
      expect([aud].flat().filter((each) => typeof each === 'string' && each !== '')).not.toEqual([]);
    },
  );

  test(
    'hold neither sub nor exp themselves',
    verifies('rfc9701/5-1'),
    async ({ client, exercise, given }) => {
      const { access } = await client.kept();
      const { text } = await exercise(client.introspectSigned(access));
      const claims = given(claimsOf(text), `expected an answer of the type ${introspectionJwt}`);
      expect(Object.keys(claims).filter((name) => name === 'sub' || name === 'exp')).toEqual([]);
    },
  );

  test(
    'are signed with a permitted algorithm',
    verifies('fapi2-sp/5.4.1-1.2'),
    async ({ client, exercise, given }) => {
      const { access } = await client.kept();
      const { text } = await exercise(client.introspectSigned(access));
      const { alg } = given(
        claimsOf(text) && headerOf(text),
        `expected an answer of the type ${introspectionJwt}`,
      );
      expect(permittedAlgorithms).toContain(alg);
    },
  );

  test(
    'are announced with permitted algorithms only',
    verifies('fapi2-sp/5.4.1-1.2'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      const offered = listOf(
        body as Readonly<Record<string, unknown>>,
        'introspection_signing_alg_values_supported',
      );
      expect(offered.filter((alg) => !permittedAlgorithms.includes(alg))).toEqual([]);
    },
  );
});
