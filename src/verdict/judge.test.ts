import { expect, test } from '@playwright/test';
import type { Level } from '../requirements/specification.ts';
import {
  judgeCheck,
  judgeRequirement,
  judgeRun,
  living,
  type Ending,
  type JudgedRequirement,
  type Judgement,
  type Waived,
} from './judge.ts';
import { faults, verdicts, type Fault, type Verdict } from './verdict.ts';

const now = new Date('2026-11-22T12:00:00Z');
const complete = { now, status: 'complete' } as const;
const interrupted = { now, status: 'interrupted' } as const;

/** A judgement, whose reason may be a pattern. */
interface Expected {
  readonly verdict: Verdict;
  readonly fault?: Fault;
  readonly reason?: unknown;
}

const row = (id: string, verdict: Verdict, more: Partial<JudgedRequirement> = {}): JudgedRequirement => ({
  id,
  level: 'shall',
  verdict,
  ...more,
});

test.describe('the verdict of a check', () => {
  const rows: readonly (readonly [what: string, Ending, exercised: number, readonly Level[], Expected])[] = [
    ['completed, exercised', { end: 'completed' }, 2, ['shall'], { verdict: 'pass' }],
    [
      'completed, not exercised',
      { end: 'completed' },
      0,
      ['shall'],
      { verdict: 'inconclusive', fault: 'harness', reason: expect.stringContaining('without putting') },
    ],
    [
      'contradicted, exercised, a shall',
      { end: 'contradicted', reason: 'no' },
      1,
      ['should', 'shall'],
      { verdict: 'fail', fault: 'subject', reason: 'no' },
    ],
    [
      'contradicted, exercised, a should',
      { end: 'contradicted', reason: 'no' },
      1,
      ['should'],
      { verdict: 'warn', fault: 'subject', reason: 'no' },
    ],
    [
      'contradicted, exercised, a may',
      { end: 'contradicted', reason: 'no' },
      1,
      ['may'],
      { verdict: 'warn', fault: 'subject', reason: 'no' },
    ],
    [
      'contradicted, not exercised',
      { end: 'contradicted', reason: 'no' },
      0,
      ['shall'],
      { verdict: 'inconclusive', fault: 'harness', reason: expect.stringMatching(/before.*no$/u) },
    ],
    ...faults.flatMap((fault) =>
      [0, 1].map(
        (exercised) =>
          [
            `prevented by ${fault}, exercised ${exercised} times`,
            { end: 'prevented', fault, reason: 'x' },
            exercised,
            ['shall'],
            { verdict: 'inconclusive', fault, reason: 'x' },
          ] as const,
      ),
    ),
    [
      'not applicable',
      { end: 'not-applicable', reason: 'x' },
      0,
      ['shall'],
      { verdict: 'not-applicable', reason: 'x' },
    ],
    [
      'not executed',
      { end: 'not-executed', reason: 'x' },
      0,
      ['shall'],
      { verdict: 'inconclusive', reason: 'x' },
    ],
  ];
  for (const [what, ending, exercised, levels, judgement] of rows)
    test(what, () => expect(judgeCheck(ending, exercised, levels)).toEqual(judgement));
});

test.describe('the verdict of a requirement', () => {
  const pass: Judgement = { verdict: 'pass' };
  const fail: Judgement = { verdict: 'fail', fault: 'subject', reason: 'f' };
  const warn: Judgement = { verdict: 'warn', fault: 'subject', reason: 'w' };
  const open: Judgement = { verdict: 'inconclusive', reason: 'left out' };
  const down: Judgement = { verdict: 'inconclusive', fault: 'environment', reason: 'down' };
  const none: Judgement = { verdict: 'not-applicable', reason: 'dpop only' };

  const rows: readonly (readonly [what: string, Level, readonly Judgement[], Judgement])[] = [
    ['its checks pass', 'shall', [pass, pass], pass],
    ['one check fails', 'shall', [pass, fail, down], fail],
    ['a failure outweighs a warning', 'shall', [warn, fail], fail],
    ['a warning outweighs what is not judged', 'shall', [down, warn, pass], warn],
    ['one check is not judged', 'shall', [pass, open], open],
    ['of two that are not judged, the one with a fault tells more', 'shall', [open, down], down],
    ['what does not apply takes nothing away', 'shall', [none, pass], pass],
    ['nothing applies', 'shall', [none, none], none],
    ['a should fails', 'should', [fail], { ...fail, verdict: 'warn' }],
    ['a may fails', 'may', [fail], { ...fail, verdict: 'warn' }],
  ];
  for (const [what, level, checks, judgement] of rows)
    test(what, () => {
      expect(judgeRequirement(level, checks)).toEqual(judgement);
      expect(judgeRequirement(level, checks.toReversed())).toEqual(judgement);
    });

  test('no check exercises it', () => {
    expect(judgeRequirement('shall', [])).toEqual({
      verdict: 'inconclusive',
      reason: 'No check exercises it.',
    });
    expect(judgeRequirement('shall', [], 'Planned.')).toEqual({
      verdict: 'inconclusive',
      reason: 'Planned.',
    });
  });
});

