import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';
import { environments, staleReasons, states, type Certification } from '../certification/certification.ts';
import { effective } from '../certification/fold.ts';
import { defaultRules } from '../certification/rules.ts';
import type { SignedWaiver, Standing } from '../certification/standing.ts';
import { editionIds } from '../profiles/editions.ts';
import { decide } from './decide.ts';
import { actions } from './decision.ts';
import { findCounterexample } from './monotonic.ts';
import { compilePolicy, defaultPolicy, type Policy } from './policy.ts';
import { inHours, sampleNow, soundRegistered } from './sample.ts';

let policy: Policy;
test.beforeAll(async () => {
  policy = await defaultPolicy();
});

const requirements = ['spec/a', 'spec/b'] as const;

/** Mostly what opens, so that what closes is seen to be what changed. */
const mostly = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(usual, ...others) },
  );
const sometimes = <T extends object>(value: T): fc.Arbitrary<T | object> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fc.constant(value) });

const certificationOf = (
  environment: Certification['environment'],
  edition: string,
): fc.Arbitrary<Certification> =>
  fc
    .record({
      state: mostly<Certification['state']>('certified', ...states),
      age: mostly(3, 0.5, 25.5, 26.5, 40, 90, 167.5, 168.5, 400),
      silence: mostly(1, 0, 0.5, 0.99),
      left: mostly(500, 0, 0.001, -1),
      waived: fc.subarray([...requirements]),
      partner: mostly('acme', 'other'),
      basis: mostly('there', 'none'),
      deadline: mostly(24, -1, 0),
      extras: fc.tuple(
        ...staleReasons.map((because) => sometimes({ stale: { because, since: inHours(-2) } })),
        sometimes({
          suspicion: {
            since: inHours(-1),
            until: inHours(0.5),
            failed: ['1'.repeat(64)],
            passed: [],
            requirements: ['spec/a'],
          },
        }),
      ),
    })
    .map(({ state, age, silence, left, waived, partner, basis, deadline, extras }): Certification => ({
      edition,
      environment,
      state,
      since: inHours(-500),
      ...(basis === 'none'
        ? {}
        : {
            basis: {
              statement: '2'.repeat(64),
              run: 'run-1',
              partner,
              roles: ['authorization-server'],
              finished: inHours(-age),
              expires: inHours(left),
              fingerprint: '3'.repeat(64),
              waived,
            },
          }),
      ...(state === 'conditional' ? { deadline: inHours(deadline) } : {}),
      ...(silence < 1 ? { inconclusive_since: inHours(-age * (1 - silence)) } : {}),
      ...Object.assign({}, ...extras),
    }));

const pairs = environments.flatMap((environment) =>
  editionIds.map((edition) => [environment, edition] as const),
);

const standings: fc.Arbitrary<Standing> = fc
  .record({
    registered: fc.subarray([...environments], { minLength: 1 }),
    expire: mostly<number | undefined>(200 * 24, undefined, -1, 0.5, 13.5 * 24, 14.5 * 24),
    scopes: fc.subarray(['openid', 'accounts', 'payments']),
    certifications: fc
      .tuple(...pairs.map(([environment, edition]) => certificationOf(environment, edition)))
      .chain((all) => fc.subarray(all)),
    waivers: fc.subarray(
      pairs.flatMap(([environment, edition]) =>
        requirements.map((requirement) => [environment, edition, requirement] as const),
      ),
      { minLength: 4 },
    ),
    waiverLeft: mostly(500, -1, 0.5),
    glass: fc.subarray([...environments], { maxLength: 1 }),
    glassLeft: fc.constantFrom(1, 50, -1),
    broken: fc.integer({ min: 0, max: 5 }),
    holds: fc.subarray([...environments], { maxLength: 1 }),
    held: fc.integer({ min: 0, max: 5 }),
  })
  .map(
    ({
      registered,
      expire,
      scopes,
      certifications,
      waivers,
      waiverLeft,
      glass,
      glassLeft,
      broken,
      holds,
      held,
    }) => {
      const { credentials_expire: _, ...rest } = soundRegistered;
      return {
        integration: 'acme-1',
        registrations: registered.map((environment) => ({
          environment,
          registration: {
            ...rest,
            scopes,
            ...(expire === undefined ? {} : { credentials_expire: inHours(expire) }),
          },
        })),
        certifications,
        waivers: waivers.map(([environment, edition, requirement]): SignedWaiver => ({
          environment,
          edition,
          requirement,
          reason: 'vendor fix',
          owner: 'maria',
          approver: 'omar',
          expires: inHours(waiverLeft),
          statement: '4'.repeat(64),
        })),
        break_glass:
          broken > 0
            ? []
            : glass.map((environment) => ({
                environment,
                actor: 'olga',
                reason: 'incident 7',
                since: inHours(-1),
                until: inHours(glassLeft),
                statement: '5'.repeat(64),
              })),
        holds:
          held > 0
            ? []
            : holds.map((environment) => ({
                environment,
                act: 'suspend' as const,
                actor: 'olga',
                reason: 'incident 8',
                since: inHours(-3),
              })),
        retired: [],
      };
    },
  );

