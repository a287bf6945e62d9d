import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import * as fc from 'fast-check';
import { expect, test } from '@playwright/test';
import { compile } from '../../directory/schema.ts';
import { findRequirement } from '../../requirements/catalogue.ts';
import { TestResultStatement, type TestResult } from '../statement.ts';
import { ctrfReport } from './ctrf.ts';
import { assessmentResults, planOfAction } from './oscal.ts';
import { runs, verified } from './sample.ts';
import { uuidOf } from './uuid.ts';

const fixtures = `${import.meta.dirname}/../../../fixtures`;

/** A validator of a schema file: what is wrong, or nothing. The schemas use formats and unions as JSON Schema allows. */
function validator(path: string): (document: unknown) => readonly unknown[] {
  const ajv = new Ajv({ allErrors: true, strict: false });
  formats.default(ajv);
  const schema = JSON.parse(readFileSync(`${fixtures}/${path}`, 'utf8')) as object;
  const validate = ajv.compile(schema);
  return (document) => (validate(JSON.parse(JSON.stringify(document))) ? [] : (validate.errors ?? []));
}

const validates = {
  results: validator('oscal/oscal_assessment-results_schema.json'),
  plan: validator('oscal/oscal_poam_schema.json'),
  ctrf: validator('ctrf/ctrf-schema-0.0.json'),
};

/** All values of members with a name, at any depth. */
function members(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key === name ? [member] : []),
    ...members(member, name),
  ]);
}

/** Of each finding: what it is of, and its state. */
const findings = (document: unknown): readonly unknown[] =>
  members(document, 'target').map((target) => {
    const { 'target-id': id, status } = target as {
      'target-id': string;
      status: { state: string; reason: string };
    };
    return `${id} ${status.state} ${status.reason}`;
  });

const everyRun = Object.values(runs).map((run) => verified(run));

test('the samples are statements', () => {
  const check = compile(TestResultStatement);
  for (const { statement } of everyRun) expect(check(statement)).toMatchObject({ ok: true });
});

