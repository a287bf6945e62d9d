import { expect, test } from '@playwright/test';
import { digestOf } from '../evidence/canonical.ts';
import type { Statement } from '../evidence/statement.ts';
import type { Deed } from './act.ts';
import type { Certification, Environment } from './certification.ts';
import { absorb, consequences, effective, everyone, staleWaivers } from './fold.ts';
import { later } from './next.ts';
import { isMinor } from './event.ts';
import { defaultRules, type Rules } from './rules.ts';
import { logged, sampleAct, sampleEdition as edition, sampleResult, type SampleRun } from './sample.ts';
import { unknownStanding, type Standing } from './standing.ts';
import { actStatement, transitionStatement } from './transition.ts';

const rules: Rules = { ...defaultRules, minor: ['spec/minor'] };
const at = (hours: number): string => later('2026-11-01T00:00:00.000Z', hours);

/** The standing after statements, each with its consequences. */
function after(statements: readonly Statement[], by: Rules = rules): Standing {
  return statements.reduce<Standing>((standing, statement) => {
    const cause = logged(statement);
    const made = consequences(standing, cause, by).map((each) => logged(transitionStatement(each)));
    return [cause, ...made].reduce(absorb, standing);
  }, unknownStanding('acme-1'));
}

const production = (standing: Standing, environment: Environment = 'production') =>
  standing.certifications.find((each) => each.environment === environment);

const run = (hours: number, requirements: SampleRun['requirements'], more: Partial<SampleRun> = {}) =>
  sampleResult({ finished: at(hours), requirements, ...more });
const pass = { 'spec/a': 'pass', 'spec/b': 'pass', 'spec/minor': 'pass' } as const;
const critical = { ...pass, 'spec/a': 'fail' } as const;
const minor = { ...pass, 'spec/minor': 'fail' } as const;
const waive = (hours: number, requirement: string, until: number): Statement =>
  sampleAct({ kind: 'waive', requirement, edition, owner: 'otto', expires: at(until) }, at(hours));
const act = (hours: number, deed: Deed): Statement => sampleAct(deed, at(hours));

test.describe('which runs count', () => {
  for (const [what, more, state] of [
    ['a full run that passes', {}, 'certified'],
    ['a narrowed run', { selection: 'par' }, undefined],
    ['a fast run that left a check out', { tier: 'fast', notJudged: ['par-x'] }, undefined],
    ['a fast run that left nothing out', { tier: 'fast' }, 'certified'],
    ['a full run in which a check was not judged', { notJudged: ['x'] }, 'certified'],
    ['an inconclusive run', { verdict: 'inconclusive', fault: 'configuration' }, 'uncertified'],
    ['a run that says fail, and not of what', { verdict: 'fail' }, 'uncertified'],
    ['a run without a verdict', { verdict: 'not-applicable' }, 'uncertified'],
    ['a run that says pass, and has a failure', { verdict: 'pass', requirements: critical }, 'uncertified'],
    ['a run in which nothing passed', { requirements: {} }, 'uncertified'],
  ] as const satisfies readonly (readonly [string, Partial<SampleRun>, string | undefined])[])
    test(`${what}: ${state ?? 'nothing'}`, () => {
      expect(production(after([run(1, pass, more)]))?.state).toBe(state);
    });

  test('a run counts for its own environment and integration', () => {
    const standing = after([
      run(1, pass, { environment: 'sandbox' }),
      run(1, pass, { integration: 'other' }),
    ]);
    expect(standing.certifications.map(({ environment }) => environment)).toEqual(['sandbox']);
  });

  test('an older run changes nothing, whatever it found', () => {
    const standing = after([run(2, pass)]);
    for (const requirements of [pass, critical, minor, { 'spec/a': 'inconclusive' } as const])
      expect(consequences(standing, logged(run(1, requirements)), rules)).toEqual([]);
    const failed = after([run(2, critical)]);
    expect(production(after([run(2, critical), run(1, pass)]))).toEqual(production(failed));
  });

  test('a failure that is not the fault of the subject convicts nobody', () => {
    const failing = run(1, critical);
    const { predicate } = sampleResult({ finished: at(1), requirements: critical });
    const harness = predicate.requirements.map((each) =>
      each.verdict === 'fail' ? { ...each, fault: 'harness' as const } : each,
    );
    const statement = { ...failing, predicate: { ...predicate, requirements: harness } };
    expect(consequences(after([run(0, pass)]), logged(statement), rules)).toMatchObject([
      { event: 'inconclusive' },
    ]);
  });

  test('a minor failure beside what could not be judged renews and refutes nothing', () => {
    const doubtful = { ...minor, 'spec/a': 'inconclusive' } as const;
    expect(production(after([run(0, pass), run(1, doubtful), run(2, doubtful)]))).toMatchObject({
      state: 'conditional',
      basis: { finished: at(0) },
      inconclusive_since: at(1),
    });
    const suspected = [run(0, pass), run(1, critical), run(1.2, doubtful)];
    expect(production(after(suspected))?.suspicion).toMatchObject({ passed: [] });
  });

  test('the same run signed again does not confirm a failure', () => {
    const standing = after([run(1, pass), run(2, critical)]);
    expect(consequences(standing, logged(run(2, critical, { id: 'renamed' })), rules)).toEqual([]);
  });
});