const dropped = <T>(
  list: readonly T[],
  replace: (item: T) => readonly (T | undefined)[] = () => [],
): readonly T[][] =>
  list.flatMap((item, at) =>
    [undefined, ...replace(item)].map((other) =>
      list.flatMap((each, index) => (index === at ? (other === undefined ? [] : [other]) : [each])),
    ),
  );

const lacking = <T extends object>(value: T, name: keyof T): T => {
  const { [name]: _, ...rest } = value;
  return rest as T;
};

/**
 * All that takes one thing away of what a standing shows, or lets it grow old. What closes (a hold, a suspicion) is not
 * taken away here: it is part of a signed statement, and a log that lacks one is incomplete.
 */
function* weakened(standing: Standing): Iterable<Standing> {
  for (const registrations of dropped(standing.registrations, ({ environment, registration }) => [
    { environment, registration: lacking(registration, 'credentials_expire') },
    { environment, registration: { ...registration, roles: [] } },
    ...dropped(registration.scopes).map((scopes) => ({
      environment,
      registration: { ...registration, scopes },
    })),
  ]))
    yield { ...standing, registrations };
  for (const certifications of dropped<Certification>(standing.certifications, (certification) => {
    const { basis } = certification;
    return [
      lacking(certification, 'basis'),
      lacking(certification, 'deadline'),
      lacking(certification, 'inconclusive_since'),
      { ...certification, state: 'uncertified' },
      { ...certification, state: 'suspended' },
      { ...certification, stale: { because: 'fingerprint-changed', since: inHours(-1) } },
      ...(basis === undefined
        ? []
        : [
            { ...certification, basis: { ...basis, finished: inHours(-1000) } },
            { ...certification, basis: { ...basis, expires: inHours(-1) } },
            { ...certification, basis: { ...basis, waived: [...basis.waived, 'spec/c'] } },
          ]),
    ];
  }))
    yield { ...standing, certifications };
  for (const waivers of dropped(standing.waivers, (waiver) => [{ ...waiver, expires: inHours(-1) }]))
    yield { ...standing, waivers };
  for (const break_glass of dropped(standing.break_glass, (glass) => [{ ...glass, until: inHours(-1) }]))
    yield { ...standing, break_glass };
}

const asks = environments.flatMap((environment) => actions.map((action) => ({ environment, action })));

const decideAt = (
  standing: Standing,
  ask: (typeof asks)[number],
  now: Date,
  policy: Policy,
): 'allow' | 'deny' =>
  decide({
    standing: effective(standing, defaultRules, now.toISOString()),
    ...ask,
    now,
    completeness: 'complete',
    policy,
  }).decision;

test('no removal of evidence, of a member or of a waiver turns a denial into an allowance', () => {
  const seen = { allowed: 0, denied: 0, closed: 0 };
  fc.assert(
    fc.property(standings, fc.constantFrom(...asks), fc.nat(), (standing, ask, choice) => {
      const before = decideAt(standing, ask, sampleNow, policy);
      const all = [...weakened(standing)];
      const weaker = all[choice % all.length] ?? standing;
      const after = decideAt(weaker, ask, sampleNow, policy);
      seen[before === 'allow' ? 'allowed' : 'denied'] += 1;
      if (before !== after) seen.closed += 1;
      return before === 'allow' || after === 'deny';
    }),
    { numRuns: 4000 },
  );
  // The property says something only if both answers come, and if removals matter.
  expect(Math.min(seen.allowed, seen.denied)).toBeGreaterThan(200);
  expect(seen.closed).toBeGreaterThan(20);
});

