import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { printBundle } from '../evidence/bundle.ts';
import { canonical, digestOf } from '../evidence/canonical.ts';
import { commit, drawSalts, exchangesOf, parseSalts, printSalts } from '../evidence/disclosure.ts';
import { seal, envelopeDigest } from '../evidence/envelope.ts';
import { fingerprintDigest, type Fingerprint } from '../evidence/fingerprint.ts';
import { editionDigest } from '../evidence/profile-digest.ts';
import type { Subject } from '../evidence/statement.ts';
import { suitesDigest } from '../evidence/suites-digest.ts';
import { testResultStatement } from '../evidence/test-result.ts';
import { writeAtomically } from '../files/atomic.ts';
import { published } from '../report/publish.ts';
import type { Results } from '../report/results.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { killTable } from './kill-table.ts';
import { findRun } from './replay.ts';
import { openOperator, openSink, type SinkOptions } from './sink.ts';

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

/**
 * Signs what a run showed, hands it in, and leaves the bundle beside the report. A run that was interrupted, or whose subject
 * changed under it, is no evidence: nothing could say what it is about.
 */
export async function recordRun(io: Io, run: FingerprintedRun, options: RecordOptions): Promise<ExitCode> {
  const { results, directory, before, after } = run;
  const changed = changedParts(before, after);
  if (changed.length > 0) {
    io.note(`No evidence: ${changed.join(' and ')} changed while the checks ran. Run again.\n`);
    return exit.environment;
  }
  const operator = await openOperator(io, options.operator);
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
  // Before it is handed in, so that a run whose evidence nobody took is not lost.
  await writeAtomically(path, printBundle({ envelope, fingerprint: before }));
  const sink = await openSink(io, options);
  try {
    const { index, proof, transitions } = await sink.settle(envelope);
    await writeAtomically(path, printBundle({ envelope, fingerprint: before, proof }));
    io.note(
      `Evidence ${envelopeDigest(envelope)}: entry ${index} of the log; ${relative(io.cwd, path)}\n${transitions
        .map(
          ({ certification, from, because }) =>
            `  ${certification.environment} ${certification.edition}: ${from} -> ${certification.state}${certification.stale ? ' (stale)' : ''}. ${because}\n`,
        )
        .join('')}`,
    );
  } finally {
    await sink.close();
  }
  return exit.pass;
}

/** Which parts differ, for people. */
export function changedParts(before: Fingerprint, after: Fingerprint): readonly string[] {
  if (fingerprintDigest(before) === fingerprintDigest(after)) return [];
  return (Object.keys(before) as (keyof Fingerprint)[]).filter(
    (part) => canonical(before[part]) !== canonical(after[part]),
  );
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
  const results = JSON.parse(await read(published.results)) as Results;
  const exchanges = exchangesOf(results);
  const commitment = commit(exchanges, parseSalts(await read(recorded.salts)));
  const index = exchanges.findIndex((each) => each.check === check && each.exchange.id === exchange);
  if (index < 0)
    throw new UsageError(
      `expected an exchange of ${check}, got ${exchange}; it has ${exchanges.filter((each) => each.check === check).length}`,
    );
  const bundle = JSON.parse(await read(recorded.bundle)) as { readonly envelope: unknown };
  io.write(commitment.disclose(index, envelopeDigest(canonical(bundle.envelope))));
  return exit.pass;
}
