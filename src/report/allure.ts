import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ALLURE_HTTP_EXCHANGE_CONTENT_TYPE,
  ALLURE_HTTP_EXCHANGE_FILE_EXTENSION,
  ALLURE_HTTP_EXCHANGE_SCHEMA_VERSION,
  LabelName,
  Stage,
  Status,
  type HttpExchange,
  type Label,
  type Attachment,
  type StepResult,
  type TestResult,
} from 'allure-js-commons';
import {
  createStepResult,
  createTestResult,
  getTestResultHistoryId,
  getTestResultTestCaseId,
  stringifyEnvInfo,
} from 'allure-js-commons/sdk/reporter';
import type { Exchange } from '../transport/exchange.ts';
import { explain } from './junit.ts';
import type { CheckResult, Results } from './results.ts';
import { visible } from './text.ts';
import { headline, outcome, outcomeOf, runOutcome, waiverOf, type Outcome } from './view.ts';

const statuses: Readonly<Record<Outcome, Status>> = {
  passed: Status.PASSED,
  failed: Status.FAILED,
  broken: Status.BROKEN,
  skipped: Status.SKIPPED,
};

/**
 * Writes the run as Allure results into a directory: a result a check, with its exchanges as steps, and one for the run's own
 * verdict. Names are derived from the run and the checks, so the same run gives the same files.
 * @throws the errors of `node:fs`.
 */
export function writeAllure(directory: string, results: Results): void {
  const { run, profile, integration } = results;
  mkdirSync(directory, { recursive: true });
  // Not by the writer of Allure, which flushes each file: with one a check, that takes longer than many a run. They are a view
  // of results.json, which is flushed, and the directory that they stand in is put in its place as a whole.
  const write: Write = (name, content) => writeFileSync(join(directory, name), content);
  const environment = stringifyEnvInfo({
    Integration: `${integration.partner}/${integration.integration}`,
    Environment: integration.environment,
    Profile: profile.title,
    Run: run.id,
    Status: run.status,
    Tier: run.tier,
    Assay: run.harness,
  });
  write('environment.properties', environment);
  const writeResult = (result: TestResult): void =>
    write(`${result.uuid}-result.json`, JSON.stringify(result));
  for (const check of results.checks) {
    const steps = check.exchanges.map((exchange) => step(write, results, check, exchange));
    writeResult(checkResult(results, check, steps));
  }
  writeResult(runResult(results));
}

/** Writes a file of that name among the results. */
type Write = (name: string, content: string | Uint8Array) => void;

function runResult(results: Results): TestResult {
  const { run, profile, reason } = results;
  const { word, limits } = headline(results);
  return identified(results, 'run', {
    name: `${profile.title}: verdict of the run`,
    status: statuses[runOutcome(results)],
    statusDetails: { message: visible([`${word}: ${reason}`, ...limits].join('\n')) },
    start: Date.parse(run.started),
    stop: Date.parse(run.finished ?? run.started),
    labels: [...commonLabels(results), { name: LabelName.SUITE, value: 'run' }],
  });
}

function checkResult(results: Results, check: CheckResult, steps: StepResult[]): TestResult {
  const { id, title, file, line, requirements, verdict, fault, started, duration_ms, expected, actual } =
    check;
  const waiver = waiverOf(results, check);
  const start = Date.parse(started ?? results.run.started);
  const rows = results.requirements.filter((requirement) => requirements.includes(requirement.id));
  const slash = file.lastIndexOf('/');
  const severity = rows.some(({ level }) => level === 'shall') ? 'critical' : 'minor';
  const details = explain(check);
  const message =
    waiver === undefined ? details : `Waived until ${waiver.expires}: ${waiver.reason}\n${details}`;
  const tags = [
    ...requirements,
    verdict,
    ...(fault === undefined ? [] : [`fault:${fault}`]),
    ...(waiver === undefined ? [] : ['waived']),
  ];
  return identified(results, id, {
    name: title,
    status: statuses[outcomeOf(results, check)],
    statusDetails: {
      ...(message === '' ? {} : { message: visible(message) }),
      ...(expected === undefined ? {} : { expected: visible(expected) }),
      ...(actual === undefined ? {} : { actual: visible(actual) }),
      ...(check.stack === undefined ? {} : { trace: visible(check.stack) }),
    },
    description: `${file}:${line}`,
    titlePath: file.split('/'),
    start,
    stop: start + Math.round(duration_ms),
    steps,
    labels: [
      ...commonLabels(results),
      { name: LabelName.SUITE, value: slash < 0 ? file : file.slice(0, slash) },
      { name: LabelName.SUB_SUITE, value: file.slice(slash + 1) },
      { name: LabelName.SEVERITY, value: severity },
      ...tags.map((value) => ({ name: LabelName.TAG, value })),
    ],
    links: rows.map((requirement) => ({ name: requirement.id, url: requirement.link, type: 'link' })),
  });
}

