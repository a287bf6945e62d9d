import type { RequirementId } from '../requirements/catalogue.ts';
import { readSuiteData } from './suite-data.ts';

/** A mutant and what the suites do with it: the proof that its checks can fail. */
export interface Kill {
  readonly name: string;
  /** The reference system that has the defect. */
  readonly fixture: string;
  readonly breaks: readonly RequirementId[];
  /** Ids of the checks that convict it. */
  readonly killedBy: readonly string[];
  /** Of these, by the name of a sample client, those that do not convict it there. Absent where all convict it everywhere. */
  readonly spared?: Readonly<Record<string, readonly string[]>>;
  /** The tier that convicts it; absent for fast. */
  readonly tier?: 'full';
}

/** All proven mutants, as the self-test wrote and compares them. */
export const killTable = (readSuiteData('kill-table.json') ?? []) as readonly Kill[];
