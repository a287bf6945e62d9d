import { anotherToken, withoutToken } from '../../src/actors/edits/token.ts';
import { challengeErrorOf, challengesOf } from '../../src/actors/flow-error.ts';
import type { Reply } from '../../src/transport/transport.ts';
import { expect, test, verifies, when } from '../test.ts';

test.use({ operation: 'call' });

const madeUp = anotherToken('made-up access token', () => 'A'.repeat(43));

/** Schemes of the challenges in lower case, or what there is instead of challenges. */
function schemesIn(reply: Reply): readonly string[] {
  const field = reply.headers['www-authenticate'];
  if (field === undefined) return ['no WWW-Authenticate header'];
  return challengesOf(reply)?.map(({ scheme }) => scheme.toLowerCase()) ?? [`no challenge: ${field}`];
}

const refused = ({ status }: Reply): boolean => status >= 400 && status <= 499;

/** Characters of error, error_description and scope (RFC 6750, section 3). */
const values = {
  error: /^[\u0020-\u0021\u0023-\u005b\u005d-\u007e]+$/u,
  error_description: /^[\u0020-\u0021\u0023-\u005b\u005d-\u007e]*$/u,
  scope: /^[\u0021\u0023-\u005b\u005d-\u007e]+(?: [\u0021\u0023-\u005b\u005d-\u007e]+)*$/u,
} as const;

// RFC 6750, section 3: refused calls without a usable token MUST be answered with a challenge. Whether a token without the
// scope is such a one can be read either way, and is not judged.
test.describe('the challenge of the resource API', () => {
  for (const [what, edit] of [
    ['without a token', withoutToken],
    ['with a made-up token', madeUp],
  ] as const)
    test.describe(`to a call ${what}`, () => {
      for (const [constraint, scheme, requirement] of [
        ['mtls', 'Bearer', 'rfc6750/3-1'],
        ['dpop', 'DPoP', 'rfc9449/7.1-1'],
      ] as const)
        test.describe(`of a token bound by ${constraint}`, when(constraint), () => {
          test(
            `answers a call ${what} by the scheme ${scheme}`,
            verifies(requirement),
            async ({ asking, client, exercise, given }) => {
              const ask = await asking(client);
              const reply = await exercise(ask(edit));
              given(refused(reply), 'expected the call to be refused');
              expect(schemesIn(reply)).toContain(scheme.toLowerCase());
            },
          );
        });

      test(
        `writes challenges to a call ${what} by their grammar`,
        verifies('rfc6750/3-1'),
        async ({ asking, client, exercise, given }) => {
          const ask = await asking(client);
          const reply = await exercise(ask(edit));
          given(refused(reply), 'expected the call to be refused');
          const challenges = challengesOf(reply);
          expect(challenges ?? reply.headers['www-authenticate']).toEqual(expect.any(Array));
          expect(challenges).not.toEqual([]);
          const wrong = (challenges ?? []).flatMap(({ parameters }) =>
            Object.entries(values)
              .map(([name, pattern]) => [name, parameters.get(name), pattern] as const)
              .filter(([, value, pattern]) => value !== undefined && !pattern.test(value)),
          );
          expect(wrong.map(([name, value]) => `${name}=${value}`)).toEqual([]);
        },
      );
    });

  test(
    'names no error to a call without a token',
    verifies('rfc6750/3.1-1'),
    async ({ asking, client, exercise, given }) => {
      const ask = await asking(client);
      const reply = await exercise(ask(withoutToken));
      given(refused(reply), 'expected the call to be refused');
      expect(challengeErrorOf(reply)).toBeUndefined();
    },
  );

  test(
    'names a made-up token invalid_token by 401',
    verifies('rfc6750/3.1-1'),
    async ({ asking, client, exercise, given }) => {
      const ask = await asking(client);
      const reply = await exercise(ask(madeUp));
      given(refused(reply), 'expected the call to be refused');
      expect([reply.status, challengeErrorOf(reply)]).toEqual([401, 'invalid_token']);
    },
  );
});
