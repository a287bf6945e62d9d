import { escape } from './markup.ts';
import type { CheckResult, Results } from './results.ts';
import { headline, outcomeOf, runOutcome, verdictNames, waiverOf, type Outcome } from './view.ts';

interface Case {
  readonly outcome: Outcome;
  readonly seconds: number;
  readonly text: string;
}

/**
 * The run as JUnit XML: one test suite a spec file with every check listed, and one test case for the run's own verdict,
 * so that a run that was interrupted, or left a requirement without a check, is never all green.
 */
export function renderJunit(results: Results): string {
  const { integration, run, profile } = results;
  const files = Map.groupBy(results.checks, ({ file }) => file);
  const suites = [
    suite('run', [runCase(results)], results),
    ...Array.from(files, ([file, checks]) =>
      suite(
        file,
        checks.map((check) => checkCase(results, check)),
        results,
      ),
    ),
  ];
  const cases = suites.flatMap(({ cases }) => cases);
  const name = `${integration.partner}/${integration.integration} ${integration.environment} ${profile.edition} ${run.id}`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${escape(name)}" ${counts(cases)}>
${suites.map(({ text }) => text).join('\n')}
</testsuites>
`;
}

function suite(
  name: string,
  cases: readonly Case[],
  { run }: Results,
): { cases: readonly Case[]; text: string } {
  const stamp = escape(run.started.replace(/(?:\.\d+)?Z$/u, ''));
  const text = `  <testsuite name="${escape(name)}" timestamp="${stamp}" ${counts(cases)}>
${cases.map((member) => member.text).join('\n')}
  </testsuite>`;
  return { cases, text };
}

function counts(cases: readonly Case[]): string {
  const count = (wanted: Outcome) => cases.filter(({ outcome }) => outcome === wanted).length;
  const seconds = cases.reduce((sum, member) => sum + member.seconds, 0).toFixed(3);
  return `tests="${cases.length}" failures="${count('failed')}" errors="${count('broken')}" skipped="${count('skipped')}" time="${seconds}"`;
}

function runCase(results: Results): Case {
  const { run, profile, fault, reason, integration } = results;
  const { word, limits } = headline(results);
  const outcome = runOutcome(results);
  const said = [`${word}: ${reason}`, ...limits].join('\n');
  const type = run.status === 'interrupted' ? 'interrupted' : (fault ?? 'undecided');
  const text = testCase({
    name: `${profile.title}: verdict of the run`,
    classname: 'run',
    seconds: 0,
    file: integration.file,
    properties: [
      ['run', run.id],
      ['status', run.status],
      ['tier', run.tier],
      ['selection', run.selection ?? 'everything'],
      ['client_authentication', profile.client_authentication],
      ['sender_constraint', profile.sender_constraint],
      ['protocol', profile.protocol],
    ],
    parts: outcome === 'passed' ? [element('system-out', {}, said)] : [ending(outcome, type, said, said)],
  });
  return { outcome, seconds: 0, text };
}

function checkCase(results: Results, check: CheckResult): Case {
  const outcome = outcomeOf(results, check);
  const seconds = check.duration_ms / 1000;
  const waiver = waiverOf(results, check);
  const reason = check.reason ?? (check.executed ? verdictNames[check.verdict] : 'Not executed.');
  const message =
    waiver === undefined
      ? reason
      : `Waived until ${waiver.expires} by ${waiver.approver}: ${waiver.reason} It failed: ${reason}`;
  const details = explain(check);
  const parts =
    outcome === 'passed'
      ? check.verdict === 'warn'
        ? [element('system-out', {}, `Warning: ${details}`)]
        : []
      : [ending(outcome, check.fault ?? check.verdict, message, details)];
  const text = testCase({
    name: check.title,
    classname: check.file.replace(/\.spec\.[jt]s$/u, '').replaceAll('/', '.'),
    seconds,
    file: check.file,
    line: check.line,
    properties: [
      ['check', check.id],
      ['verdict', check.verdict],
      ...check.requirements.map((id): [string, string] => ['requirement', id]),
    ],
    parts,
  });
  return { outcome, seconds, text };
}

/** What is known of a check that did not pass, a line each. */
export function explain({ reason, expected, actual, fault, hint, stack }: CheckResult): string {
  const lines: [string, string | undefined][] = [
    ['Reason', reason],
    ['Expected', expected],
    ['Actual', actual],
    ['Fault', fault],
    ['What to do', hint],
    ['Stack', stack],
  ];
  return lines.flatMap(([name, text]) => (text === undefined ? [] : [`${name}: ${text}`])).join('\n');
}

function ending(outcome: Exclude<Outcome, 'passed'>, type: string, message: string, details: string): string {
  if (outcome === 'skipped') return element('skipped', { message }, '');
  return element(outcome === 'failed' ? 'failure' : 'error', { type, message }, details);
}

interface TestCase {
  readonly name: string;
  readonly classname: string;
  readonly seconds: number;
  readonly file: string;
  readonly line?: number;
  readonly properties: readonly (readonly [string, string])[];
  readonly parts: readonly string[];
}

function testCase({ name, classname, seconds, file, line, properties, parts }: TestCase): string {
  const attributes = {
    name,
    classname,
    time: seconds.toFixed(3),
    file,
    ...(line === undefined ? {} : { line: String(line) }),
  };
  const rows = properties.map(([key, value]) => element('property', { name: key, value }, ''));
  return `    ${open('testcase', attributes)}<properties>${rows.join('')}</properties>${parts.join('')}</testcase>`;
}

function element(name: string, attributes: Readonly<Record<string, string>>, content: string): string {
  return content === ''
    ? open(name, attributes).replace(/>$/u, '/>')
    : `${open(name, attributes)}${escape(content)}</${name}>`;
}

function open(name: string, attributes: Readonly<Record<string, string>>): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${attribute(value)}"`);
  return `<${name}${written.join('')}>`;
}

/** Line feeds and tabs in an attribute survive only as references. */
function attribute(value: string): string {
  return escape(value).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}
