import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseBundle, printBundle } from '../evidence/bundle.ts';
import { canonical, digestOf } from '../evidence/canonical.ts';
import { commit, drawSalts, exchangesOf, parseSalts, printSalts } from '../evidence/disclosure.ts';
import { envelopeDigest, seal, unverifiedStatement } from '../evidence/envelope.ts';
import { fingerprintDigest, type Fingerprint } from '../evidence/fingerprint.ts';
import { editionDigest } from '../evidence/profile-digest.ts';
import { shaped } from '../evidence/shape.ts';
import type { Subject, TestResult } from '../evidence/statement.ts';
import { suitesDigest } from '../evidence/suites-digest.ts';
import { testResultStatement } from '../evidence/test-result.ts';
import { writeAtomically } from '../files/atomic.ts';
import { published } from '../report/publish.ts';
import { Results } from '../report/results.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { killTable } from './kill-table.ts';
import { findRun } from './replay.ts';
import { openOperator, openSink, renderTransitions, type SinkOptions } from './sink.ts';

/** Names of what evidence leaves in the directory of a run. */
export const recorded = {
  bundle: 'evidence.json',
  /** Private: with them, each exchange of the run can be disclosed, and guesses about the others tried. */
  salts: 'disclosure-salts.json',
} as const;

/** What is signed of a run. */
export interface RecordOptions extends SinkOptions {
  readonly subjects: readonly Subject[];
}

/** A run with the fingerprints that were taken before its first check and after its last. */
export interface FingerprintedRun {
  readonly results: Results;
  /** Directory of the run. */
  readonly directory: string;
  readonly before: Fingerprint;
  readonly after: Fingerprint;
}

/** What makes evidence of the runs of a command. */
export interface Recorder {
  /**
   * Signs what a run showed, hands it in, and leaves the bundle beside the report. A run whose subject changed under it is no
   * evidence: nothing could say what it is about.
   */
  record(run: FingerprintedRun): Promise<ExitCode>;
  close(): Promise<void>;
}

/** Opens keys and log before the first check, so that what is wrong with them costs no run. */
export async function openRecorder(io: Io, options: RecordOptions): Promise<Recorder> {
  const operator = await openOperator(io, options.operator);
  const sink = await openSink(io, options);
  return {
    async record({ results, directory, before, after }) {
      const changed = changedParts(before, after);
      if (changed.length > 0) {
        io.note(`No evidence: ${changed.join(' and ')} changed while the checks ran. Run again.\n`);
        return exit.environment;
      }
      const exchanges = exchangesOf(results);
      const salts = drawSalts(exchanges.length);
      await writeAtomically(join(directory, recorded.salts), printSalts(salts));
      const statement = testResultStatement({
        results,
        fingerprint: before,
        digests: {
          suites: await suitesDigest(join(import.meta.dirname, '..', '..', 'suites')),
          killTable: digestOf(canonical(killTable)),
          edition: editionDigest(results.profile.edition),
        },
        disclosure: commit(exchanges, salts).exchanges,
        validityHours: operator.validityHours,
        subjects: options.subjects,
      });
      const envelope = await seal(statement, [operator.signer]);
      const path = join(directory, recorded.bundle);
      // Before it is handed in: `assay submit` does so later with what nobody took.
      await writeAtomically(path, printBundle({ envelope, fingerprint: before }));
      const { digest, index, proof, transitions } = await sink.settle(envelope);
      await writeAtomically(path, printBundle({ envelope, fingerprint: before, proof }));
      io.note(
        `Evidence ${digest}: entry ${index} of the log; ${relative(io.cwd, path)}\n${renderTransitions(transitions)}`,
      );
      return exit.pass;
    },
    close: () => sink.close(),
  };
}

/** Which parts differ, for people. */
export function changedParts(before: Fingerprint, after: Fingerprint): readonly string[] {
  if (fingerprintDigest(before) === fingerprintDigest(after)) return [];
  const parts = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Fingerprint>;
  return [...parts].filter((part) => canonical([before[part] ?? null]) !== canonical([after[part] ?? null]));
}

/**
 * What a step on the way to evidence gives, or the exit code of its failure, which was told: a run keeps its report, and
 * the other integrations of the command their runs.
 */
export async function attemptEvidence<T>(
  io: Io,
  step: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly code: ExitCode }> {
  try {
    return { value: await step() };
  } catch (error) {
    if (!(error instanceof Error) || !('fault' in error)) throw error;
    io.note(`No evidence: ${error.message}\n`);
    if (error.fault === 'configuration') return { code: exit.configuration };
    // The checks tell what the subject fails; here it is only not seen.
    return { code: error.fault === 'subject' ? exit.inconclusive : exit.environment };
  }
}

/** Writes the document that discloses one exchange of a run. */
export async function discloseCommand(
  io: Io,
  run: string,
  check: string,
  { exchange, out }: { readonly exchange: number; readonly out: string },
): Promise<ExitCode> {
  const directory = await findRun(io, run, out);
  const read = (name: string): Promise<string> =>
    readFile(join(directory, name), 'utf8').catch((cause: unknown) => {
      throw new UsageError(
        `expected ${name} in ${relative(io.cwd, directory)}; only runs with --evidence or --server commit to their exchanges`,
        { cause },
      );
    });
  const { envelope } = parseBundle(await read(recorded.bundle));
  const salts = parseSalts(await read(recorded.salts));
  const exchanges = exchangesOf(resultsIn(await read(published.results), directory));
  const own = exchanges.filter((each) => each.check === check);
  const wanted = own.find((each) => each.exchange.id === exchange);
  if (wanted === undefined)
    throw new UsageError(
      own.length === 0
        ? `expected the id of a check with exchanges, got ${JSON.stringify(check)}`
        : `expected --exchange to be one of ${own.map((each) => each.exchange.id).join(', ')} of ${check}, got ${exchange}`,
    );
  const commitment = commit(exchanges, salts);
  const said = unverifiedStatement(envelope).predicate as Partial<TestResult>;
  if (canonical(said.exchanges) !== canonical(commitment.exchanges))
    throw new UsageError(
      `expected ${published.results} in ${relative(io.cwd, directory)} as it was when the run was signed, but it has changed`,
    );
  io.write(commitment.disclose(exchanges.indexOf(wanted), envelopeDigest(envelope)));
  return exit.pass;
}

function resultsIn(text: string, directory: string): Results {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`expected JSON in ${join(directory, published.results)}, got something else`, {
      cause,
    });
  }
  return shaped(Results, value, `the results of a run in ${join(directory, published.results)}`);
}
