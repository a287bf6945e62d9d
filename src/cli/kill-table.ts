import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RequirementId } from '../requirements/catalogue.ts';

/** A mutant and what the suites do with it: the proof that its checks can fail. */
export interface Kill {
  readonly name: string;
  /** The reference system that has the defect. */
  readonly fixture: string;
  readonly breaks: readonly RequirementId[];
  /** Ids of the checks that convict it. */
  readonly killedBy: readonly string[];
  /** The tier that convicts it; absent for fast. */
  readonly tier?: 'full';
}

/** Suites stand beside the sources; the table is the one that the self-test wrote and compares. */
const path = ['../..', '../../..']
  .map((up) => join(import.meta.dirname, up, 'suites', 'kill-table.json'))
  .find((each) => existsSync(each));

/** All proven mutants. */
export const killTable: readonly Kill[] =
  path === undefined ? [] : (JSON.parse(readFileSync(path, 'utf8')) as Kill[]);
