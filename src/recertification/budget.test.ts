import { expect, test } from '@playwright/test';
import { admitted, release, type Load } from './budget.ts';
import type { Planned } from './due.ts';

const now = '2026-07-01T03:00:00.000Z';
const ago = (seconds: number): string => new Date(Date.parse(now) - 1000 * seconds).toISOString();
const one = (integration: string, ...hosts: readonly string[]): Planned => ({
  partner: 'acme',
  integration,
  environment: 'production',
  edition: 'fapi2-sp-1',
  hosts,
  at: now,
  priority: 4,
  reasons: [{ reason: 'routine', since: now }],
});
const budget = { starts_per_minute: 3, concurrent: 4 };

for (const [what, due, load, may, next] of [
  [
    'as many as a minute takes',
    [one('a', 'x'), one('b', 'y'), one('c', 'z'), one('d', 'w')],
    {},
    'a b c',
    now,
  ],
  [
    'no more than are left of the minute',
    [one('a', 'x'), one('b', 'y')],
    { starts: [ago(59), ago(60), ago(2)] },
    'a',
    now,
  ],
  ['none when the minute is full', [one('a', 'x')], { starts: [ago(5), ago(40), ago(10)] }, '', ago(-20)],
  [
    'none as long as the minute is overfull',
    [one('a', 'x')],
    { starts: [ago(5), ago(40), ago(10), ago(30)] },
    '',
    ago(-30),
  ],
  ['one on each host', [one('a', 'x', 'y'), one('b', 'y'), one('c', 'z')], {}, 'a c', now],
  [
    'none on a host that is busy, and others instead',
    [one('a', 'x'), one('b', 'y')],
    { running: [one('r', 'x')] },
    'b',
    now,
  ],
  [
    'none of an integration that is under way elsewhere',
    [one('a', 'x')],
    { running: [one('a', 'y')] },
    '',
    undefined,
  ],
  ['one of an integration', [one('a', 'x'), one('a', 'y')], {}, 'a', now],
  [
    'no more than can be under way at once',
    [one('a', 'x'), one('b', 'y')],
    { running: [one('r', 'r'), one('s', 's'), one('t', 't')] },
    'a',
    now,
  ],
  [
    'none while all places are taken',
    [one('a', 'x')],
    { running: [one('r', 'r'), one('s', 's'), one('t', 't'), one('u', 'u')] },
    '',
    undefined,
  ],
  ['none of none', [], {}, '', undefined],
] as const)
  test(`the budget lets start ${what}`, () => {
    const full: Load = { running: [], starts: [], ...load };
    expect(
      admitted(due, full, budget, now)
        .map(({ integration }) => integration)
        .join(' '),
    ).toBe(may);
    expect(release(due, full, budget, now)).toBe(next);
  });