test('name-based UUIDs are those of RFC 9562', () => {
  // Appendix A.4.
  expect(uuidOf('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  );
});

test('the schemas refuse what they should, so that a validation says something', () => {
  expect(validates.results({ 'assessment-results': {} })).not.toEqual([]);
  expect(validates.plan({ 'plan-of-action-and-milestones': { uuid: 'x' } })).not.toEqual([]);
  expect(
    validates.ctrf({ ...ctrfReport([verified(runs.pass)], findRequirement), specVersion: 'x' }),
  ).not.toEqual([]);
});

for (const [kind, run] of Object.entries(runs))
  test(`the exports of a run that is ${kind} are valid against the schemas`, () => {
    const statements = [verified(run)];
    expect(validates.results(assessmentResults(statements, findRequirement))).toEqual([]);
    expect(validates.ctrf(ctrfReport(statements, findRequirement))).toEqual([]);
    const plan = planOfAction(statements, findRequirement);
    expect(plan === undefined).toBe(kind === 'pass' || kind === 'not-applicable');
    if (plan !== undefined) expect(validates.plan(plan)).toEqual([]);
  });

test('assessment results say of each requirement whether it was shown to hold', () => {
  const of = (run: TestResult) => findings(assessmentResults([verified(run)], findRequirement));
  expect(of(runs.pass)).toEqual(['fapi2-sp_5.3.2.2-4 satisfied pass', 'fapi2-sp_5.3.2.2-5 satisfied pass']);
  expect(of(runs.fail)).toEqual([
    'fapi2-sp_5.3.2.2-4 satisfied pass',
    'fapi2-sp_5.3.2.2-5 not-satisfied fail',
  ]);
  expect(of(runs.waived)).toEqual(of(runs.fail));
  expect(of(runs.warn)).toContain('fapi2-sp_5.3.2.1-5 not-satisfied other');
  expect(of(runs.inconclusive)).toEqual([
    'fapi2-sp_5.3.2.2-4 not-satisfied other',
    'fapi2-sp_5.3.2.2-5 not-satisfied other',
  ]);
  expect(of(runs['not-applicable'])).toEqual([]);
});

test('a waived failure is an approved deviation with a deadline, and names who approved it', () => {
  for (const document of [assessmentResults, planOfAction].map((make) =>
    make([verified(runs.waived)], findRequirement),
  )) {
    expect(members(document, 'risks')).toMatchObject([
      [{ status: 'deviation-approved', deadline: '2026-12-01T23:59:59.999Z' }],
    ]);
    expect(JSON.stringify(document)).toContain('Waived until 2026-12-01 by ada');
  }
  expect(members(assessmentResults([verified(runs.fail)], findRequirement), 'risks')).toMatchObject([
    [{ status: 'open' }],
  ]);
});

test('a plan has an item for all that is not shown to hold', () => {
  const titles = (run: TestResult) =>
    members(planOfAction([verified(run)], findRequirement), 'poam-items').flatMap((items) =>
      (items as readonly { readonly title: string }[]).map(({ title }) => title),
    );
  expect(titles(runs.fail)).toEqual(['Mend it: fapi2-sp/5.3.2.2-5']);
  expect(titles(runs.waived)).toEqual(['Mend it before the waiver ends: fapi2-sp/5.3.2.2-5']);
  expect(titles(runs.warn)).toEqual(['Follow the recommendation: fapi2-sp/5.3.2.1-5']);
  expect(titles(runs.inconclusive)).toEqual([
    'Have it judged: fapi2-sp/5.3.2.2-4',
    'Have it judged: fapi2-sp/5.3.2.2-5',
  ]);
});

test('a CTRF report passes only what passed', () => {
  const of = (run: TestResult) => {
    const { results } = ctrfReport([verified(run)], findRequirement);
    const { passed, failed, other, skipped, tests } = results.summary;
    return { passed, failed, other, skipped, tests, healthy: results.environment.healthy };
  };
  expect(of(runs.pass)).toEqual({ passed: 4, failed: 0, other: 0, skipped: 2, tests: 6, healthy: true });
  expect(of(runs.fail)).toEqual({ passed: 2, failed: 2, other: 0, skipped: 2, tests: 6, healthy: false });
  expect(of(runs.waived)).toEqual(of(runs.fail));
  expect(of(runs.warn)).toEqual({ passed: 4, failed: 0, other: 2, skipped: 1, tests: 7, healthy: false });
  expect(of(runs.inconclusive)).toEqual({
    passed: 0,
    failed: 0,
    other: 4,
    skipped: 1,
    tests: 5,
    healthy: false,
  });
  const waived = ctrfReport([verified(runs.waived)], findRequirement).results.tests;
  expect(waived.find(({ name }) => name.startsWith('fapi2-sp/5.3.2.2-5'))).toMatchObject({
    status: 'failed',
    rawStatus: 'waived',
    message: 'Failed. Waived until 2026-12-01 by ada: An upgrade is under way.',
  });
});

test('several statements are one document, the same in any order, with references that lead somewhere', () => {
  const reversed = everyRun.toReversed();
  for (const [make, validate] of [
    [assessmentResults, validates.results],
    [planOfAction, validates.plan],
    [ctrfReport, validates.ctrf],
  ] as const) {
    const document = make(everyRun, findRequirement);
    expect(validate(document)).toEqual([]);
    expect(make([...reversed, ...everyRun], findRequirement)).toEqual(document);
    const ids = [...members(document, 'uuid'), ...members(document, 'id')].filter(
      (id) => typeof id === 'string' && /^[0-9a-f-]{36}$/u.test(id),
    );
    expect(new Set(ids).size).toBe(ids.length);
    const references = [
      ...[
        'actor-uuid',
        'subject-uuid',
        'component-uuid',
        'observation-uuid',
        'risk-uuid',
        'finding-uuid',
      ].flatMap((name) => members(document, name)),
      ...members(document, 'href').flatMap((href) =>
        typeof href === 'string' && href.startsWith('#') ? href.slice(1) : [],
      ),
    ];
    expect(references.filter((id) => !ids.includes(id))).toEqual([]);
  }
  expect(() => assessmentResults([], findRequirement)).toThrow('at least one statement');
});

test('what a server said does not become markup, and whatever it says is a valid document', () => {
  const description = members(assessmentResults([verified(runs.fail)], findRequirement), 'description');
  expect(description).toContain(
    String.raw`1 requirement failed: fapi2-sp/5.3.2.2-5. The server said \<b\>\*no\*\</b\> \[here\](https://x).`,
  );
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 1 }), (reason, integration) => {
      const statements = [verified({ ...runs.fail, reason, integration, partner: integration })];
      expect(validates.results(assessmentResults(statements, findRequirement))).toEqual([]);
      expect(validates.plan(planOfAction(statements, findRequirement))).toEqual([]);
      expect(validates.ctrf(ctrfReport(statements, findRequirement))).toEqual([]);
    }),
    { numRuns: 50 },
  );
});
