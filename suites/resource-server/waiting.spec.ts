import { untilOver } from '../aged.ts';
import { expect, test, verifies, waits } from '../test.ts';

// Its name puts this file last, so that the shared minute passes while the others ask.
test.describe('what has expired', waits, () => {
  test(
    'rejects access tokens after their expires_in',
    verifies('fapi2-sp/5.3.4-3'),
    async ({ client, resource, dead, exercise, given }) => {
      const { access } = await dead('token');
      const twin = await client.call(resource, (await client.tokens()).access);
      given(twin.status < 300, 'expected the API to take a new access token');
      const isRefused = untilOver(
        () => client.call(resource, access),
        ({ status }) => status >= 400,
      );
      expect((await exercise(isRefused)).status).toBe(401);
    },
  );
});