const faultOf = (list: readonly JudgedRequirement[]) => judgeRun(list, [], complete).fault;

test.describe('the verdict of a run', () => {
  const alive: Waived = { requirement: 'a', expires: '2026-11-22' };
  const expired: Waived = { requirement: 'a', expires: '2026-11-21' };
  const ok = row('z', 'pass');
  const should = { level: 'should' } as const;

  const rows: readonly (readonly [
    what: string,
    readonly JudgedRequirement[],
    readonly Waived[],
    typeof complete | typeof interrupted,
    Expected,
  ])[] = [
    ['all hold', [ok, row('a', 'pass')], [], complete, { verdict: 'pass' }],
    ['some do not apply', [ok, row('a', 'not-applicable')], [], complete, { verdict: 'pass' }],
    ['a shall fails', [ok, row('a', 'fail')], [], complete, { verdict: 'fail', fault: 'subject' }],
    ['a failure is waived', [ok, row('a', 'fail')], [alive], complete, { verdict: 'warn', fault: 'subject' }],
    ['the waiver has expired', [ok, row('a', 'fail')], [expired], complete, { verdict: 'fail' }],
    [
      'another failure is waived',
      [ok, row('a', 'fail')],
      [{ ...alive, requirement: 'b' }],
      complete,
      { verdict: 'fail' },
    ],
    [
      'a waived requirement passes',
      [ok, row('a', 'pass')],
      [alive],
      complete,
      { verdict: 'inconclusive', fault: 'configuration', reason: expect.stringContaining('Stale waiver: a') },
    ],
    [
      'an expired waiver whose requirement passes is stale as well',
      [ok, row('a', 'pass')],
      [expired],
      complete,
      { verdict: 'inconclusive', fault: 'configuration' },
    ],
    [
      'a waived recommendation passes',
      [ok, row('a', 'pass', should)],
      [alive],
      complete,
      { verdict: 'inconclusive', fault: 'configuration' },
    ],
    [
      'a waived recommendation is not judged',
      [ok, row('a', 'inconclusive', should)],
      [alive],
      complete,
      { verdict: 'inconclusive' },
    ],
    [
      'a failure outweighs a stale waiver',
      [row('b', 'fail'), row('a', 'pass')],
      [alive],
      complete,
      { verdict: 'fail' },
    ],
    ['a failure outweighs an interruption', [ok, row('a', 'fail')], [], interrupted, { verdict: 'fail' }],
    [
      'a stale waiver outweighs an interruption',
      [row('a', 'pass')],
      [alive],
      interrupted,
      { verdict: 'inconclusive', fault: 'configuration' },
    ],
    [
      'interrupted',
      [ok],
      [],
      interrupted,
      { verdict: 'inconclusive', reason: expect.stringContaining('interrupted') },
    ],
    [
      'a shall is not judged',
      [ok, row('a', 'inconclusive', { fault: 'environment' })],
      [],
      complete,
      { verdict: 'inconclusive', fault: 'environment' },
    ],
    [
      'what is not judged outweighs a warning',
      [ok, row('a', 'inconclusive'), row('b', 'warn', should)],
      [],
      complete,
      { verdict: 'inconclusive' },
    ],
    [
      'an untested recommendation costs nothing',
      [ok, row('a', 'inconclusive', should)],
      [],
      complete,
      { verdict: 'pass' },
    ],
    [
      'nothing was shown',
      [row('a', 'not-applicable')],
      [],
      complete,
      { verdict: 'inconclusive', reason: expect.stringContaining('No requirement') },
    ],
    ['no requirements', [], [], complete, { verdict: 'inconclusive' }],
    [
      'only a waived failure',
      [row('a', 'fail')],
      [alive],
      complete,
      { verdict: 'inconclusive', reason: expect.stringContaining('No requirement') },
    ],
    ['a recommendation is not followed', [ok, row('a', 'warn', should)], [], complete, { verdict: 'warn' }],
  ];
  for (const [what, requirements, waivers, when, judgement] of rows)
    test(what, () => expect(judgeRun(requirements, waivers, when)).toMatchObject({ ...judgement }));

  test('says what must be mended first', () => {
    const open = ([...faults, undefined] as const).map((fault, at) =>
      row(`r${at}`, 'inconclusive', fault ? { fault } : {}),
    );
    const without = (...gone: readonly (string | undefined)[]) =>
      open.filter(({ fault }) => !gone.includes(fault));
    expect(faultOf(open)).toBe('configuration');
    expect(faultOf(without('configuration'))).toBe('environment');
    expect(faultOf(without('configuration', 'environment'))).toBe('harness');
    expect(faultOf(without('configuration', 'environment', 'harness'))).toBe('subject');
    expect(faultOf(without(...faults))).toBeUndefined();
  });

  test('names five requirements and counts the others', () => {
    const failed = Array.from({ length: 7 }, (_, at) => row(`r${at}`, 'fail'));
    expect(judgeRun(failed, [], complete).reason).toBe(
      '7 requirements failed: r0, r1, r2, r3, r4 and 2 more.',
    );
    expect(judgeRun(failed.slice(0, 1), [], complete).reason).toBe('1 requirement failed: r0.');
  });

  test('a waiver lives to the end of its day, in UTC', () => {
    expect(living(alive, new Date('2026-11-22T23:59:59Z'))).toBe(true);
    expect(living(alive, new Date('2026-11-23T00:00:00Z'))).toBe(false);
  });
});

