import { writeSync } from 'node:fs';
import type { FullResult, Reporter, Suite, TestCase, TestError, TestResult } from '@playwright/test/reporter';
import { assign } from '../profiles/plan.ts';
import { loadIntegration } from '../directory/load.ts';
import { assemble, type CheckRecord } from './assemble.ts';
import { openJournal, removeJournal, type Journal } from './journal.ts';
import type { Progress } from './progress.ts';
import { pictureFiles } from './pictures.ts';
import { announce, publish } from './publish.ts';
import type { Results } from './results.ts';
import { executionOf, recordOf } from './record-of.ts';
import { readRunFile, variables, type RunFile } from './run-file.ts';
import { version } from './version.ts';

/**
 * Turns what the test runner reports into the result document of the run and its views. From the first moment there is a
 * results.json; until the last it says that the run was interrupted, which is what it is if nothing more happens.
 */
export default class AssayReporter implements Reporter {
  readonly #run: RunFile = readRunFile(process.env);
  readonly #records = new Map<string, CheckRecord>();
  readonly #errors: string[] = [];
  #journal: Journal | undefined;
  #announced: Promise<void> = Promise.resolve();

  printsToStdio(): boolean {
    return false;
  }

  /** What is not in the plan never reaches a worker: to find that out there costs as much as many a check. */
  async preprocess({ suite, testRun }: Parameters<NonNullable<Reporter['preprocess']>>[0]): Promise<void> {
    for (const test of suite.allTests()) {
      const assignment = assign(recordOf(test), this.#run.plan);
      if (assignment.in !== 'plan') testRun.skip(test, assignment.in);
    }
  }

  onBegin(_: unknown, suite: Suite): void {
    for (const test of suite.allTests()) {
      const record = recordOf(test);
      this.#records.set(record.id, record);
    }
    const checks = [...this.#records.values()];
    this.#journal = openJournal(this.#run.directory, checks);
    this.#announced = this.#assemble('interrupted').then((results) => announce(this.#run.directory, results));
    const planned = checks.filter((check) => assign(check, this.#run.plan).in === 'plan').length;
    tell({ event: 'begin', checks: planned });
  }

  onTestBegin(test: TestCase): void {
    const record = recordOf(test);
    if (assign(record, this.#run.plan).in === 'plan')
      tell({ event: 'check', id: record.id, title: record.title });
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    const planned = recordOf(test);
    if (assign(planned, this.#run.plan).in !== 'plan' || wasCutShort(result)) return;
    const record = { ...planned, ...executionOf(result) };
    this.#records.set(record.id, record);
    this.#journal?.append(record);
    tell({ event: 'end', id: record.id, end: record.evidence.ending.end });
  }

  onError(error: TestError): void {
    this.#errors.push(error.message ?? error.value ?? 'unknown error');
  }

  async onEnd(result: FullResult): Promise<void> {
    this.#journal?.close();
    await this.#announced;
    for (const message of this.#errors) tell({ event: 'error', message });
    const ended = result.status === 'passed' || result.status === 'failed';
    const status = ended && this.#errors.length === 0 ? 'complete' : 'interrupted';
    const pictures = pictureFiles([...this.#records.values()]);
    await publish(this.#run.directory, await this.#assemble(status), { pictures });
    if (status === 'complete') removeJournal(this.#run.directory);
  }

  async #assemble(status: 'complete' | 'interrupted'): Promise<Results> {
    const now = new Date();
    const { value } = await loadIntegration(this.#run.integration, new Date(this.#run.started));
    const checks = [...this.#records.values()];
    return assemble({ run: this.#run, harness: version, integration: value, checks, status, now });
  }
}

/** A run that is interrupted reports the checks that it cut off, and those that it never began as skipped. */
const wasCutShort = ({ status, attachments }: TestResult): boolean =>
  status === 'interrupted' || (status === 'skipped' && attachments.length === 0);

function tell(progress: Progress): void {
  const descriptor = Number(process.env[variables.progress]);
  if (!Number.isInteger(descriptor)) return;
  try {
    writeSync(descriptor, `${JSON.stringify(progress)}\n`);
  } catch {
    // Whoever listened has gone; the run goes on, and its report is complete without.
  }
}
