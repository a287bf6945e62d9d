import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { CheckRecord } from '../report/assemble.ts';
import type { Progress } from '../report/progress.ts';
import { variables } from '../report/run-file.ts';

/** Sources are run as they are; the published package holds them compiled. */
const extension = extname(import.meta.filename);
const root = join(import.meta.dirname, '..', '..');

/** How the test runner is started. */
export interface SuiteOptions {
  /** Path of the run file. */
  readonly runFile: string;
  readonly salt: string;
  readonly workers: number;
  readonly env: NodeJS.ProcessEnv;
  readonly stop: AbortSignal;
  onProgress(progress: Progress): void;
}

/** How the test runner ended. `output` is what it printed, of use where it went wrong. */
export interface SuiteEnd {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the suites in a process of their own, which a crash cannot leave. */
export async function runSuites(options: SuiteOptions): Promise<SuiteEnd> {
  return start(
    [
      `--workers=${options.workers}`,
      `--reporter=${reporter('reporter')}`,
      // The test runner empties this folder at its start: runs at the same time must not share one.
      `--output=${join(dirname(options.runFile), '.runner')}`,
    ],
    {
      NODE_COMPILE_CACHE: join(tmpdir(), 'assay-compile-cache'),
      ...options.env,
      [variables.run]: options.runFile,
      [variables.salt]: options.salt,
    },
    (line) => options.onProgress(JSON.parse(line) as Progress),
    options.stop,
  );
}

/**
 * The checks that the suites hold, in their order.
 * @throws SuiteError when the suites cannot be read.
 */
export async function listChecks(env: NodeJS.ProcessEnv): Promise<readonly CheckRecord[]> {
  const checks: CheckRecord[] = [];
  const { code, output } = await start(['--list', `--reporter=${reporter('list-reporter')}`], env, (line) => {
    checks.push(JSON.parse(line) as CheckRecord);
  });
  if (code !== 0) throw new SuiteError(`the suites cannot be listed:\n${output}`);
  return checks;
}

/** The test runner did not do what it was started for. */
export class SuiteError extends Error {
  override readonly name = 'SuiteError';
  readonly fault = 'harness';
  readonly code = 'suites-unreadable';
}

const reporter = (name: string): string => join(root, 'src', 'report', `${name}${extension}`);

async function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
  stop?: AbortSignal,
): Promise<SuiteEnd> {
  const cli = createRequire(import.meta.url).resolve('@playwright/test/cli');
  const config = join(root, `playwright.config${extension}`);
  const child = spawn(process.execPath, [cli, 'test', `--config=${config}`, '--project=suites', ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...env, [variables.progress]: '3' },
  });
  // The test runner ends in good order on SIGINT only.
  const interrupt = (): void => void child.kill('SIGINT');
  if (stop?.aborted) interrupt();
  stop?.addEventListener('abort', interrupt, { once: true });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => output.push(data.toString()));
  createInterface({ input: child.stdio[3] as Readable }).on('line', onLine);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  stop?.removeEventListener('abort', interrupt);
  return { code, output: output.join('') };
}
