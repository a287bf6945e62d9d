import { expect, test } from '@playwright/test';
import type { Progress } from '../report/progress.ts';
import { openProgress } from './progress-line.ts';

const check = (at: number): Progress => ({ event: 'check', id: `a/b/${at}`, title: 'x' });
const end = (at: number, how: 'completed' | 'contradicted' | 'prevented'): Progress => ({
  event: 'end',
  id: `a/b/${at}`,
  end: how,
});

/** What is shown for some progress, one entry a write. Each reading of the clock is a second after the last. */
function shown(events: readonly Progress[], terminal?: { columns: number }): readonly string[] {
  const written: string[] = [];
  let now = 0;
  const line = openProgress(
    { note: (text) => void written.push(text), ...(terminal ? { terminal } : {}) },
    () => (now += 1000),
  );
  for (const event of events) line.show(event);
  line.end();
  return written;
}

test('a terminal shows a line that is written over, with counts and the current check', () => {
  const lines = shown(
    [
      { event: 'begin', checks: 4 },
      check(1),
      end(1, 'completed'),
      check(2),
      end(2, 'contradicted'),
      end(3, 'prevented'),
    ],
    { columns: 80 },
  );
  expect(lines.every((line) => line.startsWith('\r\u001b[K') && !line.includes('\n'))).toBe(true);
  expect(lines.join('')).toContain('0 of 4 checks  a/b/1');
  expect(lines.at(-2)).toMatch(
    /3 of 4 checks: 1 passed, 1 failed, 1 not judged, about \d+ s left {2}a\/b\/2/u,
  );
  expect(lines.at(-1)).toBe('\r\u001b[K');
});

test('a narrow terminal is not overrun', () => {
  const lines = shown([{ event: 'begin', checks: 4 }, check(1), end(1, 'completed')], { columns: 30 });
  for (const line of lines) expect(line.slice('\r\u001b[K'.length).length).toBeLessThan(30);
});

test('elsewhere there are a few plain lines, the last of them for the end', () => {
  const ends = Array.from({ length: 100 }, (_, at) => end(at, 'completed'));
  const lines = shown([{ event: 'begin', checks: 100 }, ...ends]);
  expect(lines.length).toBeLessThanOrEqual(5);
  expect(lines.join('')).not.toContain('\u001b');
  expect(lines.at(-1)).toMatch(/^100 of 100 checks: 100 passed, .*\n$/u);
});

test('errors of the test runner are shown', () => {
  expect(shown([{ event: 'error', message: 'no tests' }])).toEqual(['no tests\n']);
});
