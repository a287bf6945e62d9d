import { join, relative } from 'node:path';
import type { TestCase, TestResult } from '@playwright/test/reporter';
import type { CheckRecord } from './assemble.ts';
import type { Evidence } from './ledger.ts';
import { plannedCheck } from './planned-check.ts';

const suites = join(import.meta.dirname, '..', '..', 'suites');

/** A check as the test runner found it in the suites. */
export function recordOf(test: Pick<TestCase, 'location' | 'title' | 'annotations'>): CheckRecord {
  const file = relative(suites, test.location.file);
  return { ...plannedCheck(file, test.title, test.annotations), file, line: test.location.line };
}

/** What is added to a check when the test runner has executed it. */
export function executionOf(
  result: Pick<TestResult, 'status' | 'error' | 'attachments' | 'startTime' | 'duration'>,
): Required<Pick<CheckRecord, 'evidence' | 'started' | 'duration_ms'>> {
  return {
    evidence: evidenceOf(result),
    started: result.startTime.toISOString(),
    duration_ms: result.duration,
  };
}

/** What the check left behind; a worker that died leaves nothing, which is nobody's fault but the harness's. */
function evidenceOf({
  attachments,
  error,
  status,
}: Pick<TestResult, 'status' | 'error' | 'attachments'>): Evidence {
  const attached = attachments.find(({ name }) => name === 'evidence')?.body;
  if (attached) return JSON.parse(attached.toString('utf8')) as Evidence;
  const reason = error?.message ?? `The check ended as ${status} and left no evidence.`;
  return { ending: { end: 'prevented', fault: 'harness', reason }, exercised: 0, exchanges: [] };
}