test.describe('confirmation', () => {
  // Per row: N of M, the runs a quarter of an hour apart (c critical, m minor, p pass), the state and what is suspected.
  for (const [failures, of, sequence, expected] of [
    [1, 1, 'c', 'suspended'],
    [2, 3, 'c', 'certified 1:0'],
    [2, 3, 'cc', 'suspended'],
    [2, 3, 'cp', 'certified 1:1'],
    [2, 3, 'cpc', 'suspended'],
    [2, 3, 'cpp', 'certified'],
    [2, 3, 'cppc', 'certified 1:0'],
    [2, 3, 'cm', 'conditional 1:1'],
    [2, 3, 'cmc', 'suspended'],
    [2, 3, 'mc', 'conditional 1:0'],
    [2, 2, 'cp', 'certified'],
    [3, 4, 'ccpc', 'suspended'],
    [3, 4, 'ccpp', 'certified'],
    [2, 3, 'ccp', 'certified'],
    [2, 3, 'ccm', 'suspended'],
    // What could never be confirmed is confirmed by as many as there are.
    [3, 2, 'cc', 'suspended'],
  ] as const)
    test(`${failures} of ${of}: ${sequence} is ${expected}`, () => {
      const kinds: Readonly<Record<string, SampleRun['requirements']>> = { c: critical, m: minor, p: pass };
      const by = { ...rules, confirmation: { failures, runs: of, within_minutes: 60 } };
      const runs = sequence.split('').map((kind, index) => run(1 + index / 4, kinds[kind] ?? {}));
      const found = production(after([run(0, pass), ...runs], by));
      const suspicion = found?.suspicion;
      expect(
        `${found?.state}${suspicion ? ` ${suspicion.failed.length}:${suspicion.passed.length}` : ''}`,
      ).toBe(expected);
    });

  test('a suspicion that nobody confirms or refutes in time makes the evidence stale, and a pass covers again', () => {
    const standing = after([run(0, pass), run(1, critical)]);
    expect(production(effective(standing, rules, at(2)))?.stale).toBeUndefined();
    const lapsed = production(effective(standing, rules, at(2.1)));
    expect(lapsed).toMatchObject({
      state: 'certified',
      stale: { because: 'failure-unconfirmed', since: at(2) },
    });
    const [clock, pass2] = consequences(standing, logged(run(3, pass)), rules);
    expect([clock?.event, clock?.actor, clock?.at]).toEqual(['confirmation-lapsed', 'clock', at(2)]);
    expect(pass2?.certification.stale).toBeUndefined();
  });

  test('a pass in a new suspicion does not end what the last one left', () => {
    const found = production(after([run(0, pass), run(1, critical), run(10, critical), run(10.5, pass)]));
    expect(found?.stale?.because).toBe('failure-unconfirmed');
    expect(
      production(
        after([run(0, pass), run(1, critical), run(10, critical), run(10.5, pass), run(10.7, pass)]),
      ),
    ).toMatchObject({ state: 'certified', basis: { finished: at(10.7) } });
  });
});

