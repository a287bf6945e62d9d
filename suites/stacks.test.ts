import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { memoised, memoiseStacks, type Format } from './stacks.ts';

const runners = Error.prepareStackTrace?.bind(Error);
const mapped: Format = (error, frames) => String(runners?.(error, frames));

test.afterEach(() => {
  if (runners) Error.prepareStackTrace = runners;
});

/** Where the frames of a stack are; a name that a frame has from its caller alone is not kept. */
const places = (stack: string): readonly string[] => stack.match(/(?:async )?[^ (]+:\d+:\d+/gu) ?? [];

async function thrown(): Promise<Error> {
  await Promise.resolve();
  return new Error('after waiting');
}

test('stacks name the same places as without, and the right lines', async () => {
  const memo = memoised(mapped);
  const stacks: (readonly [plain: string, kept: string])[] = [];
  Error.prepareStackTrace = (error, frames) => {
    const pair = [mapped(error, frames), memo(error, frames)] as const;
    stacks.push(pair);
    return pair[1];
  };
  const errors = [
    () => new Error('at once'),
    thrown,
    async () => (await Promise.all([thrown(), thrown()]))[1],
    () => [1].map(() => new Error('in a callback'))[0],
  ];
  // The second time each place is known.
  for (const error of [...errors, ...errors]) expect((await error())?.stack).toContain('stacks.test.ts');
  expect(stacks.length).toBeGreaterThanOrEqual(2 * errors.length);
  expect(stacks.map(([, kept]) => places(kept))).toEqual(stacks.map(([plain]) => places(plain)));
  expect(stacks.every(([plain]) => places(plain).length > 0)).toBe(true);
  const source = readFileSync(import.meta.filename, 'utf8').split('\n');
  const line = source.findIndex((each) => each.includes("return new Error('after waiting')")) + 1;
  expect((await thrown()).stack).toContain(`stacks.test.ts:${line}:`);
});

/** How many frames are written for three stacks of one place, each of so many frames. */
function count(environment: NodeJS.ProcessEnv) {
  let written = 0;
  Error.prepareStackTrace = (error, frames) => {
    written += frames.length;
    return mapped(error, frames);
  };
  memoiseStacks(environment);
  const stacks = [1, 2, 3].map(() => new Error('again').stack ?? '');
  const counted = { written, each: (stacks[0] ?? '').split('\n    at ').length - 1 };
  expect(new Set(stacks).size).toBe(1);
  return counted;
}

test('a place is written once, however often it is passed', () => {
  const { written, each } = count({});
  expect(each).toBeGreaterThan(2);
  // What is in no file, as `map`, is written each time.
  expect(written).toBeLessThan(2 * each);
});

test('this can be turned off', () => {
  const { written, each } = count({ ASSAY_STACKS: 'plain' });
  expect(written).toBe(3 * each);
});
