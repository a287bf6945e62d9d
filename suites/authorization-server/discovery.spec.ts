import { permittedAlgorithms } from '../../src/protocol/jws.ts';
import { listOf, urlsIn } from '../../src/protocol/metadata.ts';
import { expect, test, verifies, when } from '../test.ts';

type Document = Readonly<Record<string, unknown>>;

const authenticatedEndpoints = ['token', 'introspection', 'revocation'] as const;

/** Algorithms named for client assertions and DPoP proofs, at every endpoint that has a list of its own. */
const acceptedAlgorithms = (document: Document): readonly string[] => [
  ...authenticatedEndpoints.flatMap((name) =>
    listOf(document, `${name}_endpoint_auth_signing_alg_values_supported`),
  ),
  ...listOf(document, 'dpop_signing_alg_values_supported'),
  ...listOf(document, 'request_object_signing_alg_values_supported'),
];

const authenticationMethods = (document: Document): readonly string[] =>
  authenticatedEndpoints.flatMap((name) => listOf(document, `${name}_endpoint_auth_methods_supported`));

test.describe('the metadata document', () => {
  test('is served as JSON', verifies('fapi2-sp/5.3.2.1-1'), async ({ exercise, fetchMetadata }) => {
    const reply = await exercise(fetchMetadata());
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toMatch(/^application\/json\b/u);
  });

  test(
    'names the issuer it is fetched for',
    verifies('fapi2-sp/5.3.2.1-1'),
    async ({ exercise, fetchMetadata, integration }) => {
      const { body, url } = await exercise(fetchMetadata());
      const issuer = integration.issuer ?? url.replace(/\/?\.well-known\/[^/]+/u, '');
      expect(body).toHaveProperty('issuer', issuer);
    },
  );

  test(
    'names the endpoints of a flow',
    verifies('fapi2-sp/5.3.2.1-1'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      for (const endpoint of ['authorization_endpoint', 'token_endpoint'])
        expect(body, `${endpoint} is in the metadata`).toHaveProperty(
          endpoint,
          expect.stringMatching(/^https?:/u),
        );
    },
  );

  test(
    'names the pushed authorization request endpoint',
    verifies('fapi2-sp/5.3.2.2-2'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      expect(body).toHaveProperty(
        'pushed_authorization_request_endpoint',
        expect.stringMatching(/^https?:/u),
      );
    },
  );

  test(
    'names URLs with the https scheme only',
    verifies('fapi2-sp/5.2.1-1'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      const endpoints = [...urlsIn(body)].filter(([pointer]) => pointer !== '/jwks_uri');
      expect(endpoints.filter(([, url]) => url.startsWith('http://'))).toEqual([]);
    },
  );

  test(
    'does not offer the password grant',
    verifies('fapi2-sp/5.3.2.1-2'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      expect(listOf(body as Document, 'grant_types_supported')).not.toContain('password');
    },
  );

  test(
    'does not offer to leave clients unauthenticated',
    verifies('fapi2-sp/5.3.2.1-3'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      expect(authenticationMethods(body as Document)).not.toContain('none');
    },
  );

  test(
    'offers mutual TLS or private_key_jwt, no shared secret',
    verifies('fapi2-sp/5.3.2.1-6'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      const offered = authenticationMethods(body as Document);
      expect(offered.filter((method) => method.startsWith('client_secret'))).toEqual([]);
      expect(
        offered.some((method) => /^(?:private_key_jwt|(?:self_signed_)?tls_client_auth)$/u.test(method)),
      ).toBe(true);
    },
  );

  test(
    'offers a sender constraint',
    verifies('fapi2-sp/5.3.2.1-5'),
    async ({ exercise, fetchDocument, integration }) => {
      const { body } = await exercise(fetchDocument());
      if (integration.profile.sender_constraint === 'mtls')
        expect(body).toHaveProperty('tls_client_certificate_bound_access_tokens', true);
      else expect(listOf(body as Document, 'dpop_signing_alg_values_supported')).not.toEqual([]);
    },
  );

  test(
    'offers the response type code only',
    verifies('fapi2-sp/5.3.2.2-1'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      expect(listOf(body as Document, 'response_types_supported')).toEqual(['code']);
    },
  );

  // RFC 8414, section 2: a server that leaves the list out does not support PKCE.
  test('offers S256 for PKCE', verifies('fapi2-sp/5.3.2.2-5'), async ({ exercise, fetchDocument }) => {
    const { body } = await exercise(fetchDocument());
    expect(listOf(body as Document, 'code_challenge_methods_supported')).toContain('S256');
  });

  // The algorithms of ID tokens are not judged here: OpenID Connect Discovery, section 3, makes every server name RS256.
  test(
    'offers permitted algorithms only',
    verifies('fapi2-sp/5.4.1-1.2'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      const offered = acceptedAlgorithms(body as Document).filter((alg) => alg !== 'none');
      expect(offered.filter((alg) => !permittedAlgorithms.includes(alg))).toEqual([]);
    },
  );

  test(
    'does not offer the algorithm none',
    verifies('fapi2-sp/5.4.1-1.3'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      const idTokens = listOf(body as Document, 'id_token_signing_alg_values_supported');
      expect([...acceptedAlgorithms(body as Document), ...idTokens]).not.toContain('none');
    },
  );
});

// A signed response holds its issuer, whatever the metadata says of the parameter (RFC 9207, section 2.4).
test.describe('the metadata document of unsigned responses', when('plain-response'), () => {
  test(
    'announces iss in authorization responses',
    verifies('fapi2-sp/5.3.2.2-7'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      expect(body).toHaveProperty('authorization_response_iss_parameter_supported', true);
    },
  );
});

// OpenID Connect Discovery, section 3 demands a key set; RFC 8414, section 2 leaves it open.
test.describe('the metadata document of an OpenID provider', when('openid'), () => {
  test(
    'names a jwks_uri with the https scheme',
    verifies('fapi2-sp/5.4.2-1'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      expect(body).toHaveProperty('jwks_uri', expect.stringMatching(/^https:/u));
    },
  );
});
