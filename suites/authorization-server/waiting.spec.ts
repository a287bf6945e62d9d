import { memberOf } from '../../src/actors/answers.ts';
import { expect, test, verifies, waits, when } from '../test.ts';

// Its name puts this file last, so that the shared minute passes while the others ask; one worker waits for all.
test.describe.configure({ mode: 'default' });

test.describe('the lifetime of an authorization code', waits, () => {
  test.describe('of the code grant', when('authorization_code'), () => {
    test('ends within 60 seconds', verifies('fapi2-sp/5.3.2.1-11'), async ({ client, dead, exercise }) => {
      const grant = await dead('code');
      await client.tokens();
      expect(memberOf(await exercise(client.redeem(grant)), 'error')).toBe('invalid_grant');
    });
  });
});
