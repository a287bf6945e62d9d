import { memberOf } from '../../src/actors/answers.ts';
import type { Edit } from '../../src/actors/draft.ts';
import { signedWithForeignKey } from '../../src/actors/edits/authentication.ts';
import { replace, without } from '../../src/actors/edits/form.ts';
import type { Condition } from '../../src/profiles/plan.ts';
import { repeatedMembers } from '../../src/protocol/repeated-members.ts';
import type { Reply } from '../../src/transport/transport.ts';
import { expect, test, verifies, when } from '../test.ts';
import { authenticatedEndpoints } from './endpoints.ts';

/** What each request must have. What introspection says of a request without a token is left open (RFC 7662, section 2.3). */
const necessary: Readonly<Record<string, string>> = {
  push: 'response_type',
  redeem: 'grant_type',
  revoke: 'token',
};

/** RFC 6749, section 5.2: what error and error_description consist of. */
const printable = /^[\x20\x21\x23-\x5B\x5D-\x7E]*$/u;

/** Who cannot be known, by how clients authenticate. */
const strangers: readonly (readonly [readonly [Condition, ...Condition[]], what: string, Edit])[] = [
  [['private_key_jwt'], 'key', signedWithForeignKey],
  [['tls_client_auth', 'self_signed_tls_client_auth'], 'id', replace('client_id', 'nobody')],
];

/** RFC 6749, section 5.2, and of the names section 3.2. */
function expectError({ headers, body, text }: Reply): void {
  expect(headers['content-type'] ?? 'none').toMatch(/^application\/json\s*(?:;|$)/iu);
  expect(body).toEqual(expect.any(Object));
  const { error, error_description: description = '' } = body as Record<string, unknown>;
  expect({ error, description }).toEqual({
    error: expect.stringMatching(printable),
    description: expect.stringMatching(printable),
  });
  expect(repeatedMembers(text)).toEqual([]);
}

const isRefusal = ({ status }: Reply): boolean => status >= 400 && status < 500;

/** Names that stand more than once in the header or the claims of a JWT; undefined for what is none. */
function repeatedIn(jwt: string): readonly string[] | undefined {
  const parts = jwt.split('.');
  if (parts.length !== 3) return undefined;
  try {
    return parts.slice(0, 2).flatMap((part) => {
      const text = Buffer.from(part, 'base64url').toString();
      JSON.parse(text);
      return repeatedMembers(text);
    });
  } catch {
    return undefined;
  }
}

// RFC 9126, section 2.3 and RFC 7009, section 2.2.1 take over what RFC 6749, section 5.2 says of errors. Which error it is, other
// checks judge.
for (const { where, operation, conditions } of authenticatedEndpoints) {
  const parameter = necessary[operation];
  test.describe(`errors of ${where}`, when(...conditions), () => {
    test.use({ operation });

    if (parameter !== undefined)
      test(
        `${where} tells an error by 400, in JSON`,
        verifies('rfc6749/5.2-2'),
        async ({ client, asking, exercise, given }) => {
          const ask = await asking(client);
          const reply = await exercise(ask(without(parameter)));
          given(isRefusal(reply), `expected a request without ${parameter} to be refused`);
          expect(reply.status).toBe(400);
          expectError(reply);
        },
      );

    // RFC 6749, section 5.2 lets a server choose between these for a client that it does not know. What it says of a certificate
    // that does not come is a matter of TLS.
    for (const [conditions, what, edit] of strangers)
      test.describe(`that knows clients by ${what}`, when(...conditions), () => {
        test(
          `${where} tells a client of unknown ${what} by 401 or 400`,
          verifies('rfc6749/5.2-2'),
          async ({ client, asking, exercise, given }) => {
            const ask = await asking(client);
            const reply = await exercise(ask(edit));
            given(isRefusal(reply), 'expected a client that is unknown to be refused');
            expect([400, 401]).toContain(reply.status);
            expectError(reply);
          },
        );
      });
  });
}

// RFC 6749, section 3.2. Of other answers in JSON, RFC 8259, section 4 recommends it.
test('token responses name each parameter once', verifies('rfc6749/3.2-4'), async ({ client, exercise }) => {
  const { reply } = await exercise(client.tokens());
  expect(repeatedMembers(reply.text)).toEqual([]);
});

// Those of headers by RFC 7515, section 4.
test.describe('names in an ID token', when('openid'), () => {
  test.describe('of a user', when('authorization_code'), () => {
    test(
      'an ID token names each claim once',
      verifies('rfc7519/4-1'),
      async ({ client, exercise, given }) => {
        const { reply } = await exercise(client.tokens());
        const repeated = repeatedIn(String(memberOf(reply, 'id_token')));
        expect(given(repeated, 'expected a signed ID token in the token response')).toEqual([]);
      },
    );
  });
});

test.describe('names in signed authorization responses', when('signed-response'), () => {
  test(
    'signed authorization responses name each claim once',
    verifies('rfc7519/4-1'),
    async ({ client, exercise, given }) => {
      const { landing } = await exercise(client.authorize(await client.begin()));
      const response = landing.at === 'callback' ? new URL(landing.url).searchParams.get('response') : null;
      const repeated = repeatedIn(response ?? '');
      expect(given(repeated, 'expected a signed response at the redirect URI')).toEqual([]);
    },
  );
});

test.describe('names in signed introspection responses', when('signed-introspection'), () => {
  test(
    'signed introspection responses name each claim once',
    verifies('rfc7519/4-1'),
    async ({ client, exercise, given }) => {
      for (const token of [(await client.kept()).access, 'unknown-to-any-server']) {
        const { text } = await exercise(client.introspectSigned(token));
        expect(given(repeatedIn(text), 'expected a signed introspection response')).toEqual([]);
      }
    },
  );
});
