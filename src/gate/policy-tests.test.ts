import { expect, test } from '@playwright/test';
import { parsePolicyTests, runPolicyTests } from './policy-tests.ts';
import { defaultPolicy } from './policy.ts';

const parse = (text: string) => parsePolicyTests({ file: 'tests.yaml', text });

test('cases are decided from sound facts but for what they say', async () => {
  const cases = parse(`cases:
  - name: recertified last night
    ask: access production
    facts:
      production: { fapi2-sp-flows-1: { evidence_hours: 9, silence_hours: 9 } }
    expect: allow
    rule: production-access
  - name: nobody looked for two nights
    ask: access production
    facts:
      production: { fapi2-sp-flows-1: { silence_hours: 50 } }
    expect: deny
  - name: nothing is known
    ask: access production
    facts: {}
    expect: deny
  - name: credentials about to expire
    ask: promote production
    facts:
      sandbox: { fapi2-sp-final: {} }
      credentials_days: 13
    expect: deny
`);
  expect(runPolicyTests(await defaultPolicy(), cases).map(({ ok, got }) => [ok, got])).toEqual([
    [true, 'allow by production-access'],
    [true, 'deny'],
    [true, 'deny'],
    [true, 'deny'],
  ]);
});

test('a case that is decided otherwise tells the line, and the conditions that decided', async () => {
  const cases = parse(`cases:
  - name: too old
    ask: access production
    facts:
      production: { fapi2-sp-flows-1: { silence_hours: 50 } }
    expect: allow
  - name: by another rule
    ask: access production
    facts:
      production: { fapi2-sp-flows-1: {} }
    expect: allow
    rule: production-access-final
`);
  const [old, other] = runPolicyTests(await defaultPolicy(), cases);
  expect(old).toMatchObject({
    ok: false,
    line: 2,
    expected: 'allow',
    got: 'deny',
    because: expect.arrayContaining([
      'production-access: not met: context.production["fapi2-sp-flows-1"].silence_hours <= 26',
    ]),
  });
  expect(other).toMatchObject({
    ok: false,
    line: 7,
    expected: 'allow by production-access-final',
    got: 'allow by production-access',
  });
});

for (const [what, text, says] of [
  ['no cases', 'cases: []\n', /cases/u],
  ['an unknown fact', 'fapi2-sp-flows-1: { silence_hour: 5 }', /did you mean silence_hours/u],
  ['an unknown edition', 'fapi2-sp-flow-1: {}', /did you mean fapi2-sp-flows-1/u],
  ['a fraction', 'fapi2-sp-flows-1: { silence_hours: 1.5 }', /silence_hours/u],
] as const)
  test(`names the mistake: ${what}`, () => {
    const whole = text.startsWith('cases')
      ? text
      : `cases:\n  - name: a\n    ask: access production\n    expect: deny\n    facts:\n      production: { ${text} }\n`;
    expect(() => parse(whole)).toThrow(says);
    expect(() => parse(whole)).toThrow(/^tests\.yaml:\d+:\d+ /u);
  });

test('names a case that stands there twice, and an ask that does not exist', () => {
  const again = '  - { name: a, ask: access production, facts: {}, expect: deny }\n';
  expect(() => parse(`cases:\n${again}${again}`)).toThrow(/^tests\.yaml:3:\d+ {2}the name a/u);
  expect(() => parse(`cases:\n${again.replace('access production', 'acces production')}`)).toThrow(
    /expected one of promote sandbox/u,
  );
});
