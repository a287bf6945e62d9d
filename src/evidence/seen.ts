import { readFile } from 'node:fs/promises';
import { writeAtomically } from '../files/atomic.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { EvidenceError } from './error.ts';
import { contradiction, type Log } from './log.ts';
import { verifyConsistency } from './merkle.ts';
import { parseNote } from './note.ts';

/**
 * Makes sure that a log still begins with what was seen of it.
 * @param seen The signed checkpoint that was seen. It was verified then; its key may no longer count.
 * @throws EvidenceError `inconsistent`, with both checkpoints; `wrong-subject` when it is of another log.
 */
export async function checkConsistent(seen: string, log: Log): Promise<void> {
  const before = parseCheckpoint(parseNote(seen).text);
  const now = { text: log.checkpoint, size: log.size, root: log.root };
  if (before.origin !== log.origin)
    throw new EvidenceError(
      'wrong-subject',
      `expected the checkpoint that was seen of ${log.origin}, got one of ${before.origin}`,
    );
  if (before.size > now.size) throw contradiction({ ...before, text: seen }, now);
  if (!verifyConsistency(before, now, await log.consistency(before.size, now.size)))
    throw contradiction({ ...before, text: seen }, now);
}

/**
 * Compares a log with the checkpoint that a file remembers, and remembers its present one there. The first time there is
 * nothing to compare with. The file must not lie where the log is written: who rewrites the one could rewrite the other.
 * @throws EvidenceError as `checkConsistent` does; the file then keeps what was seen. WriteError
 */
export async function remember(path: string, log: Log): Promise<'first-seen' | 'consistent'> {
  const seen = await readSeen(path);
  if (seen !== undefined) await checkConsistent(seen, log);
  if (seen !== log.checkpoint) await writeAtomically(path, log.checkpoint);
  return seen === undefined ? 'first-seen' : 'consistent';
}

async function readSeen(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new EvidenceError('unusable-directory', `${path}, the last checkpoint seen, cannot be read`, {
      cause,
    });
  }
}