test.describe('waivers', () => {
  test('a failure that only the integration file waives counts', () => {
    expect(production(after([run(1, critical, { verdict: 'warn' })]))?.state).toBe('uncertified');
  });

  test('a signed waiver covers a failure, which stays visible', () => {
    const standing = after([waive(0, 'spec/a', 100), run(1, critical)]);
    expect(production(standing)).toMatchObject({ state: 'certified', basis: { waived: ['spec/a'] } });
    expect(standing.waivers).toMatchObject([{ approver: 'olga', owner: 'otto', environment: 'production' }]);
  });

  test('a signed waiver covers nothing else that the run found', () => {
    const granted = waive(0, 'spec/a', 100);
    const states = (
      [
        [{ ...critical, 'spec/b': 'fail' }, {}],
        [{ ...critical, 'spec/b': 'inconclusive' }, {}],
        [critical, { verdict: 'inconclusive' }],
        [critical, { environment: 'sandbox' }],
        [{ 'spec/a': 'fail' }, {}],
      ] as const
    ).map(([requirements, more]) => after([granted, run(1, requirements, more)]).certifications[0]?.state);
    expect(states).toEqual(Array(5).fill('uncertified'));
  });

  test('a waiver covers runs that end up to its expiry, and a basis no longer', () => {
    expect(production(after([waive(0, 'spec/a', 2), run(2, critical)]))?.state).toBe('certified');
    expect(production(after([waive(0, 'spec/a', 2), run(2.1, critical)]))?.state).toBe('uncertified');
    const standing = after([waive(0, 'spec/a', 2), run(1, critical)]);
    expect(production(effective(standing, rules, at(3)))?.stale).toEqual({
      because: 'exception-ended',
      since: at(2),
    });
    expect(production(effective(after([waive(0, 'spec/a', 2), run(1, pass)]), rules, at(3)))?.stale).toBe(
      undefined,
    );
  });

  test('a waiver that is granted anew before it expires goes on; withdrawn, it ends', () => {
    const first = [waive(0, 'spec/a', 2), run(1, critical)];
    expect(
      production(effective(after([...first, waive(1.5, 'spec/a', 9)]), rules, at(3)))?.stale,
    ).toBeUndefined();
    expect(
      production(effective(after([...first, waive(2.5, 'spec/a', 9)]), rules, at(3)))?.stale?.since,
    ).toBe(at(2));
    const withdrawn = after([
      ...first,
      act(1.5, { kind: 'withdraw-waiver', requirement: 'spec/a', edition }),
    ]);
    expect(withdrawn.waivers).toEqual([]);
    expect(production(withdrawn)?.stale).toEqual({ because: 'exception-ended', since: at(1.5) });
  });

  test('a stale waiver is reported, and the run does not count as passed', () => {
    const standing = after([waive(0, 'spec/a', 100)]);
    const result = sampleResult({ finished: at(1), requirements: pass });
    expect(staleWaivers(standing, result.predicate).map(({ requirement }) => requirement)).toEqual([
      'spec/a',
    ]);
    expect(consequences(standing, logged(result), rules)).toMatchObject([
      { event: 'inconclusive', because: expect.stringContaining('Stale waiver: spec/a') },
    ]);
    const failing = sampleResult({ finished: at(1), requirements: critical });
    expect(staleWaivers(standing, failing.predicate)).toEqual([]);
  });
});

