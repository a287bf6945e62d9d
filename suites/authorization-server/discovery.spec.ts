import { compactVerify, importJWK } from 'jose';
import { fetchKeySet, keysIn } from '../../src/actors/key-set.ts';
import { claimsOf, permittedAlgorithms } from '../../src/protocol/jws.ts';
import { listOf, metadataUrls, urlsIn } from '../../src/protocol/metadata.ts';
import { shapeMistakes, wordMistakes } from '../../src/protocol/metadata-shape.ts';
import { repeatedMembers } from '../../src/protocol/repeated-members.ts';
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
    // RFC 8414, section 2: without an issuer it is no metadata, and an empty object is what some answer to everything.
    expect(reply.body).toHaveProperty('issuer', expect.any(String));
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

  // RFC 8414, section 2.
  test(
    'names an issuer without query and fragment',
    verifies('fapi2-sp/5.3.2.1-1'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      expect(body).toHaveProperty('issuer', expect.stringMatching(/^https:\/\/[^/?#@]+(?:\/[^?#]*)?$/u));
    },
  );

  // RFC 8414, section 3.3. That both places exist, or say the same of the rest, is nowhere demanded.
  test(
    'names the issuer at each of its well-known places',
    verifies('fapi2-sp/5.3.2.1-1'),
    async ({ exercise, fetchDocument, metadata, transport }) => {
      await exercise(fetchDocument());
      const wrong: string[] = [];
      for (const url of metadataUrls(metadata.issuer)) {
        const headers = [['accept', 'application/json']] as const;
        const { status, body } = await transport.send({
          method: 'GET',
          url,
          headers,
          purpose: 'metadata request',
        });
        if (status !== 200 || typeof body !== 'object' || body === null) continue;
        const { issuer } = body as Document;
        if (issuer !== metadata.issuer) wrong.push(`${url}: ${String(issuer)}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  test(
    'gives its members the types that they have',
    verifies('fapi2-sp/5.3.2.1-1'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      expect(shapeMistakes(body as Document)).toEqual([]);
    },
  );

  test(
    'names scopes and languages that can be some',
    verifies('fapi2-sp/5.3.2.1-1'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      expect(wordMistakes(body as Document)).toEqual([]);
    },
  );

  test('names each of its members once', verifies('rfc8259/4-1'), async ({ exercise, fetchDocument }) => {
    const { text } = await exercise(fetchDocument());
    expect(repeatedMembers(text)).toEqual([]);
  });

  // RFC 8414, section 2: the list MUST be there where assertions are offered. What an endpoint without a list of methods
  // offers is not judged: by that section it would be client_secret_basic, which nobody means.
  test(
    'names algorithms where it offers client assertions',
    verifies('fapi2-sp/5.3.2.1-1'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      const without = authenticatedEndpoints.filter(
        (name) =>
          listOf(body as Document, `${name}_endpoint_auth_methods_supported`).includes('private_key_jwt') &&
          listOf(body as Document, `${name}_endpoint_auth_signing_alg_values_supported`).length === 0,
      );
      expect(without).toEqual([]);
    },
  );

  // RFC 8414, section 2.1. Where another party has signed, whose keys count is not said.
  test(
    'is signed as it says, if it is signed',
    verifies('fapi2-sp/5.3.2.1-1'),
    async ({ exercise, fetchDocument, metadata, transport }) => {
      const { body } = await exercise(fetchDocument());
      const { signed_metadata: jwt } = body as Document;
      if (jwt === undefined) return;
      const [header, claims] = [claimsOf(`.${String(jwt)}`), claimsOf(String(jwt))];
      expect({ header, claims }).toEqual({
        header: expect.objectContaining({ alg: expect.not.stringMatching(/^none$/iu) }),
        claims: expect.objectContaining({ iss: expect.any(String) }),
      });
      if (claims?.['iss'] !== metadata.issuer) return;
      const keys = keysIn(await fetchKeySet(transport, metadata));
      const verified = keys.map(async (key) => {
        const imported = await importJWK({ ...key, kty: String(key.kty) }, String(header?.['alg']));
        return compactVerify(String(jwt), imported);
      });
      const outcomes = await Promise.allSettled(verified);
      expect(outcomes.map(({ status }) => status)).toContain('fulfilled');
    },
  );

  test(
    'names URLs with the https scheme only',
    verifies('fapi2-sp/5.2.1-1'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      // Values such as those of acr are names, and not addresses. The key set has an item of its own.
      const addresses = [...urlsIn(body)].filter(
        ([pointer]) => /(?:_endpoint|_uri|issuer)$/u.test(pointer) && pointer !== '/jwks_uri',
      );
      expect(addresses.filter(([, url]) => !/^https:/iu.test(url))).toEqual([]);
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
      const atToken = listOf(body as Document, 'token_endpoint_auth_methods_supported');
      expect(
        atToken.some((method) => /^(?:private_key_jwt|(?:self_signed_)?tls_client_auth)$/u.test(method)) ||
          atToken,
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
      const unsigned = Object.keys(body as Document)
        .filter((name) => name.endsWith('_signing_alg_values_supported'))
        .filter((name) => listOf(body as Document, name).includes('none'));
      expect(unsigned).toEqual([]);
    },
  );
});

test.describe('the metadata document of servers that users sign in at', when('authorization_code'), () => {
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

  // OpenID Connect Discovery, section 3. That RS256 be among the algorithms is against 5.4.1 of the profile, and not judged.
  test(
    'names what OpenID Connect demands',
    verifies('fapi2-sp/5.3.2.1-1'),
    async ({ exercise, fetchDocument }) => {
      const { body } = await exercise(fetchDocument());
      const subjects = listOf(body as Document, 'subject_types_supported');
      expect(subjects).not.toEqual([]);
      expect(subjects.filter((type) => type !== 'public' && type !== 'pairwise')).toEqual([]);
      expect(listOf(body as Document, 'id_token_signing_alg_values_supported')).not.toEqual([]);
    },
  );
});
