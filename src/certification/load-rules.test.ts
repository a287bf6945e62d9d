import { expect, test } from '@playwright/test';
import { CertificationError } from './error.ts';
import { loadRules, parseRules } from './load-rules.ts';
import { defaultRules } from './rules.ts';

test('what rules.yaml leaves out is as in the default', () => {
  expect(parseRules('', 'rules.yaml')).toEqual(defaultRules);
  expect(parseRules('# nothing yet\n\n', 'rules.yaml')).toEqual(defaultRules);
  expect(parseRules('minor: [fapi2-sp/6.*]\nconditional_days: 7\n', 'rules.yaml')).toEqual({
    ...defaultRules,
    minor: ['fapi2-sp/6.*'],
    conditional_days: 7,
  });
});

for (const [what, text, message] of [
  [
    'an unknown member',
    'minor: []\nconditional_dayz: 3\n',
    /^rules\.yaml:2:1 {2}\/conditional_dayz .*did you mean conditional_days/u,
  ],
  [
    'another type',
    'inconclusive_hours: often\n',
    /^rules\.yaml:1:21 {2}\/inconclusive_hours {2}expected a whole number/u,
  ],
  ['a number below the least', 'conditional_days: 0\n', /^rules\.yaml:1:19 {2}\/conditional_days/u],
  [
    'an incomplete confirmation',
    'confirmation:\n  failures: 2\n',
    /missing member runs[^]*missing member within_minutes/u,
  ],
  [
    'more failures than runs',
    'confirmation:\n  failures: 4\n  runs: 3\n  within_minutes: 60\n',
    /^rules\.yaml:2:13 {2}\/confirmation\/failures {2}expected at most the 3 of runs, found 4/u,
  ],
  ['broken YAML', 'minor: [a\n', /^rules\.yaml:1:8 /u],
  ['a list', '- minor\n', /expected members/u],
] as const)
  test(`${what} is told with its place`, () => {
    const read = (): unknown => parseRules(text, 'rules.yaml');
    expect(read).toThrow(CertificationError);
    expect(read).toThrow(message);
  });

for (const [what, path, code] of [
  ['a file that is missing', '/nonexistent/rules.yaml', 'ENOENT'],
  ['a directory', import.meta.dirname, 'EISDIR'],
] as const)
  test(`${what} is no rules`, async () => {
    await expect(loadRules(path)).rejects.toEqual(
      expect.objectContaining({
        code: 'bad-rules',
        fault: 'configuration',
        message: `${path} cannot be read (${code}); expected how certifications move, and be it an empty file`,
      }),
    );
  });
