import { memberOf } from '../../src/actors/answers.ts';
import type { Client } from '../../src/actors/client.ts';
import type { Edit } from '../../src/actors/draft.ts';
import { withCertificate, withoutCertificate } from '../../src/actors/edits/authentication.ts';
import { replace, without } from '../../src/actors/edits/form.ts';
import { provenWith, withoutProof } from '../../src/actors/edits/proof.ts';
import { altered, anotherToken, scheme, tokenIn, withoutToken } from '../../src/actors/edits/token.ts';
import { FlowError } from '../../src/actors/flow-error.ts';
import type { Resource } from '../../src/directory/integration.ts';
import { claimsOf } from '../../src/protocol/jws.ts';
import { generateKey } from '../../src/protocol/keys.ts';
import { endpoint } from '../../src/protocol/metadata.ts';
import type { Reply } from '../../src/transport/transport.ts';
import { eventually } from '../eventually.ts';
import { expect, test, verifies, when } from '../test.ts';

/** The userinfo endpoint as one more call of an API. */
function userinfo({ parts: { metadata, variant } }: Client): Resource {
  const by = variant.sender_constraint === 'mtls' ? 'certificate' : 'key';
  const url = endpoint(metadata, 'userinfo_endpoint', by);
  if (url === undefined)
    throw new FlowError('no-endpoint', 'configuration', 'expected userinfo_endpoint in the metadata');
  return { name: 'userinfo', method: 'GET', url, scope: 'openid' };
}

const typeOf = ({ headers }: Reply): string =>
  headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';

/** The claims of an answer, which may be signed (OpenID Connect Core, section 5.3.2). */
const claimsIn = (reply: Reply): unknown =>
  typeOf(reply) === 'application/jwt' ? claimsOf(reply.text) : reply.body;

const isShown = (reply: Reply): boolean => reply.status === 200;

/** An access token for which claims are shown; those that are kept may have expired since. */
async function shown(client: Client): Promise<string | false> {
  const { access } = await client.kept();
  if (isShown(await client.call(userinfo(client), access))) return access;
  const { access: anew } = await client.renewed();
  return isShown(await client.call(userinfo(client), anew)) && anew;
}

/** RFC 6750, section 3.1, which recommends the status only. */
const isRefused = ({ status }: Reply): boolean => [400, 401, 403].includes(status);

