import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseCheckpoint, type Checkpoint } from '../evidence/checkpoint.ts';
import { EvidenceError } from '../evidence/error.ts';
import { openLog, type Log } from '../evidence/log.ts';
import { parseNote } from '../evidence/note.ts';
import { checkConsistent, remember } from '../evidence/seen.ts';
import type { Verifiers } from '../evidence/verifiers.ts';
import type { Claim, Verification } from '../evidence/verify.ts';
import { writeAtomically } from '../files/atomic.ts';
import { UsageError, type Io } from './io.ts';

/** With what the log is compared. */
export interface MemoryOptions {
  /** File that remembers the last checkpoint seen. */
  readonly seen?: string;
  /** A copy of the evidence directory, to compare the log with what was seen of it. */
  readonly evidence?: string;
}

/** Whether the log is still what it was when somebody last looked, and holds what a bundle's proof says. */
export type Memory = (verification: Verification) => Promise<Claim>;

const proven = (detail: string): Claim => ({ claim: 'consistency', state: 'proven', detail });
const open = (detail: string): Claim => ({ claim: 'consistency', state: 'open', detail });
const refuted = (detail: string): Claim => ({ claim: 'consistency', state: 'refuted', detail });

/**
 * Opens what is known of the log: a copy of it, and what was seen of it before, which is compared with that copy once.
 * @throws UsageError, EvidenceError when the options lead to nothing of that kind.
 */
export async function openMemory(
  io: Io,
  { log: trusted, witnesses }: Verifiers,
  { seen, evidence }: MemoryOptions,
): Promise<Memory> {
  const path = seen === undefined ? undefined : resolve(io.cwd, seen);
  const before = path === undefined ? undefined : await checkpointIn(path, trusted.origin);
  if (evidence === undefined) return proofMemory(path, before);
  const log = await openLog(resolve(io.cwd, evidence), trusted, witnesses);
  const state = path === undefined ? withoutMemory(log) : await compared(path, log);
  return async ({ inclusion }) => {
    const spoilt = inclusion && (await attempt(() => checkConsistent(inclusion.checkpoint.text, log)));
    return spoilt ?? state;
  };
}

const withoutMemory = ({ size }: Log): Claim =>
  open(`the log has ${size} entries; --seen FILE would remember its checkpoint for the next time`);

/** Compares a copy of the log with what was seen before, and remembers it. */
async function compared(path: string, log: Log): Promise<Claim> {
  let how: Awaited<ReturnType<typeof remember>> = 'first-seen';
  const spoilt = await attempt(async () => {
    how = await remember(path, log);
  });
  if (spoilt) return spoilt;
  return how === 'first-seen'
    ? open(`the checkpoint of ${log.size} entries is the first one seen; it is remembered now`)
    : proven(`the log of ${log.size} entries extends what was seen of it before`);
}

/** Without a copy of the log only the checkpoints of proofs can be compared, where they are of the same size. */
function proofMemory(path: string | undefined, before: Checkpoint | undefined): Memory {
  let known = before;
  return async ({ inclusion }) => {
    if (path === undefined || !inclusion)
      return open('nothing was seen of the log before: --seen FILE remembers its checkpoint, and compares');
    const { size, root, text } = inclusion.checkpoint;
    if (known === undefined) {
      await writeAtomically(path, text);
      known = inclusion.checkpoint;
      return open(`the checkpoint of ${size} entries is the first one seen; it is remembered now`);
    }
    if (known.size !== size)
      return open(
        `the proof is of ${size} entries, ${known.size} were seen; --evidence DIR shows whether one extends the other`,
      );
    return Buffer.from(known.root).equals(root)
      ? proven(`the checkpoint of ${size} entries is the one seen before`)
      : refuted(
          `another checkpoint of ${size} entries was seen before: the log shows different readers different histories`,
        );
  };
}

/** The checkpoint that a file remembers; undefined where there is no file yet. */
async function checkpointIn(path: string, origin: string): Promise<Checkpoint | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new UsageError(`expected the last checkpoint seen in ${path}, which cannot be read`, { cause });
  }
  let checkpoint: Checkpoint;
  try {
    checkpoint = parseCheckpoint(parseNote(text).text);
  } catch (cause) {
    throw new UsageError(
      `expected the last checkpoint seen in ${path}, got something else; name another --seen`,
      {
        cause,
      },
    );
  }
  if (checkpoint.origin === origin) return checkpoint;
  throw new UsageError(
    `expected a checkpoint of ${origin} in ${path}, got one of ${checkpoint.origin}; name another --seen`,
  );
}

/** The claim that a contradiction refutes; undefined where there is none. */
async function attempt(work: () => Promise<void>): Promise<Claim | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof EvidenceError && error.code !== 'unusable-directory') return refuted(error.message);
    throw error;
  }
}
