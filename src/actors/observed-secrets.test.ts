import { expect, test } from '@playwright/test';
import { Samples } from './observed-secrets.ts';

/** Issues a value at each call. */
function issuer(samples: Samples, value: (at: number) => string) {
  let issued = 0;
  return {
    count: () => issued,
    issue: async () => {
      samples.note('access_token', value(issued));
      issued += 1;
    },
  };
}

test('as many samples are asked for as are missing, and no more', async () => {
  const samples = new Samples();
  const { issue, count } = issuer(samples, String);
  await issue();
  await issue();
  expect(await samples.atLeast(10, 'access_token', [issue])).toHaveLength(10);
  expect(await samples.atLeast(10, 'access_token', [issue])).toHaveLength(10);
  expect(count()).toBe(10);
});

test('a server that gives the same token again is not asked for ever', async () => {
  const samples = new Samples();
  const { issue, count } = issuer(samples, () => 'the same');
  expect(await samples.atLeast(10, 'access_token', [issue, issue])).toEqual(['the same']);
  expect(count()).toBe(20);
});

test('a code that comes again is seen again, and what is no text is not', async () => {
  const samples = new Samples();
  for (const value of ['one', 'one', undefined, 7]) samples.note('code', value);
  expect(await samples.atLeast(2, 'code', [])).toEqual(['one', 'one']);
});
