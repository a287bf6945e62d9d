import { memberOf } from '../../src/actors/answers.ts';
import type { Client } from '../../src/actors/client.ts';
import { replace } from '../../src/actors/edits/form.ts';
import { altered } from '../../src/actors/edits/token.ts';
import { signJws } from '../../src/protocol/jws.ts';
import { generateKey } from '../../src/protocol/keys.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'introspect' });

/** Tokens that this server does not know, by what they are. */
const unknown: Readonly<Record<string, (client: Client, token: string) => string>> = {
  'a made-up token': () => 'A'.repeat(43),
  'an altered token': (_, token) => altered(token, 'end'),
  'a token of another issuer': ({ id, parts }) => {
    const { key } = generateKey('ES256');
    const now = parts.clock();
    const claims = { iss: 'https://another.example', client_id: id, iat: now, exp: now + 300, jti: 'one' };
    return signJws({ header: { alg: 'ES256', typ: 'at+jwt', kid: 'one' }, claims, key });
  },
};

// Whether a client may introspect the tokens of another is the server's policy (RFC 7662, section 2.2), and not judged.
test.describe('the introspection endpoint', when('introspection'), () => {
  for (const [what, make] of Object.entries(unknown)) {
    test(
      `says of ${what} that it is not active`,
      verifies('rfc7662/2.2-1'),
      async ({ asking, client, exercise }) => {
        const ask = await asking(client);
        const { access } = await client.kept();
        const reply = await exercise(ask(replace('token', make(client, access))));
        expect([reply.status, memberOf(reply, 'active')]).toEqual([200, false]);
      },
    );

    test(
      `says of ${what} nothing else`,
      verifies('rfc7662/2.2-2'),
      async ({ asking, client, exercise, given }) => {
        const ask = await asking(client);
        const { access } = await client.kept();
        const { body } = await exercise(ask(replace('token', make(client, access))));
        given(typeof body === 'object' && body !== null && 'active' in body, 'expected an answer in JSON');
        expect(body).toEqual({ active: false });
      },
    );
  }

  // All members but `active` are optional (RFC 7662, section 2.2); those that are there must be true.
  test(
    'describes an active token as it is',
    verifies('rfc7662/2.2-3'),
    async ({ client, exercise, given }) => {
      const { access, reply: issued } = await client.tokens();
      const reply = await exercise(client.introspect(access));
      expect(reply.body).toMatchObject({ active: true });
      const asked = client.parts.registration.scope;
      const { scope = asked, expires_in: life, token_type: type } = issued.body as Record<string, unknown>;
      const said = reply.body as Record<string, unknown>;
      const date = Math.floor(Date.parse(reply.headers['date'] ?? '') / 1000);
      given(Number.isInteger(date), 'expected a Date header in the answer');
      const sorted = (words: unknown): readonly string[] => String(words).split(' ').toSorted();
      if ('client_id' in said) expect(said['client_id']).toBe(client.id);
      if ('iss' in said) expect(said['iss']).toBe(client.parts.metadata.issuer);
      // Names of types are compared without regard to case (RFC 6749, section 5.1).
      if ('token_type' in said)
        expect(String(said['token_type']).toLowerCase()).toBe(String(type).toLowerCase());
      if ('scope' in said) expect(sorted(said['scope'])).toEqual(sorted(scope));
      if ('iat' in said && 'exp' in said) expect(Number(said['exp'])).toBeGreaterThan(Number(said['iat']));
      if ('iat' in said) expect(Math.abs(Number(said['iat']) - date) <= 60 || said['iat']).toBe(true);
      // A minute of leeway: the token may be a little older than the answer, and clocks differ.
      if ('exp' in said && typeof life === 'number')
        expect(Math.abs(Number(said['exp']) - date - life) <= 60 || said['exp']).toBe(true);
    },
  );

  test(
    'describes an active token in the types of its members',
    verifies('rfc7662/2.2-3'),
    async ({ client, exercise, given }) => {
      const { access } = await client.tokens();
      const reply = await exercise(client.introspect(access));
      given(memberOf(reply, 'active') === true, 'expected the token to be active');
      const said = reply.body as Readonly<Record<string, unknown>>;
      const others = (names: readonly string[], type: string): readonly string[] =>
        names.filter((name) => name in said && typeof said[name] !== type);
      // An aud may be a list as well (RFC 7519, section 4.1.3).
      expect([
        ...others(['scope', 'client_id', 'username', 'token_type', 'sub', 'iss', 'jti'], 'string'),
        ...others(['exp', 'iat', 'nbf'], 'number'),
      ]).toEqual([]);
    },
  );
});