interface Profile {
  readonly requirements: readonly { readonly level: Level; readonly checks: readonly Judgement[] }[];
  readonly waivers: readonly Waived[];
}

const verdictOf = ({ requirements, waivers }: Profile): Verdict =>
  judgeRun(
    requirements.map(({ level, checks }, at) => ({
      id: `r${at}`,
      level,
      ...judgeRequirement(level, checks),
    })),
    waivers,
    complete,
  ).verdict;

const changed = (profile: Profile, which: number, checks: readonly Judgement[]): Profile => ({
  ...profile,
  requirements: profile.requirements.map((each, at) => (at === which ? { ...each, checks } : each)),
});

/** From what closes to what opens. */
const order: readonly Verdict[] = ['fail', 'inconclusive', 'warn', 'pass'];
const opens = (verdict: Verdict): boolean => verdict === 'pass' || verdict === 'warn';

/** Profiles of up to four requirements with up to three checks, by a generator with a fixed seed (Park and Miller's). */
function* profiles(count: number): Generator<Profile> {
  let seed = 20_261_122;
  const below = (limit: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % limit;
  };
  const one = <T>(list: readonly [T, ...(readonly T[])]): T => list[below(list.length)] ?? list[0];
  const many = <T>(limit: number, make: () => T): readonly T[] =>
    Array.from({ length: below(limit + 1) }, make);
  for (let made = 0; made < count; made += 1)
    yield {
      requirements: many(4, () => ({
        level: one(['shall', 'shall', 'shall', 'should', 'may'] as const),
        checks: many(3, () => ({ verdict: one(['pass', 'pass', 'pass', ...verdicts]) })),
      })),
      waivers: many(2, () => ({
        requirement: `r${below(4)}`,
        expires: one(['2026-11-21', '2026-11-22']),
      })),
    };
}

test.describe('less evidence', () => {
  test('a pass that becomes inconclusive never improves the verdict', () => {
    for (const profile of profiles(5000))
      for (const [which, { checks }] of profile.requirements.entries())
        for (const [at, check] of checks.entries()) {
          if (check.verdict !== 'pass') continue;
          const less = changed(profile, which, checks.with(at, { verdict: 'inconclusive' }));
          expect(order.indexOf(verdictOf(less)), JSON.stringify({ profile, less })).toBeLessThanOrEqual(
            order.indexOf(verdictOf(profile)),
          );
        }
  });

  test('the checks of a requirement that disappear never open what was closed', () => {
    for (const profile of profiles(5000))
      for (const which of profile.requirements.keys()) {
        const less = changed(profile, which, []);
        const [before, after] = [verdictOf(profile), verdictOf(less)];
        expect(!opens(before) && opens(after), JSON.stringify({ profile, before, after })).toBe(false);
      }
  });
});
