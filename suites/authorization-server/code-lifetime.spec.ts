import { setTimeout as sleep } from 'node:timers/promises';
import { memberOf } from '../../src/actors/answers.ts';
import { expect, test, verifies, waits } from '../test.ts';

test.describe('the lifetime of an authorization code', waits, () => {
  test('ends within 60 seconds', verifies('fapi2-sp/5.3.2.1-11'), async ({ client, exercise }) => {
    await client.tokens();
    const grant = await client.grant();
    // Nothing tells when a code dies: only the time that the specification names can be waited for.
    await sleep(61_000);
    await client.tokens();
    expect(memberOf(await exercise(client.redeem(grant)), 'error')).toBe('invalid_grant');
  });
});
