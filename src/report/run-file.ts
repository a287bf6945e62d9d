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
  readonly privateNetwork: 'allowed' | 'refused';
  /** ISO 8601, UTC. */
  readonly started: string;
}

/** The environment variables by which a run is handed over. */
export const variables = {
  /** Path of the run file. */
  run: 'ASSAY_RUN',
  /** Salt of the digests that stand for secrets. It is not written down: with it, guesses could be tried. */
  salt: 'ASSAY_SALT',
  /** Number of the file descriptor for progress, as lines of JSON. */
  progress: 'ASSAY_PROGRESS',
} as const;

/** Reads the run file that the environment names. */
export function readRunFile(environment: NodeJS.ProcessEnv): RunFile {
  const path = environment[variables.run];
  if (path === undefined)
    throw new Error(
      `expected ${variables.run} to name a run file; the suites are started by \`assay run FILE\``,
    );
  return JSON.parse(readFileSync(path, 'utf8')) as RunFile;
}
