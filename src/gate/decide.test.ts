import { expect, test } from '@playwright/test';
import { unknownStanding, type Standing } from '../certification/standing.ts';
import { compile } from '../directory/schema.ts';
import { decide, type Question } from './decide.ts';
import { Decision } from './decision.ts';
import { compilePolicy, defaultPolicy, type Policy } from './policy.ts';
import { inHours, sampleNow, soundCertification, soundStanding } from './sample.ts';

let policy: Policy;
test.beforeAll(async () => {
  policy = await defaultPolicy();
});

const shape = compile(Decision);

function ask(standing: Standing, more: Partial<Question> = {}): Decision {
  const decision = decide({
    standing,
    environment: 'production',
    action: 'access',
    now: sampleNow,
    completeness: 'complete',
    policy,
    ...more,
  });
  expect(shape(decision)).toMatchObject({ ok: true });
  return decision;
}

const glass: Standing['break_glass'][number] = {
  environment: 'production',
  actor: 'olga',
  reason: 'incident 7',
  since: inHours(-1),
  until: inHours(1),
  statement: 'd'.repeat(64),
};
const hold: Standing['holds'][number] = {
  environment: 'production',
  act: 'suspend',
  actor: 'olga',
  reason: 'incident 8',
  since: inHours(-2),
};
const suspended: Standing = {
  ...soundStanding,
  certifications: [
    {
      ...soundCertification,
      state: 'suspended',
      failed: { statement: 'e'.repeat(64), requirements: ['spec/a'] },
    },
  ],
};
const { basis: _, ...unfounded } = soundCertification;
const unevidenced: Standing = { ...soundStanding, certifications: [{ ...unfounded, state: 'uncertified' }] };

for (const [what, standing, more, decision, rule] of [
  ['a sound standing', soundStanding, {}, 'allow', 'production-access'],
  [
    'promotion of what is sound in production',
    soundStanding,
    { action: 'promote' },
    'allow',
    'promotion-in-production',
  ],
  ['an unknown integration', unknownStanding('nobody'), {}, 'deny', 'not-registered'],
  ['another environment', soundStanding, { environment: 'sandbox' }, 'deny', 'not-registered'],
  [
    'what is registered and was never run',
    { ...soundStanding, certifications: [] },
    {},
    'deny',
    'no-evidence',
  ],
  ['what never passed', unevidenced, {}, 'deny', 'no-evidence'],
  ['a suspended integration', suspended, {}, 'deny', 'no-rule'],
  ['an incomplete log', soundStanding, { completeness: 'incomplete' }, 'deny', 'incomplete-log'],
  ['broken glass', { ...suspended, break_glass: [glass] }, {}, 'allow', 'break-glass'],
  ['broken glass without evidence', { ...unevidenced, break_glass: [glass] }, {}, 'allow', 'break-glass'],
  [
    'broken glass in the other environment',
    { ...suspended, break_glass: [{ ...glass, environment: 'sandbox' }] },
    {},
    'deny',
    'no-rule',
  ],
  [
    'broken glass at its end',
    { ...suspended, break_glass: [{ ...glass, until: inHours(0) }] },
    {},
    'deny',
    'no-rule',
  ],
  [
    'promotion under broken glass',
    { ...suspended, break_glass: [glass] },
    { action: 'promote' },
    'deny',
    'no-rule',
  ],
  [
    'broken glass and an incomplete log',
    { ...suspended, break_glass: [glass] },
    { completeness: 'incomplete' },
    'deny',
    'incomplete-log',
  ],
  [
    'broken glass after a hold',
    { ...suspended, holds: [hold], break_glass: [glass] },
    {},
    'allow',
    'break-glass',
  ],
  [
    'broken glass before a hold',
    { ...suspended, holds: [{ ...hold, since: inHours(-0.5) }], break_glass: [glass] },
    {},
    'deny',
    'no-rule',
  ],
  [
    'broken glass of nobody that is registered',
    { ...unknownStanding('acme-1'), break_glass: [glass] },
    {},
    'deny',
    'not-registered',
  ],
] satisfies readonly (readonly [string, Standing, Partial<Question>, Decision['decision'], string])[])
  test(`${what}: ${decision}, ${rule}`, () => {
    expect(ask(standing, more)).toMatchObject({
      decision,
      rule,
      reasons: expect.arrayContaining([expect.any(String)]),
    });
  });

test('an allowance names what was required, what is there, and what it rests on', () => {
  expect(ask(soundStanding)).toEqual({
    format: 'assay-decision/1',
    integration: 'acme-1',
    environment: 'production',
    action: 'access',
    decision: 'allow',
    mode: 'enforce',
    rule: 'production-access',
    reasons: ['The profile is in force in production, and is looked at every night.'],
    required: expect.arrayContaining([
      {
        rule: 'production-access',
        condition: 'context.production["fapi2-sp-flows-1"].silence_hours <= 26',
        met: true,
        facts: { 'production.fapi2-sp-flows-1.silence_hours': 3 },
      },
      {
        rule: 'production-access-final',
        condition: 'context.production["fapi2-sp-final"].silence_hours <= 26',
        met: false,
        facts: { 'production.fapi2-sp-final.silence_hours': 'unknown' },
      },
    ]),
    evidence: ['a'.repeat(64)],
    at: sampleNow.toISOString(),
  });
});

test('a denial says why the certification is not in force, and first the rule that lacks least', () => {
  const { reasons, required, evidence } = ask(suspended);
  expect(reasons).toEqual([
    `production fapi2-sp-flows-1 is suspended since ${soundCertification.since}`,
    'production-access lacks context.production["fapi2-sp-flows-1"].in_force (is false)',
    expect.stringMatching(/^production-access-final lacks .* \(is unknown\)/u),
  ]);
  expect(required.filter(({ met }) => !met).length).toBeGreaterThan(1);
  expect(evidence).toEqual(['a'.repeat(64), 'e'.repeat(64)]);
});

test('broken glass says who, why and until when, and rests on the act', () => {
  expect(ask({ ...suspended, break_glass: [glass] })).toMatchObject({
    reasons: [`olga broke the glass until ${inHours(1)}: incident 7`],
    evidence: [glass.statement],
  });
});

test('what Cedar cannot work out is a denial of its own', () => {
  const [file, text] = [
    'a.cedar',
    '@id("x") permit (principal, action, resource) when { context.credentials_days * 9000000000000000000 > 1 };',
  ];
  expect(ask(soundStanding, { policy: compilePolicy([{ file, text }]) })).toMatchObject({
    decision: 'deny',
    rule: 'policy-error',
    reasons: [expect.stringContaining('overflow')],
  });
});

test('an action that no rule is about is denied, and says so', () => {
  const text = '@id("x") permit (principal, action == Action::"promote", resource);';
  expect(ask(soundStanding, { policy: compilePolicy([{ file: 'a.cedar', text }]) })).toMatchObject({
    decision: 'deny',
    rule: 'no-rule',
    reasons: ['no rule of the policy is about access in production'],
  });
});

test('the mode is that of the policy for the environment, or what is asked', () => {
  const shadow = compilePolicy(
    [{ file: 'a.cedar', text: '@id("x") permit (principal, action, resource);' }],
    {
      file: 'policy.yaml',
      text: 'mode: { production: shadow }',
    },
  );
  expect(ask(suspended, { policy: shadow }).mode).toBe('shadow');
  expect(ask(suspended, { policy: shadow, environment: 'sandbox' }).mode).toBe('enforce');
  expect(ask(suspended, { policy: shadow, mode: 'enforce' }).mode).toBe('enforce');
});
