import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { callsOf } from '../directory/client-integration.ts';
import { isClient, loadIntegration, type LoadedIntegration } from '../directory/load.ts';
import type { EditionId } from '../profiles/editions.ts';
import type { Tier } from '../profiles/plan.ts';
import { assemble } from '../report/assemble.ts';
import { readJournal } from '../report/journal.ts';
import { pictureFiles } from '../report/pictures.ts';
import { publish, published } from '../report/publish.ts';
import type { Results } from '../report/results.ts';
import type { RunFile } from '../report/run-file.ts';
import { renderSummary } from '../report/terminal.ts';
import { version } from '../report/version.ts';
import { exit, exitCodeOf, worst, type ExitCode } from './exit.ts';
import { renderFindings } from './findings.ts';
import type { Io } from './io.ts';
import { openProgress } from './progress-line.ts';
import { attemptEvidence, openRecorder, type Recorder, type RecordOptions } from './record.ts';
import { runSuites } from './suite-process.ts';
import { testedIn } from './tested.ts';

/** What `assay run` may be told. */
export interface RunOptions {
  readonly profile?: EditionId;
  readonly only: readonly string[];
  readonly grep?: string;
  readonly workers?: number;
  readonly format: 'text' | 'json';
  /** Directory for the reports. */
  readonly out: string;
  readonly tier: Tier;
  readonly privateNetwork: 'allowed' | 'refused';
  /** Where evidence of the run is handed in; absent where none is made. */
  readonly evidence?: RecordOptions;
}

/** Runs the checks against each integration in turn, and shows what came of it. */
export async function runCommand(io: Io, files: readonly string[], options: RunOptions): Promise<ExitCode> {
  const loaded = await Promise.all(files.map((file) => loadIntegration(resolve(io.cwd, file), io.now())));
  const codes: ExitCode[] = [];
  const all: Results[] = [];
  const recorder = options.evidence && (await openRecorder(io, options.evidence));
  try {
    for (const integration of loaded) {
      if (io.stop.aborted) break;
      const { code, results } = await runOne(io, integration, options, recorder);
      codes.push(code);
      if (results) all.push(results);
    }
  } finally {
    await recorder?.close();
  }
  if (options.format === 'json') io.write(`${JSON.stringify(all, undefined, 2)}\n`);
  return io.stop.aborted && worst(codes) === exit.pass ? exit.inconclusive : worst(codes);
}

async function runOne(
  io: Io,
  integration: LoadedIntegration,
  options: RunOptions,
  recorder: Recorder | undefined,
): Promise<{ code: ExitCode; results?: Results }> {
  const { value, file } = integration;
  const salt = randomBytes(16).toString('base64url');
  const started = io.now();
  const tested = testedIn(integration, {
    privateNetwork: options.privateNetwork,
    salt,
    env: io.env,
    note: (text) => io.note(text),
  });
  io.note(`${value.integration}: looking at ${tested.looksAt}\n`);
  const findings = await tested.preflight();
  if (findings.some(({ state, fault }) => state === 'problem' && fault === 'configuration')) {
    io.note(
      renderFindings(
        findings.filter(({ state }) => state !== 'ok'),
        io.colour,
      ),
    );
    io.note(
      `No check was run: the configuration must be mended first. \`assay doctor ${relative(io.cwd, file)}\` tells more.\n`,
    );
    return { code: exit.configuration };
  }
  if (io.stop.aborted) return { code: exit.inconclusive };
  const edition = options.profile ?? value.profile.edition;
  const before = recorder && (await attemptEvidence(io, () => tested.fingerprint(edition)));
  const id = `${started.toISOString().replace(/[-:]|\.\d+/gu, '')}-${randomBytes(3).toString('hex')}`;
  const directory = resolve(io.cwd, options.out, value.integration, id);
  const { edition: _, ...variant } = value.profile;
  const run: RunFile = {
    id,
    integration: file,
    directory,
    plan: {
      edition,
      variant,
      roles: value.roles,
      features: value.features,
      ...(isClient(value) ? { trigger: value.trigger.driver, calls: callsOf(value) } : {}),
      tier: options.tier,
      only: options.only,
      ...(options.grep === undefined ? {} : { grep: options.grep }),
    },
    privateNetwork: options.privateNetwork,
    started: started.toISOString(),
  };
  await mkdir(directory, { recursive: true });
  const runFile = join(directory, 'run.json');
  await writeFile(runFile, `${JSON.stringify(run, undefined, 2)}\n`);
  const progress = openProgress(io, () => io.now().getTime());
  const end = await runSuites({
    runFile,
    salt,
    workers: workersFor(value, options.workers, availableParallelism()),
    env: io.env,
    stop: io.stop,
    onProgress: progress.show,
  });
  progress.end();
  // Workers of a killed test runner may write there for a moment longer: a folder that stays must not cost the report.
  await rm(join(directory, '.runner'), { recursive: true, force: true, maxRetries: 5 }).catch(
    () => undefined,
  );
  const results = await finished(run, integration, io.now());
  if (results.run.status === 'interrupted' && !io.stop.aborted)
    io.note(`The test runner ended early (${end.code ?? 'killed'}).\n${end.output}`);
  if (
    (options.only.length > 0 || options.grep !== undefined) &&
    !results.checks.some(({ executed }) => executed)
  ) {
    io.note('No check of this plan matches --only and --grep; `assay list checks` shows all ids.\n');
    return { code: exit.configuration, results };
  }
  if (options.format === 'text')
    io.write(
      renderSummary(results, {
        colour: io.colour,
        width: io.width,
        directory: relative(io.cwd, directory) || '.',
      }),
    );
  const code = exitCodeOf(results);
  if (!recorder || !before) return { code, results };
  if ('code' in before) return { code: worst([code, before.code]), results };
  if (results.run.status !== 'complete') {
    io.note('No evidence: the run did not come to its end.\n');
    return { code, results };
  }
  const made = await attemptEvidence(io, async () =>
    recorder.record({ results, directory, before: before.value, after: await tested.fingerprint(edition) }),
  );
  return { code: worst([code, 'code' in made ? made.code : made.value]), results };
}

/** The result document of a run that has ended; of one that was killed, made from its journal. */
async function finished(run: RunFile, { value, lineOf }: LoadedIntegration, now: Date): Promise<Results> {
  const read = async (): Promise<Results> =>
    JSON.parse(await readFile(join(run.directory, published.results), 'utf8')) as Results;
  const results = await read().catch(() => undefined);
  if (results?.run.status === 'complete') return results;
  const checks = readJournal(run.directory);
  const recovered = assemble({
    run,
    harness: version,
    integration: value,
    checks,
    status: 'interrupted',
    now,
  });
  await publish(run.directory, recovered, { lineOf, pictures: pictureFiles(checks) });
  return recovered;
}

/** How many checks go on at once: what --workers asks for, but of a client that knows one issuer only, one. */
export function workersFor(
  value: LoadedIntegration['value'],
  asked: number | undefined,
  processors: number,
): number {
  const usual = Math.min(4, processors);
  if (!isClient(value)) return asked ?? usual;
  // Behind one issuer, a client can meet one deviation at a time.
  if (value.sandbox?.issuer === 'fixed') return 1;
  // A person follows one link at a time; each browser costs as much as a processor.
  const most = { command: usual, http: usual, browser: Math.min(2, usual), manual: 1 } as const;
  return asked ?? most[value.trigger.driver];
}
