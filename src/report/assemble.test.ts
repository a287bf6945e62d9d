import { expect, test } from '@playwright/test';
import { examine } from '../directory/load.ts';
import { now, sample } from '../directory/sample.ts';
import { compile } from '../directory/schema.ts';
import type { Plan } from '../profiles/plan.ts';
import { fixFor } from '../requirements/fixes.ts';
import { catalogue, type RequirementId } from '../requirements/catalogue.ts';
import { assemble, type CheckRecord, type RunRecord } from './assemble.ts';
import type { Evidence } from './ledger.ts';
import { Results } from './results.ts';

const valid = compile(Results);

const { value } = examine(sample, 'integration.yaml', now);
if (value === undefined) throw new Error('expected the sample to be without mistakes');
const { waivers = [], ...integration } = value;

const plan: Plan = {
  edition: 'fapi2-sp-flows-1',
  variant: { client_authentication: 'private_key_jwt', sender_constraint: 'dpop', protocol: 'openid' },
  roles: ['authorization-server', 'resource-server'],
  features: [],
  tier: 'full',
  only: [],
};

const completed: Evidence = { ending: { end: 'completed' }, exercised: 1, exchanges: [] };
const contradicted: Evidence = {
  ending: { end: 'contradicted', reason: 'It was accepted.' },
  exercised: 1,
  exchanges: [],
  expected: 'a refusal',
  actual: 'accepted',
  stack: 'at par.spec.ts:7',
};
const prevented = (fault: 'configuration' | 'environment' | 'harness' | 'subject'): Evidence => ({
  ending: { end: 'prevented', fault, reason: 'Something came between.' },
  exercised: 0,
  exchanges: [],
});

const record = (
  title: string,
  requirement: RequirementId,
  evidence?: Evidence,
  more: Partial<CheckRecord> = {},
): CheckRecord => ({
  id: `authorization-server/par/${title}`,
  title,
  file: 'authorization-server/par.spec.ts',
  line: 7,
  requirements: [requirement],
  conditions: [],
  tier: 'fast',
  ...(evidence ? { evidence, started: '2026-11-22T12:00:00.000Z', duration_ms: 12 } : {}),
  ...more,
});

/** One check of each requirement that the plan demands, all of which hold. */
const whole = (): readonly CheckRecord[] =>
  assembled([]).requirements.map(({ id }) =>
    record(id.replaceAll(/[./]/gu, '-'), id as RequirementId, completed),
  );

const having = (own: CheckRecord): readonly CheckRecord[] => [
  ...whole().filter(({ requirements }) => requirements[0] !== own.requirements[0]),
  own,
];

function assembled(
  checks: readonly CheckRecord[],
  more: Partial<Omit<RunRecord, 'checks'>> & { plan?: Plan } = {},
): Results {
  const { plan: own = plan, ...rest } = more;
  const results = assemble({
    run: {
      id: '20261122T120000Z-abcdef',
      integration: '/somewhere/integration.yaml',
      directory: '/somewhere/reports',
      plan: own,
      privateNetwork: 'refused',
      started: '2026-11-22T12:00:00.000Z',
    },
    harness: '0.1.0',
    integration,
    checks,
    status: 'complete',
    now,
    ...rest,
  });
  expect(valid(results)).toEqual({ ok: true, value: results });
  return results;
}

const pkce = 'fapi2-sp/5.3.2.2-5';
const requirementOf = (results: Results, id: RequirementId) =>
  results.requirements.find((each) => each.id === id);

test('a run whose requirements were all shown to hold passes', () => {
  const results = assembled(whole());
  expect(results).toMatchObject({
    verdict: 'pass',
    run: { status: 'complete', finished: now.toISOString(), tier: 'full' },
    profile: { edition: 'fapi2-sp-flows-1', sender_constraint: 'dpop' },
    integration: { partner: 'acme', file: '/somewhere/integration.yaml' },
  });
  expect(results).not.toHaveProperty('fault');
  expect(results.run).not.toHaveProperty('selection');
  const { checks, requirements } = results.counts;
  expect(checks.pass).toBe(results.checks.length);
  expect(requirements.pass).toBe(results.requirements.length);
});

test('a contradicted check fails its requirement and the run, and says how to mend it', () => {
  const results = assembled(having(record('x', pkce, contradicted)));
  expect(results).toMatchObject({ verdict: 'fail', fault: 'subject', reason: expect.stringContaining(pkce) });
  const check = results.checks.find(({ id }) => id.endsWith('/x'));
  expect(check).toMatchObject({
    verdict: 'fail',
    expected: 'a refusal',
    actual: 'accepted',
    executed: true,
    hint: `${fixFor(pkce)} ${catalogue[pkce].link}`,
    stack: expect.anything(),
  });
  expect(requirementOf(results, pkce)).toMatchObject({ verdict: 'fail', checks: [check?.id] });
});

