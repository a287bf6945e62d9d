import { resolve } from 'node:path';
import { parseBundle, printBundle, type Bundle } from '../evidence/bundle.ts';
import { EvidenceError } from '../evidence/error.ts';
import { writeAtomically } from '../files/atomic.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { openSink, renderTransitions, type SinkOptions } from './sink.ts';
import { textOf } from './verify.ts';

/**
 * Hands bundles in, those that nobody took when they were made, and writes the proof into them that the log has them now. What
 * the log has already changes nothing: it only gets a new proof, with the witnesses that have cosigned since.
 */
export async function submitCommand(
  io: Io,
  files: readonly string[],
  options: SinkOptions,
): Promise<ExitCode> {
  const bundles = await Promise.all(
    files.map(async (file) => ({ file, bundle: bundleIn(await textOf(io, file), file) })),
  );
  const sink = await openSink(io, options);
  try {
    for (const { file, bundle } of bundles) {
      const { digest, index, proof, transitions } = await sink.settle(bundle.envelope);
      await writeAtomically(resolve(io.cwd, file), printBundle({ ...bundle, proof }));
      io.write(`Evidence ${digest}: entry ${index} of the log; ${file}\n${renderTransitions(transitions)}`);
    }
  } finally {
    await sink.close();
  }
  return exit.pass;
}

function bundleIn(text: string, file: string): Bundle {
  try {
    return parseBundle(text.replace(/\n$/u, ''));
  } catch (cause) {
    if (!(cause instanceof EvidenceError)) throw cause;
    throw new UsageError(`${file}: ${cause.message}`, { cause });
  }
}
