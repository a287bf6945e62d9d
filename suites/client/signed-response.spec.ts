import type { Deviation, Parameters } from '../../src/actors/sandbox/deviation.ts';
import { claimsWith, type Members } from '../../src/actors/sandbox/edits.ts';
import { parametersOf } from '../../src/actors/sandbox/front.ts';
import { claimsOf } from '../../src/protocol/jws.ts';
import { forbidden, macByPublicKey, unauthentic, unknownExtension, unsigned } from './forgeries.ts';
import { expect, test, verifies, when } from './sent.ts';

const claiming = (name: string, claims: Members): Deviation => claimsWith('response', name, claims);

/** Seconds, beyond what clocks may differ by. */
const tenMinutes = 600;
const day = 86_400;

/** The same response as if it had not been asked for in a JWT. */
const plain: Deviation = {
  name: 'plain parameters',
  at: 'authorization',
  response: (parameters): Parameters => {
    const claims = claimsOf(parameters.find(([name]) => name === 'response')?.[1] ?? '');
    // One that asked for no other has it already.
    if (claims === undefined) return parameters;
    const { code, state, iss } = claims;
    const members = Object.entries({ code, state, iss });
    return members.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));
  },
};

test.describe('a signed authorization response', when('signed-response'), () => {
  // FAPI 2.0 Message Signing names this value alone; query.jwt, which means the same here (JARM, section 2.3.4), is another.
  test('is asked for', verifies('fapi2-ms/5.4.2-1'), async ({ sent }) => {
    for (const { form } of await sent('push')) expect(parametersOf(form).get('response_mode')).toBe('jwt');
  });

  // Its iss and its state are judged with those of any response. That its typ is of another kind of JWT is not: JARM gives it
  // none, and no rule to examine it by.
  for (const [what, deviation] of Object.entries({
    'is not a plain one': plain,
    // JARM, section 2.4.
    'for another client is refused': claiming('aud of another client', { aud: 'another-client' }),
    'for other clients is refused': claiming('aud of two others', { aud: ['another-client', 'a-third'] }),
    'for nobody is refused': claiming('no aud', { aud: undefined }),
    'that expired ten minutes ago is refused': claiming('an exp of ten minutes ago', {
      exp: ({ now }) => now() - tenMinutes,
    }),
    'without exp is refused': claiming('no exp', { exp: undefined }),
  }))
    test(what, verifies('fapi2-ms/5.4.2-2'), async ({ stops }) => {
      await stops(deviation);
    });

  for (const [what, deviation] of Object.entries(unauthentic('response')))
    test(`${what} is refused`, verifies('fapi2-ms/5.4.2-2'), async ({ stops }) => {
      await stops(deviation);
    });

  // JARM, section 2.1: ten minutes at most are recommended to the server.
  test('that lives for a day is refused', verifies('jarm/2.4-1'), async ({ stops }) => {
    await stops(claiming('an exp of tomorrow', { exp: ({ now }) => now() + day }));
  });

  for (const [what, deviation] of Object.entries(forbidden('response')))
    test(`${what} is refused`, verifies('fapi2-sp/5.4.1-1.2'), async ({ stops }) => {
      await stops(deviation);
    });

  for (const [what, deviation] of Object.entries(unsigned('response')))
    test(`${what} is refused`, verifies('fapi2-sp/5.4.1-1.3'), async ({ stops }) => {
      await stops(deviation);
    });

  for (const [what, deviation] of Object.entries({
    'with a MAC by the public key': macByPublicKey('response'),
    'with an unknown extension in crit': unknownExtension('response'),
  }))
    test(`${what} is refused`, verifies('fapi2-sp/5.4.1-1.1'), async ({ stops }) => {
      await stops(deviation);
    });
});
