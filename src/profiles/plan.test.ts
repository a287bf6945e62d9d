import { expect, test } from '@playwright/test';
import { findRequirement } from '../requirements/catalogue.ts';
import { editionIds, editions } from './editions.ts';
import {
  assign,
  checkId,
  globMatches,
  narrowing,
  requirementsOf,
  type Plan,
  type PlannedCheck,
} from './plan.ts';

const plan: Plan = {
  edition: 'fapi2-sp-flows-1',
  variant: { client_authentication: 'private_key_jwt', sender_constraint: 'dpop', protocol: 'openid' },
  roles: ['authorization-server', 'resource-server'],
  features: ['refresh-token'],
  tier: 'full',
  only: [],
};

const check: PlannedCheck = {
  id: 'authorization-server/par/rejects-the-plain-method',
  title: 'rejects the plain method',
  requirements: ['fapi2-sp/5.3.2.2-5'],
  conditions: [],
  tier: 'fast',
};

const leftOut = (reason: string) => ({ in: 'left-out', reason: expect.stringContaining(reason) });
const notApplicable = (reason: string) => ({ in: 'not-applicable', reason });

test.describe('a check is', () => {
  const rows: readonly (readonly [
    what: string,
    Partial<PlannedCheck>,
    Partial<Plan>,
    Readonly<Record<string, unknown>>,
  ])[] = [
    ['in the plan', {}, {}, { in: 'plan' }],
    [
      'of another edition, by its requirements',
      { requirements: ['fapi2-sp/5.3.2.1-11'] },
      {},
      { in: 'another-edition' },
    ],
    [
      'in the plan when one of its requirements is',
      { requirements: ['fapi2-sp/5.3.2.1-11', 'fapi2-sp/5.3.2.2-5'] },
      {},
      { in: 'plan' },
    ],
    [
      'not for the role of the integration, by its requirements',
      {},
      { roles: ['client'] },
      { in: 'another-edition' },
    ],
    [
      'not for the role of the integration, by its folder',
      { id: 'authorization-server/tls/x', requirements: ['fapi2-sp/5.2.1-2'] },
      { roles: ['resource-server'] },
      { in: 'another-edition' },
    ],
    ['applicable by the variant', { conditions: [['dpop']] }, {}, { in: 'plan' }],
    ['applicable by a feature', { conditions: [['refresh-token']] }, {}, { in: 'plan' }],
    ['applicable by one of several conditions', { conditions: [['mtls', 'dpop']] }, {}, { in: 'plan' }],
    ['not applicable to the variant', { conditions: [['mtls']] }, {}, notApplicable('applies to mtls only')],
    [
      'not applicable without a feature',
      { conditions: [['dpop'], ['introspection', 'userinfo']] },
      {},
      notApplicable('applies to introspection or userinfo only'),
    ],
    ['selected by its id', {}, { only: ['authorization-server/par/*'] }, { in: 'plan' }],
    ['selected by its requirement', {}, { only: ['fapi2-sp/9*', 'fapi2-sp/5.3.2.2-5'] }, { in: 'plan' }],
    ['not selected', {}, { only: ['fapi2-sp/5.3.2.2-6'] }, leftOut('not selected')],
    ['selected by its title', {}, { grep: '^rejects the (plain|other)' }, { in: 'plan' }],
    ['not selected by its title', {}, { grep: 'accepts' }, leftOut('not selected')],
    [
      'selected only where both ways select it',
      {},
      { only: ['fapi2-sp/*'], grep: 'accepts' },
      leftOut('not selected'),
    ],
    ['of another edition, as it waits', { tier: 'full' }, {}, { in: 'another-edition' }],
    [
      'left out of the fast tier',
      { tier: 'full' },
      { edition: 'fapi2-sp-final', tier: 'fast' },
      leftOut('full tier'),
    ],
    ['in the full tier', { tier: 'full' }, { edition: 'fapi2-sp-final' }, { in: 'plan' }],
  ];
  for (const [what, ownCheck, ownPlan, assignment] of rows)
    test(what, () => expect(assign({ ...check, ...ownCheck }, { ...plan, ...ownPlan })).toEqual(assignment));

  test('first judged by the edition, then by what applies, then by the selection, then by the tier', () => {
    const all = {
      requirements: ['fapi2-sp/5.3.2.1-11'],
      conditions: [['mtls']],
      tier: 'full',
    } as const satisfies Partial<PlannedCheck>;
    const narrow: Plan = { ...plan, only: ['nothing'], tier: 'fast' };
    expect(assign({ ...check, ...all }, narrow).in).toBe('another-edition');
    const final: Plan = { ...narrow, edition: 'fapi2-sp-final' };
    expect(assign({ ...check, ...all }, final).in).toBe('not-applicable');
    expect(assign({ ...check, ...all, conditions: [] }, final)).toEqual(leftOut('not selected'));
    expect(assign({ ...check, ...all, conditions: [] }, { ...final, only: [] })).toEqual(
      leftOut('full tier'),
    );
  });
});

test('a glob matches whole texts', () => {
  const rows: readonly (readonly [glob: string, text: string, matches: boolean])[] = [
    ['fapi2-sp/5.3.2.2-5', 'fapi2-sp/5.3.2.2-5', true],
    ['fapi2-sp/5.3.2.2-1', 'fapi2-sp/5.3.2.2-12', false],
    ['5.3.2.2-5', 'fapi2-sp/5.3.2.2-5', false],
    ['fapi2-sp/5.3.*', 'fapi2-sp/5.3.2.2-5', true],
    ['*', '', true],
    ['*/par/*', 'authorization-server/par/accepts-a-pkce-request', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    // Points and brackets stand for themselves.
    ['a.c', 'abc', false],
    ['(a|b)[c]+$^{1}\\', '(a|b)[c]+$^{1}\\', true],
    ['(a|b)', 'a', false],
  ];
  for (const [glob, text, matches] of rows) expect(globMatches(glob, text), `${glob} ${text}`).toBe(matches);
});

test('the id of a check is its file and its title', () => {
  expect(checkId('authorization-server/par.spec.ts', 'rejects the plain method')).toBe(
    'authorization-server/par/rejects-the-plain-method',
  );
  expect(checkId('authorization-server\\par.spec.js', '  An (odd) title: with “marks”! ')).toBe(
    'authorization-server/par/an-odd-title-with-marks',
  );
});

test('the requirements of a plan speak to its roles', () => {
  for (const edition of editionIds) {
    const ids = (...roles: Plan['roles']) => requirementsOf({ edition, roles });
    const parties = (...roles: Plan['roles']) =>
      new Set(ids(...roles).map((id) => findRequirement(id)?.party));
    expect(parties('authorization-server')).not.toContain('resource-server');
    expect(parties('resource-server')).not.toContain('authorization-server');
    expect(parties('client')).not.toContain('servers');
    expect(parties('authorization-server', 'resource-server')).not.toContain('client');
    expect(new Set(ids('authorization-server', 'resource-server', 'client'))).toEqual(
      new Set(editions[edition].requirements),
    );
    expect(ids()).toEqual([]);
  }
});

test('a narrowed plan says what narrows it', () => {
  expect(narrowing(plan)).toBeUndefined();
  expect(narrowing({ ...plan, only: ['a', 'b*'], grep: 'x y', tier: 'fast' })).toBe(
    '--only a --only b* --grep x y --tier fast',
  );
});
