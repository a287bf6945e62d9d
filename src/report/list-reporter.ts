import { writeSync } from 'node:fs';
import type { Reporter, Suite } from '@playwright/test/reporter';
import { recordOf } from './record-of.ts';
import { variables } from './run-file.ts';

/** Tells which checks the suites hold, without running any. */
export default class ListReporter implements Reporter {
  printsToStdio(): boolean {
    return false;
  }

  onBegin(_: unknown, suite: Suite): void {
    const descriptor = Number(process.env[variables.progress]);
    for (const test of suite.allTests()) writeSync(descriptor, `${JSON.stringify(recordOf(test))}\n`);
  }
}