function commonLabels({ integration, profile }: Results): Label[] {
  return [
    { name: LabelName.FRAMEWORK, value: 'assay' },
    { name: LabelName.EPIC, value: profile.title },
    {
      name: LabelName.PARENT_SUITE,
      value: `${integration.partner}/${integration.integration} (${integration.environment})`,
    },
  ];
}

/** A finished result whose identity within the run, and whose history between runs, follow from what was tested. */
function identified(results: Results, id: string, members: Partial<TestResult>): TestResult {
  const { integration, profile, run } = results;
  const result: TestResult = {
    ...createTestResult(uuid(run.id, id)),
    stage: Stage.FINISHED,
    fullName: `${integration.partner}/${integration.integration}/${integration.environment}/${id}`,
    parameters: [
      { name: 'client authentication', value: profile.client_authentication },
      { name: 'sender constraint', value: profile.sender_constraint },
      { name: 'protocol', value: profile.protocol },
    ],
    ...members,
  };
  const testCaseId = getTestResultTestCaseId(result);
  return {
    ...result,
    ...(testCaseId === undefined ? {} : { testCaseId }),
    historyId: getTestResultHistoryId(result),
  };
}

function step(write: Write, { run }: Results, check: CheckResult, exchange: Exchange): StepResult {
  const { at, duration_ms, purpose, edits, request, error } = exchange;
  const start = Date.parse(at);
  return {
    ...createStepResult(),
    name: `${purpose}: ${request.method} ${visible(request.url)} → ${outcome(exchange)}`,
    status: error === undefined ? Status.PASSED : Status.BROKEN,
    statusDetails: error === undefined ? {} : { message: visible(error.message) },
    stage: Stage.FINISHED,
    start,
    stop: start + Math.round(duration_ms),
    parameters: edits.map((edit) => ({ name: 'edit', value: edit })),
    // An attachment is a file: those of checks that passed would be a thousand, and stand in the HAR as well.
    attachments: check.verdict === 'pass' ? [] : [attach(write, run.id, check.id, exchange)],
  };
}

function attach(write: Write, run: string, check: string, exchange: Exchange): Attachment {
  const source = `${uuid(run, check, String(exchange.id))}-attachment${ALLURE_HTTP_EXCHANGE_FILE_EXTENSION}`;
  const content = Buffer.from(JSON.stringify(transcript(exchange)));
  write(source, content);
  return {
    name: `exchange ${exchange.id}`,
    type: ALLURE_HTTP_EXCHANGE_CONTENT_TYPE,
    source,
    size: content.byteLength,
  };
}

function transcript({ at, duration_ms, request, response, error }: Exchange): HttpExchange {
  const start = Date.parse(at);
  return {
    schemaVersion: ALLURE_HTTP_EXCHANGE_SCHEMA_VERSION,
    request: {
      method: request.method,
      url: request.url,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: { value: request.body } }),
    },
    ...(response === undefined
      ? {}
      : {
          response: {
            status: response.status,
            headers: response.headers,
            ...(response.body === undefined ? {} : { body: { value: response.body } }),
          },
        }),
    ...(error === undefined ? {} : { error: { name: error.code, message: error.message } }),
    start,
    stop: start + Math.round(duration_ms),
  };
}

/** A UUID in form, made of a digest. */
function uuid(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
