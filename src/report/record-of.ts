import { join, relative } from 'node:path';
import type { TestCase } from '@playwright/test/reporter';
import type { CheckRecord } from './assemble.ts';
import { plannedCheck } from './planned-check.ts';

const suites = join(import.meta.dirname, '..', '..', 'suites');

/** A check as the test runner found it in the suites. */
export function recordOf(test: TestCase): CheckRecord {
  const file = relative(suites, test.location.file);
  return { ...plannedCheck(file, test.title, test.annotations), file, line: test.location.line };
}