test.describe('the userinfo endpoint', when('openid'), () => {
  test.describe('where there is one', when('userinfo'), () => {
    test.describe('of a user', when('authorization_code'), () => {
      test(
        'names the subject of the ID token',
        verifies('oidc-core/5.3.2-1'),
        async ({ client, exercise, given }) => {
          const { access, reply: issued } = await client.tokens();
          const { sub } = claimsOf(String(memberOf(issued, 'id_token'))) ?? {};
          given(typeof sub === 'string', 'expected an ID token with a sub');
          const reply = await exercise(client.call(userinfo(client), access));
          expect(reply.status).toBe(200);
          expect(claimsIn(reply)).toHaveProperty('sub', sub);
        },
      );

      test(
        'says that its claims are JSON, or a JWT',
        verifies('oidc-core/5.3.2-2'),
        async ({ client, exercise }) => {
          const { access } = await client.tokens();
          const reply = await exercise(client.call(userinfo(client), access));
          expect(reply.status).toBe(200);
          expect(['application/json', 'application/jwt']).toContain(typeOf(reply));
          expect(claimsIn(reply)).toEqual(expect.any(Object));
        },
      );

      // OpenID Connect Core, section 5.5: what is not understood MUST be ignored. That a claim is not returned is no error.
      test(
        'is not confused by unknown claims, where claims can be asked for',
        verifies('oidc-core/5.5-1'),
        async ({ client, metadata, exercise }) => {
          const asked = replace('claims', '{"userinfo":{"sub":null,"urn:example:unheard-of":null}}');
          const edits = metadata['claims_parameter_supported'] === true ? [asked] : [];
          await client.grant();
          const pushed = await exercise(client.push(...edits));
          expect(pushed.body).toHaveProperty('request_uri');
          const { access } = await client.tokens(...edits);
          const reply = await exercise(client.call(userinfo(client), access));
          expect(reply.status).toBe(200);
          expect(claimsIn(reply)).toHaveProperty('sub');
        },
      );

      const wrong: Readonly<Record<string, Edit>> = {
        'no token': withoutToken,
        'a made-up token': anotherToken('made-up access token', () => 'A'.repeat(43)),
        'an altered token': anotherToken('altered access token', (token) => altered(token, 'end')),
      };
      for (const [what, edit] of Object.entries(wrong))
        test(`rejects ${what}`, verifies('oidc-core/5.3.3-1'), async ({ client, exercise, given }) => {
          const access = given(await shown(client), expectedClaims);
          const reply = await exercise(client.call(userinfo(client), access, edit));
          given(reply.status < 500, expectedAnswer);
          expect(outcome(reply)).toBe('refused');
        });

      test(
        'rejects a token without the scope openid',
        verifies('oidc-core/5.3.3-1'),
        async ({ client, exercise, given }) => {
          given(await shown(client), expectedClaims);
          const others = client.parts.registration.scope.split(' ').filter((word) => word !== 'openid');
          given(others.length > 0, 'expected the first client to have a scope beside openid');
          const { access, reply: issued } = await client.tokens(
            replace('scope', others.join(' ')),
            without('nonce'),
          );
          const granted = String(memberOf(issued, 'scope') ?? others.join(' ')).split(' ');
          given(!granted.includes('openid'), 'expected the server to grant no more than was asked for');
          const reply = await exercise(client.call(userinfo(client), access));
          given(reply.status < 500, expectedAnswer);
          expect(outcome(reply)).toBe('refused');
        },
      );

      // The endpoint is a resource server, of which the profile demands it (FAPI 2.0, 5.3.4, item 2).
      test(
        'rejects a token in the query',
        verifies('oidc-core/5.3.3-1'),
        async ({ client, exercise, given }) => {
          const access = given(await shown(client), expectedClaims);
          const reply = await exercise(client.call(userinfo(client), access, tokenIn('query')));
          given(reply.status < 500, expectedAnswer);
          expect(outcome(reply)).toBe('refused');
        },
      );

      test.describe('and of DPoP', when('dpop'), () => {
        const unproven: Readonly<Record<string, Edit>> = {
          'no proof': withoutProof,
          'a proof of another key': provenWith('proof of another key', generateKey('ES256')),
          'the scheme Bearer': scheme('Bearer'),
        };
        for (const [what, edit] of Object.entries(unproven))
          test(`rejects ${what}`, verifies('fapi2-sp/5.3.2.1-5'), async ({ client, exercise, given }) => {
            const access = given(await shown(client), expectedClaims);
            const reply = await exercise(client.call(userinfo(client), access, edit));
            given(reply.status < 500, expectedAnswer);
            expect(outcome(reply)).toBe('refused');
          });
      });

      // The handshake may fail where no certificate comes, or another one.
      test.describe('and of certificates', when('mtls'), () => {
        for (const what of ['no certificate', 'the certificate of another client'] as const)
          test(
            `rejects ${what}`,
            verifies('fapi2-sp/5.3.2.1-5'),
            async ({ client, other, exercise, given }) => {
              const foreign = given(
                other.parts.certificate,
                'expected the other client to have a certificate',
              );
              const access = given(await shown(client), expectedClaims);
              const ask = (...edits: readonly Edit[]) => client.call(userinfo(client), access, ...edits);
              const edit = what === 'no certificate' ? withoutCertificate : withCertificate(what, foreign);
              const status = await exercise(
                ask(edit).then(outcome, (error: Error) =>
                  'code' in error && tlsRefusals.has(error.code) ? 'refused' : error,
                ),
              );
              if (status instanceof Error) throw status;
              given(isShown(await ask()), expectedClaims);
              expect(status).toBe('refused');
            },
          );
      });

      test.describe('and of revocation', when('revocation'), () => {
        test(
          'rejects a revoked token',
          verifies('oidc-core/5.3.3-1'),
          async ({ client, exercise, given }) => {
            const { access } = await client.tokens();
            const ask = () => client.call(userinfo(client), access);
            given(isShown(await ask()), expectedClaims);
            given((await client.revoke(access)).status === 200, 'expected the revocation to succeed');
            const reply = await exercise(eventually(ask, isRefused));
            given(reply.status < 500, expectedAnswer);
            expect(outcome(reply)).toBe('refused');
          },
        );
      });
    });
  });
});

const outcome = (reply: Reply): string =>
  isRefused(reply) ? 'refused' : `accepted with status ${reply.status}`;

const expectedClaims = 'expected the userinfo endpoint to answer a valid request with 200';

const expectedAnswer = 'expected the userinfo endpoint to answer, and not to break down';

const tlsRefusals: ReadonlySet<unknown> = new Set(['tls-alert', 'closed']);