test.describe('disputes', () => {
  const dispute = (hours: number): Statement =>
    act(hours, { kind: 'dispute', requirement: 'spec/a', edition });
  const settle = (hours: number): Statement =>
    act(hours, { kind: 'settle-dispute', requirement: 'spec/a', edition });

  test('a disputed failure neither suspends nor certifies, and renews what there is', () => {
    const runs = [1, 1.2, 1.4].map((hours) => run(hours, critical));
    expect(production(after([dispute(0), ...runs]))?.state).toBe('uncertified');
    expect(production(after([run(0, pass), dispute(0.5), ...runs]))).toMatchObject({
      state: 'certified',
      basis: { finished: at(1.4), disputed: ['spec/a'] },
      in_revision: [{ requirement: 'spec/a', by: 'olga' }],
    });
  });

  test('what fails besides the disputed counts', () => {
    const other = { ...critical, 'spec/b': 'fail' } as const;
    const found = production(after([run(0, pass), dispute(0.5), run(1, other), run(1.1, other)]));
    expect(found).toMatchObject({ state: 'suspended', failed: { requirements: ['spec/b'] } });
  });

  test('a dispute lifts a suspicion, and not a suspension', () => {
    const suspected = after([run(0, pass), run(1, critical), dispute(1.1)]);
    expect(production(suspected)?.suspicion).toBeUndefined();
    expect(production(effective(suspected, rules, at(5)))?.stale).toBeUndefined();
    expect(production(after([run(0, pass), run(1, critical), run(1.1, critical), dispute(1.2)]))?.state).toBe(
      'suspended',
    );
  });

  test('settled, what rested on the dispute is stale until a pass', () => {
    const settled = [run(0, pass), dispute(0.5), run(1, critical), settle(2)];
    const found = production(after(settled));
    expect(found?.stale).toEqual({ because: 'exception-ended', since: at(2) });
    expect(found?.in_revision).toBeUndefined();
    expect(production(after([...settled, run(3, pass)]))?.stale).toBeUndefined();
  });

  test('what nobody settles ends by itself: one person alone sets nothing aside for ever', () => {
    const disputed = [run(0, pass), dispute(0.5), run(1, critical), run(600, critical)];
    const end = 0.5 + rules.dispute_days * 24;
    expect(production(effective(after(disputed), rules, at(end)))?.in_revision).toHaveLength(1);
    expect(production(effective(after(disputed), rules, at(end + 1)))).toMatchObject({
      stale: { because: 'exception-ended', since: at(end) },
    });
    const again = [...disputed, dispute(end + 1), run(end + 2, critical)];
    expect(production(after(again))?.stale).toMatchObject({ because: 'exception-ended' });
  });
});

