import { expect, test } from '@playwright/test';
import { fuzzCheckpoints, fuzzCosignatures, fuzzEntries, fuzzProofs } from './fuzz-log.ts';

for (const [what, fuzz] of Object.entries({ fuzzCheckpoints, fuzzCosignatures, fuzzEntries, fuzzProofs }))
  test(`${what} finds nothing that is accepted`, async () => {
    const { count, codes } = await fuzz(2000, 7);
    expect(Object.values(codes).reduce((sum, each) => sum + each, 0)).toBe(count);
    expect(Object.keys(codes).length, 'the edits reach more than one refusal').toBeGreaterThan(1);
  });