test('several removals, one after another, open nothing either', () => {
  fc.assert(
    fc.property(
      standings,
      fc.constantFrom(...asks),
      fc.array(fc.nat(), { maxLength: 8 }),
      (standing, ask, choices) => {
        let current = standing;
        let before = decideAt(current, ask, sampleNow, policy);
        for (const choice of choices) {
          const all = [...weakened(current)];
          current = all[choice % all.length] ?? current;
          const after = decideAt(current, ask, sampleNow, policy);
          if (before === 'deny' && after === 'allow') return false;
          before = after;
        }
        return true;
      },
    ),
    { numRuns: 300 },
  );
});

test('time alone opens nothing', () => {
  fc.assert(
    fc.property(
      standings,
      fc.constantFrom(...asks),
      fc.integer({ min: 1, max: 40 * 24 }),
      (standing, ask, hours) => {
        const later = new Date(inHours(hours));
        return (
          decideAt(standing, ask, sampleNow, policy) === 'allow' ||
          decideAt(standing, ask, later, policy) === 'deny'
        );
      },
    ),
    { numRuns: 1000 },
  );
});

test('an incomplete log is denied whatever it shows', () => {
  fc.assert(
    fc.property(standings, fc.constantFrom(...asks), (standing, ask) => {
      const { decision } = decide({ standing, ...ask, now: sampleNow, completeness: 'incomplete', policy });
      return decision === 'deny';
    }),
    { numRuns: 500 },
  );
});

test('the property fails for a policy that opens where something is missing', () => {
  const text =
    '@id("x") permit (principal, action, resource) when { !context.production["fapi2-sp-final"].in_force };';
  const bad = compilePolicy([{ file: 'a.cedar', text }]);
  const found = fc.check(
    fc.property(standings, fc.constantFrom(...asks), fc.nat(), (standing, ask, choice) => {
      const all = [...weakened(standing)];
      const weaker = all[choice % all.length] ?? standing;
      return (
        decideAt(standing, ask, sampleNow, bad) === 'allow' ||
        decideAt(weaker, ask, sampleNow, bad) === 'deny'
      );
    }),
    { numRuns: 3000, endOnFailure: true },
  );
  expect(found.failed).toBe(true);
});

const profile = 'context.production["fapi2-sp-flows-1"]';
const whole = (condition: string): string =>
  `@id("x") permit (principal, action, resource) when { ${condition} };`;
const search = (condition: string) =>
  findCounterexample(compilePolicy([{ file: 'a.cedar', text: whole(condition) }]), Math.random);

test('of the default policy every combination is tried, and none opens by a lack', () => {
  const found = findCounterexample(policy, Math.random);
  expect(found).toMatchObject({ counterexample: undefined, extent: 'every' });
  expect(found.tried).toBeGreaterThan(100);
});

for (const [condition, allowed, denied] of [
  [
    `!${profile}.in_force`,
    { 'production.fapi2-sp-flows-1.in_force': false },
    { 'production.fapi2-sp-flows-1.in_force': true },
  ],
  [`${profile}.evidence_hours > 5`, { 'production.fapi2-sp-flows-1.evidence_hours': 'unknown' }, {}],
  [`context.unheld && ${profile}.waived == 3`, { 'production.fapi2-sp-flows-1.waived': 3 }, {}],
  ['context.credentials_days < 0', { credentials_days: 'unknown' }, {}],
  [`["spec/a"].containsAll(${profile}.waivers)`, { 'production.fapi2-sp-flows-1.waivers': [] }, {}],
  [`${profile}.evidence_hours - ${profile}.silence_hours < 5`, {}, {}],
  [`if ${profile}.in_force then context.credentials_days > 300 else true`, {}, {}],
] as const)
  test(`names what is missing where ${condition} opens`, () => {
    const { counterexample } = search(condition);
    expect(counterexample).toMatchObject({ rule: 'x', allowed, denied });
  });

for (const condition of [
  `${profile}.in_force && ["spec/a"].containsAll(${profile}.waivers)`,
  `${profile}.in_force && ["openid", "accounts"].containsAll(context.scopes)`,
  `${profile}.certified || (${profile}.conditional && ${profile}.evidence_hours <= 26)`,
  `!(${profile}.evidence_hours > 26) && context.roles.contains("client")`,
  `if ${profile}.certified then true else ${profile}.in_force`,
])
  test(`finds nothing against ${condition}`, () => {
    expect(search(condition)).toMatchObject({ counterexample: undefined, extent: 'every' });
  });