test.describe('operators', () => {
  const held = (kind: 'suspend' | 'revoke' | 'offboard', hours: number): Statement => act(hours, { kind });

  for (const [kind, state] of [
    ['suspend', 'suspended'],
    ['revoke', 'revoked'],
    ['offboard', 'revoked'],
  ] as const)
    test(`${kind} holds for certifications that begin later, too`, () => {
      const standing = after([held(kind, 0), run(1, pass)]);
      expect(production(standing)?.state ?? 'revoked').toBe(state);
      expect(standing.holds).toMatchObject([{ environment: 'production', act: kind }]);
      expect(
        production(after([held(kind, 0), run(1, pass, { environment: 'sandbox' })]), 'sandbox')?.state,
      ).toBe('certified');
    });

  test('a weaker act does not take the place of a stronger one, and one that ended does not count', () => {
    const acts = (...kinds: readonly ('suspend' | 'revoke' | 'offboard' | 'reinstate')[]): Standing =>
      after(kinds.map((kind, index) => act(index, { kind })));
    for (const [kinds, hold] of [
      [['revoke', 'suspend'], { act: 'revoke', since: at(0) }],
      [['suspend', 'revoke'], { act: 'revoke', since: at(1) }],
      [['suspend', 'offboard', 'revoke'], { act: 'offboard', since: at(1) }],
      [['revoke', 'reinstate'], { act: 'revoke', ended: at(1) }],
      [['offboard', 'reinstate'], { act: 'offboard' }],
      [['revoke', 'reinstate', 'suspend'], { act: 'suspend', since: at(2) }],
    ] as const)
      expect(acts(...kinds).holds, kinds.join(', ')).toEqual([
        { environment: 'production', actor: 'olga', reason: 'incident 7', since: at(0), ...hold },
      ]);
  });

  for (const before of ['suspend', 'revoke', 'offboard'] as const)
    test(`who closes after broken glass means it, also what was under ${before}, and by any clock`, () => {
      const glass = (hours: number): Statement => act(hours, { kind: 'break-glass', until: at(100) });
      const broken = [held(before, 0), glass(2)];
      expect(after(broken).break_glass).toHaveLength(1);
      for (const hours of [1, 3])
        expect(after([...broken, held('suspend', hours)]).break_glass, `at ${hours}`).toEqual([]);
      const { environment: _, ...everywhere } = sampleAct({ kind: 'suspend' }, at(3)).predicate;
      expect(after([...broken, actStatement(everywhere)]).break_glass).toEqual([]);
      const elsewhere = actStatement({ ...everywhere, environment: 'sandbox' });
      expect(after([...broken, elsewhere]).break_glass).toHaveLength(1);
      expect(after([...broken, held('suspend', 3), glass(4)]).break_glass).toHaveLength(1);
    });

  test('an act without an environment concerns both', () => {
    const { environment: _, ...suspend } = sampleAct({ kind: 'suspend' }, at(2)).predicate;
    const both = actStatement(suspend);
    const standing = after([run(1, pass), run(1, pass, { environment: 'sandbox' }), both]);
    expect(standing.certifications.map(({ state }) => state)).toEqual(['suspended', 'suspended']);
  });

  test('a run that passes does not open what an operator closed; reinstated, its evidence is good', () => {
    const runs = [run(0, pass), held('suspend', 1), run(2, pass)];
    expect(production(after(runs))?.state).toBe('suspended');
    expect(production(after([...runs, act(3, { kind: 'reinstate' })]))).toMatchObject({
      state: 'certified',
      basis: { finished: at(2) },
    });
  });

  test('reinstated is nothing that failed, expired or changed meanwhile', () => {
    const reinstate = act(900, { kind: 'reinstate' });
    const opened = [run(0, pass), held('suspend', 1)];
    const observe = act(3, { kind: 'observe', edition, fingerprint: digestOf('other') });
    for (const [what, statements] of Object.entries({
      'failed before it was confirmed': [run(0, pass), run(0.5, critical), held('suspend', 1)],
      'failed meanwhile': [...opened, run(880, pass), run(890, critical)],
      'failed a minor one meanwhile': [...opened, run(880, pass), run(890, minor)],
      expired: opened,
      changed: [...opened, observe],
      'deadline passed': [run(0, pass), run(0.5, minor), held('suspend', 1), run(880, minor)],
    }))
      expect(production(after([...statements, reinstate]))?.state, what).toBe('uncertified');
  });

  test('a condition that an operator interrupted goes on', () => {
    const statements = [run(0, pass), run(1, minor), held('suspend', 2), act(3, { kind: 'reinstate' })];
    expect(production(after(statements))).toMatchObject({
      state: 'conditional',
      deadline: at(1 + 14 * 24),
    });
  });

  test('what was revoked is certified by runs after it was reinstated only', () => {
    const statements = [run(0, pass), held('revoke', 1), act(5, { kind: 'reinstate' })];
    expect(production(after(statements))?.state).toBe('uncertified');
    expect(production(after([...statements, run(4, pass)]))?.state).toBe('uncertified');
    expect(production(after([...statements, run(6, pass)]))?.state).toBe('certified');
    const early = [held('revoke', 1), act(5, { kind: 'reinstate' })];
    expect(production(after([...early, run(4, pass)]))?.state ?? 'none').not.toBe('certified');
  });

  test('what was offboarded comes back by a registration only', () => {
    const register = act(4, {
      kind: 'register',
      registration: { partner: 'acme', roles: ['client'], clients: [], certificates: [], scopes: [] },
    });
    const gone = [run(0, pass), held('offboard', 1), act(2, { kind: 'reinstate' }), held('suspend', 3)];
    expect(production(after(gone))).toMatchObject({ state: 'revoked', held: { act: 'offboard' } });
    expect(production(after([...gone, register, run(5, pass)]))?.state).toBe('certified');
  });

  test('a retired edition is stale for good, and nothing begins under it', () => {
    const { environment: _, ...predicate } = sampleAct({ kind: 'retire-edition', edition }, at(1)).predicate;
    const retire = actStatement({ ...predicate, integration: everyone });
    expect(production(after([run(0, pass), retire, run(2, pass)]))).toMatchObject({
      stale: { because: 'edition-retired', since: at(1) },
      basis: { finished: at(0) },
    });
    expect(after([retire, run(2, pass)])).toMatchObject({ certifications: [], retired: [edition] });
  });
});