for (const fault of ['configuration', 'environment', 'harness', 'subject'] as const)
  test(`a check that was prevented by ${fault} leaves the run inconclusive`, () => {
    const results = assembled(having(record('x', pkce, prevented(fault))));
    expect(results).toMatchObject({ verdict: 'inconclusive', fault });
    expect(results.counts.checks.fail).toBe(0);
    const hint = results.checks.find(({ id }) => id.endsWith('/x'))?.hint;
    // Only who has seen the subject misbehave tells it to mend itself.
    expect(hint ?? '').not.toContain(fixFor(pkce));
    expect(hint === undefined).toBe(fault === 'subject');
  });

test('what the plan leaves out is not executed, and keeps the run from passing', () => {
  const narrowed: Plan = { ...plan, only: [pkce] };
  const results = assembled(whole(), { plan: narrowed });
  expect(results).toMatchObject({ verdict: 'inconclusive', run: { selection: `--only ${pkce}` } });
  expect(requirementOf(results, pkce)).toMatchObject({ verdict: 'pass' });
});

test('a check that waits keeps a fast run from passing', () => {
  const slow = record('x', pkce, undefined, { tier: 'full' });
  const results = assembled(having(slow), { plan: { ...plan, tier: 'fast' } });
  expect(results).toMatchObject({ verdict: 'inconclusive', run: { selection: '--tier fast' } });
});

test('a check of another variant does not apply', () => {
  const results = assembled([...whole(), record('x', pkce, undefined, { conditions: [['mtls']] })]);
  expect(results.verdict).toBe('pass');
  expect(results.checks.at(-1)).toMatchObject({ verdict: 'not-applicable', executed: false });
});

test('a check of another edition is no part of the run', () => {
  const results = assembled([...whole(), record('x', 'fapi2-sp/5.3.2.1-11')]);
  expect(results.checks.map(({ id }) => id)).not.toContain('authorization-server/par/x');
});

test('a check that the run did not reach is not executed, and keeps the run from passing', () => {
  const results = assembled(having(record('x', pkce)));
  expect(results.verdict).toBe('inconclusive');
  expect(results.checks.at(-1)).toMatchObject({
    executed: false,
    reason: expect.stringContaining('ended before'),
  });
});

test('an interrupted run is not finished, and does not pass', () => {
  const results = assembled(whole(), { status: 'interrupted' });
  expect(results).toMatchObject({ verdict: 'inconclusive', run: { status: 'interrupted' } });
  expect(results.run).not.toHaveProperty('finished');
});

test('a requirement without checks says why', () => {
  const without = assembled(whole().filter(({ requirements }) => requirements[0] !== pkce));
  expect(without.verdict).toBe('inconclusive');
  expect(requirementOf(without, pkce)).toMatchObject({ verdict: 'inconclusive', checks: [] });
  const final = assembled(whole(), { plan: { ...plan, edition: 'fapi2-sp-final' } });
  expect(requirementOf(final, 'fapi2-sp/5.2.1-4')?.reason).toBe(catalogue['fapi2-sp/5.2.1-4'].untested);
});

test.describe('a waiver', () => {
  const waived: RunRecord['integration'] = {
    ...integration,
    waivers: waivers.map((each) => ({ ...each, requirement: pkce })),
  };
  const failing = having(record('x', pkce, contradicted));

  test('lets a failure pass with a warning, and is shown beside it', () => {
    const results = assembled(failing, { integration: waived });
    expect(results.verdict).toBe('warn');
    expect(requirementOf(results, pkce)?.waiver).toEqual({
      reason: 'being mended',
      owner: 'maria',
      approver: 'omar',
      expires: '2026-12-31',
    });
  });

  test('does nothing after its last day', () => {
    const late = new Date('2027-01-01T00:00:00Z');
    const results = assembled(failing, { integration: waived, now: late });
    expect(results.verdict).toBe('fail');
    expect(requirementOf(results, pkce)).not.toHaveProperty('waiver');
  });

  test('is stale when its requirement passes', () => {
    expect(assembled(whole(), { integration: waived })).toMatchObject({
      verdict: 'inconclusive',
      fault: 'configuration',
    });
  });
});
