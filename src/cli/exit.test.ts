import { expect, test } from '@playwright/test';
import { sampleResults } from '../report/sample.ts';
import type { CheckResult, Results } from '../report/results.ts';
import type { Fault, Verdict } from '../verdict/verdict.ts';
import { exit, exitCodeOf, worst } from './exit.ts';

const [first] = sampleResults().checks;
if (first === undefined) throw new Error('expected the sample to hold checks');

const check = (verdict: Verdict, fault?: Fault): CheckResult => {
  const { fault: _, ...rest } = { ...first, verdict, executed: true };
  return fault === undefined ? rest : { ...rest, fault };
};

interface Ending {
  readonly verdict: Verdict;
  readonly fault?: Fault;
  readonly selection?: string;
  readonly status?: Results['run']['status'];
  readonly checks?: readonly CheckResult[];
}

function results({ verdict, fault, selection, status = 'complete', checks = [] }: Ending): Results {
  const { fault: _, run, ...rest } = sampleResults();
  const { selection: __, ...whole } = run;
  return {
    ...rest,
    verdict,
    ...(fault === undefined ? {} : { fault }),
    run: { ...whole, status, ...(selection === undefined ? {} : { selection }) },
    checks: [...checks],
  };
}

const only = '--only x';
const rows: readonly (readonly [what: string, Ending, code: number])[] = [
  ['a pass', { verdict: 'pass' }, 0],
  ['a warning', { verdict: 'warn', fault: 'subject' }, 0],
  ['a failure', { verdict: 'fail', fault: 'subject' }, 1],
  ['an inconclusive run by configuration', { verdict: 'inconclusive', fault: 'configuration' }, 2],
  ['an inconclusive run by the environment', { verdict: 'inconclusive', fault: 'environment' }, 3],
  ['an inconclusive run by the harness', { verdict: 'inconclusive', fault: 'harness' }, 3],
  ['an inconclusive run by the subject', { verdict: 'inconclusive', fault: 'subject' }, 4],
  ['an inconclusive run of nobody', { verdict: 'inconclusive' }, 4],
  [
    'a narrowed run whose checks passed',
    { verdict: 'inconclusive', selection: only, checks: [check('pass'), check('warn', 'subject')] },
    0,
  ],
  ['a narrowed run that selected nothing', { verdict: 'inconclusive', selection: only }, 4],
  [
    'a narrowed run with a failure',
    { verdict: 'fail', fault: 'subject', selection: only, checks: [check('fail', 'subject')] },
    1,
  ],
  [
    'a narrowed run with a check that was not judged',
    {
      verdict: 'inconclusive',
      selection: '--grep x',
      checks: [check('pass'), check('inconclusive', 'environment')],
    },
    3,
  ],
  [
    'a narrowed run says what must be mended first',
    {
      verdict: 'inconclusive',
      selection: only,
      checks: [
        check('inconclusive', 'subject'),
        check('inconclusive', 'environment'),
        check('inconclusive', 'configuration'),
      ],
    },
    2,
  ],
  [
    'a narrowed run with a stale waiver',
    { verdict: 'inconclusive', fault: 'configuration', selection: only, checks: [check('pass')] },
    2,
  ],
  [
    'a narrowed run that was interrupted',
    { verdict: 'inconclusive', selection: only, status: 'interrupted', checks: [check('pass')] },
    4,
  ],
  [
    'a fast run answers for the profile',
    { verdict: 'inconclusive', selection: '--tier fast', checks: [check('pass')] },
    4,
  ],
];
for (const [what, ending, code] of rows)
  test(`${what} exits with ${code}`, () => expect(exitCodeOf(results(ending))).toBe(code));

test('of several runs the code that says most is left', () => {
  const { pass, fail, configuration, environment, inconclusive } = exit;
  expect(worst([])).toBe(pass);
  expect(worst([pass, inconclusive, environment, configuration, fail])).toBe(fail);
  expect(worst([pass, inconclusive, environment, configuration])).toBe(configuration);
  expect(worst([pass, inconclusive, environment])).toBe(environment);
  expect(worst([pass, inconclusive])).toBe(inconclusive);
});
