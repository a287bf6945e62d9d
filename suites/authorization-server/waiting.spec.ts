import { memberOf } from '../../src/actors/answers.ts';
import { untilOver } from '../aged.ts';
import { expect, test, verifies, waits, when } from '../test.ts';

// Its name puts this file last, so that the shared minute passes while the others ask; one worker waits for all.
test.describe.configure({ mode: 'default' });

// Assertions and proofs are not kept until they expire: a server may allow some minutes for clocks that differ (RFC 7519,
// section 4.1.4; RFC 9449, section 11.1), which no run waits for.
test.describe('what has expired', waits, () => {
  test.describe('of the code grant', when('authorization_code'), () => {
    test(
      'ends codes within 60 seconds',
      verifies('fapi2-sp/5.3.2.1-11'),
      async ({ client, dead, exercise }) => {
        const grant = await dead('code');
        await client.tokens();
        expect(memberOf(await exercise(client.redeem(grant)), 'error')).toBe('invalid_grant');
      },
    );

    // RFC 9126, section 4: an expired request_uri must be rejected. Where the user is sent then, no clause says.
    test(
      'ends request_uri values with their expires_in',
      verifies('fapi2-sp/5.3.2.2-12'),
      async ({ client, dead, exercise }) => {
        const pushed = await dead('request');
        await client.grant();
        const { landing } = await exercise(client.authorize(pushed));
        const { code } = landing.at === 'callback' ? landing.parameters : {};
        expect(code === undefined ? 'no code' : 'a code').toBe('no code');
      },
    );
  });

  test.describe('beside introspection', when('introspection'), () => {
    test(
      'ends tokens at introspection with their expires_in',
      verifies('rfc7662/2.2-1'),
      async ({ client, dead, exercise, given }) => {
        const { access } = await dead('token');
        const twin = await client.introspect((await client.tokens()).access);
        given(memberOf(twin, 'active') === true, 'expected introspection to tell of a new access token');
        const isInactive = untilOver(
          () => client.introspect(access),
          (reply) => memberOf(reply, 'active') === false,
        );
        expect((await exercise(isInactive)).body).toEqual({ active: false });
      },
    );
  });
});
