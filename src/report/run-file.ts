import { readFileSync } from 'node:fs';
import type { Plan } from '../profiles/plan.ts';

/** What a run is started with, handed to the test runner as a file. */
export interface RunFile {
  /** UTC time of the start and a random suffix; sorts by time. */
  readonly id: string;
  /** Absolute path of the integration file. */
  readonly integration: string;
  /** Absolute path of the directory that the run writes to. */
  readonly directory: string;
  readonly plan: Plan;
  /** Pattern of titles that narrowed the plan, if any. */
  readonly grep?: string;
  readonly privateNetwork: 'allowed' | 'refused';
  /** Salt of the digests that stand for secrets. */
  readonly salt: string;
  /** ISO 8601, UTC. */
  readonly started: string;
}

/** The environment variable that names the run file. */
export const runVariable = 'ASSAY_RUN';

/** Reads the run file that the environment names. */
export function readRunFile(environment: NodeJS.ProcessEnv): RunFile {
  const path = environment[runVariable];
  if (path === undefined)
    throw new Error(
      `expected ${runVariable} to name a run file; the suites are started by \`assay run FILE\``,
    );
  return JSON.parse(readFileSync(path, 'utf8')) as RunFile;
}
