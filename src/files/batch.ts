import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushDirectory, WriteError } from './atomic.ts';

/** Files that are written and flushed at the same time. */
const atOnce = 16;

/**
 * Writes many files below a directory so that each is either the old or the new one, and all survive a loss of power once
 * this returns. They are written in `.writing` there, which may be left with files by a killed process: the next batch
 * overwrites them. For one writer at a time: the caller holds a lock.
 * @param files By their path below the directory; directories are made.
 * @throws WriteError; some of the files may then be the new ones.
 */
export async function writeBatch(
  root: string,
  files: Iterable<readonly [path: string, content: string | Uint8Array]>,
): Promise<void> {
  const scratch = join(root, '.writing');
  const made = new Map<string, Promise<unknown>>();
  const make = (directory: string): Promise<unknown> => {
    const known = made.get(directory) ?? mkdir(directory, { recursive: true });
    made.set(directory, known);
    return known;
  };
  const write = async (temporary: string, path: string, content: string | Uint8Array): Promise<void> => {
    try {
      await Promise.all([make(scratch), make(dirname(path))]);
      const file = await open(temporary, 'w');
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (cause) {
      throw new WriteError(path, cause);
    }
  };
  const rest = Iterator.from(files);
  const worker = async (_: unknown, slot: number): Promise<void> => {
    for (const [path, content] of rest) await write(join(scratch, String(slot)), join(root, path), content);
  };
  await allSettled(Array.from({ length: atOnce }, worker));
  made.delete(scratch);
  // A directory is only there for good when the one above it has been flushed too.
  const changed = new Set([...made.keys()].flatMap((directory) => upTo(root, directory)));
  await Promise.all([...changed].map(flush));
}

/** Waits for all before it fails: nothing of a batch that failed is written behind the caller's back. */
async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}

const upTo = (root: string, directory: string): readonly string[] =>
  directory.length <= root.length ? [directory] : [directory, ...upTo(root, dirname(directory))];

async function flush(directory: string): Promise<void> {
  try {
    await flushDirectory(directory);
  } catch (cause) {
    throw new WriteError(directory, cause);
  }
}