test.describe('the fingerprint', () => {
  const other = digestOf('other');
  const seen = act(2, { kind: 'observe', edition, fingerprint: other });
  const changed = [run(0, pass), seen];

  test('another one than that of the basis makes it stale', () => {
    expect(production(after(changed))?.stale).toEqual({
      because: 'fingerprint-changed',
      since: at(2),
      fingerprint: other,
    });
  });

  for (const [what, statement, stale] of [
    ['a pass with the one that was seen', run(3, pass, { started: at(1), fingerprint: other }), false],
    ['a pass with the old one that began before', run(3, pass, { started: at(1) }), true],
    ['a pass with the old one that began after', run(3, pass, { started: at(2.5) }), false],
    ['a minor failure with the one that was seen', run(3, minor, { fingerprint: other }), true],
    [
      'the old one seen again',
      act(3, { kind: 'observe', edition, fingerprint: digestOf('fingerprint') }),
      true,
    ],
  ] as const)
    test(`${what} ${stale ? 'does not end' : 'ends'} that`, () => {
      expect(production(after([...changed, statement]))?.stale !== undefined).toBe(stale);
    });

  test('the same as that of the basis changes nothing', () => {
    const same = act(4, { kind: 'observe', edition, fingerprint: digestOf('fingerprint') });
    expect(consequences(after([run(3, pass)]), logged(same), rules)).toEqual([]);
  });

  test('what was seen before the run of the basis ended is old', () => {
    expect(consequences(after([run(3, pass)]), logged(seen), rules)).toEqual([]);
  });
});

test.describe('time', () => {
  const inconclusive = { 'spec/a': 'inconclusive' } as const;
  for (const [what, statements, before, due, outcome] of [
    ['evidence', [run(0, pass)], 720, 720, { stale: { because: 'evidence-expired' } }],
    [
      'a lack of answers',
      [run(0, pass), run(1, inconclusive), run(30, inconclusive)],
      73,
      73,
      { stale: { because: 'inconclusive-too-long' } },
    ],
    ['a deadline', [run(0, pass), run(1, minor), run(99, minor)], 337, 337, { state: 'suspended' }],
  ] as const satisfies readonly (readonly [string, readonly Statement[], number, number, object])[])
    test(`${what} counts up to its instant, and not after it`, () => {
      const standing = after(statements);
      expect(effective(standing, rules, at(before))).toEqual(standing);
      const found: Certification | undefined = production(effective(standing, rules, later(at(due), 0.001)));
      expect(found).toMatchObject(outcome);
      expect(found?.state === 'suspended' ? found.since : found?.stale?.since).toBe(at(due));
    });

  test('an answer ends the time without one', () => {
    const standing = after([run(0, pass), run(1, inconclusive), run(2, pass), run(3, inconclusive)]);
    expect(production(standing)?.inconclusive_since).toBe(at(3));
  });
});

test('a minor requirement is named by its id or a glob', () => {
  const found = (globs: readonly string[]): readonly boolean[] =>
    ['spec/5.3-1', 'spec/5x3-1', 'other/5.3-1'].map((id) => isMinor(id, { ...rules, minor: [...globs] }));
  expect(found(['spec/5.3-1'])).toEqual([true, false, false]);
  expect(found(['spec/*'])).toEqual([true, true, false]);
  expect(found(['*-1'])).toEqual([true, true, true]);
  expect(found(['spec/5', '(', '[a'])).toEqual([false, false, false]);
});
