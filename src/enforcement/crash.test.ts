import { expect, test } from '@playwright/test';
import { killWorkers } from '../../fixtures/outbox/kill.ts';

test('loses and forges nothing when workers are killed', async () => {
  const { kills, changes, broken } = await killWorkers(10);
  expect(kills).toBe(10);
  expect(changes).toBeGreaterThan(10);
  // Without a delivery that was under way nothing would have been shown.
  expect(broken).toBeGreaterThan(0);
});
