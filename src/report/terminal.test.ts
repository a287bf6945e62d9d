import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@playwright/test';
import type { Results } from './results.ts';
import { sampleResults } from './sample.ts';
import { renderSummary } from './terminal.ts';

const options = {
  colour: 'off',
  width: 100,
  directory: 'reports/accounts-as/20261120T020000Z-k3v9',
} as const;

test('tells of each failure all that is needed to act', () => {
  const summary = renderSummary(sampleResults(), options);
  for (const line of [
    'FAIL          fapi2-sp/5.3.2.2-5  PKCE with S256 is required.',
    '  Check       rejects the plain method (authorization-server/par.spec.ts:48)',
    '  Expected    status 400 with error invalid_request',
    '  Actual      status 201 with a request_uri',
    '  Fault       subject: the software under test',
    '  Exchanges   reports/accounts-as/20261120T020000Z-k3v9/exchanges.har',
    '  Report      reports/accounts-as/20261120T020000Z-k3v9/report.html',
    'FAIL  northbank/accounts-as, sandbox, FAPI 2.0 Security Profile (Final, February 2025)',
    '  Without a check: 1 (fapi2-sp/5.2.1-4)',
    '  Measured    revoked token refused after: 38 ms',
  ])
    expect(summary.split('\n')).toContain(line);
});

test('gives a replay command that a shell reads as three words after assay', () => {
  const joined = renderSummary(sampleResults(), options).replaceAll(/ \\\n\s*/gu, ' ');
  expect(joined).toContain(
    'assay replay reports/accounts-as/20261120T020000Z-k3v9 authorization-server/par/rejects-the-plain-method\n',
  );
  const spaced = renderSummary(sampleResults(), { ...options, directory: "it's here" }).replaceAll(
    / \\\n\s*/gu,
    ' ',
  );
  expect(spaced).toContain(String.raw`assay replay 'it'\''s here' authorization-server/`);
});

for (const width of [60, 80, 110, 250])
  test(`breaks no line of prose after column ${Math.min(width, 110)} on a terminal of ${width}`, () => {
    const lines = renderSummary(sampleResults(), { ...options, directory: 'out', width }).split('\n');
    // A word that is longer than the line stands alone on it.
    const long = lines.filter(
      (line) => line.length > Math.min(width, 110) && /\S\s+\S/u.test(line.trim().replace(/ \\$/u, '')),
    );
    expect(long).toEqual([]);
  });

test('colours only when told to, and says the same in colour', () => {
  const plain = renderSummary(sampleResults(), options);
  const coloured = renderSummary(sampleResults(), { ...options, colour: 'on' });
  expect(plain).not.toContain('\u001B');
  expect(coloured).toContain('\u001B[31m');
  expect(stripVTControlCharacters(coloured)).toBe(plain);
});

test('lets no control character of a subject reach the terminal', () => {
  const results = sampleResults();
  for (const check of results.checks)
    Object.assign(check, { actual: '\u001B]0;owned\u0007\u009B31m\r\u202E', reason: '\u001B[2J' });
  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  expect(renderSummary(results, options)).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/u);
});

test('tells one outage once, with the requirements that it left open', () => {
  const results = sampleResults();
  for (const item of [...results.checks, ...results.requirements])
    Object.assign(item, {
      verdict: 'inconclusive',
      fault: 'environment',
      reason: 'as.northbank.example refused the connection.',
    });
  for (const check of results.checks) Object.assign(check, { executed: true });
  const summary = renderSummary(results, options);
  expect(summary.match(/^INCONCLUSIVE {2}fapi2/gmu)).toHaveLength(1);
  expect(summary).toMatch(/Same for {4}.* and \d+ more/su);
});

test('an interrupted run never ends in PASS', () => {
  const results: Results = { ...sampleResults(), verdict: 'pass' };
  results.run.status = 'interrupted';
  const summary = renderSummary(results, options);
  expect(summary).toContain('INTERRUPTED  northbank/accounts-as');
  expect(summary).not.toMatch(/^PASS/mu);
});
