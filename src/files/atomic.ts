import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Why a file could not be written. All of them are faults of the environment. */
export type WriteErrorCode = 'no-space' | 'not-permitted' | 'no-directory' | 'failed';

/** A file that could not be written; the file that was there before is unchanged. */
export class WriteError extends Error {
  override readonly name = 'WriteError';
  readonly fault = 'environment';
  readonly code: WriteErrorCode;

  constructor(path: string, cause: unknown) {
    const code = codeOf(cause);
    super(`${path} could not be written: ${advice[code]}`, { cause });
    this.code = code;
  }
}

const advice: Readonly<Record<WriteErrorCode, string>> = {
  'no-space': 'the disk or the quota is full. Make room and run again.',
  'not-permitted': 'permission is missing. Choose another directory, or change its permissions.',
  'no-directory': 'its directory does not exist, or is a file. Create the directory first.',
  failed: 'the system refused. The cause tells more.',
};

const codes: Readonly<Record<string, WriteErrorCode>> = {
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EACCES: 'not-permitted',
  EPERM: 'not-permitted',
  EROFS: 'not-permitted',
  ENOENT: 'no-directory',
  ENOTDIR: 'no-directory',
};

function codeOf(cause: unknown): WriteErrorCode {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return (typeof code === 'string' ? codes[code] : undefined) ?? 'failed';
}

/**
 * Writes a file so that a reader, and a machine that loses power, finds either the old content or the new one, never a
 * part: a temporary file beside it is written and flushed, then renamed, then the directory is flushed.
 * @throws WriteError
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await flushDirectory(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new WriteError(path, cause);
  }
}

/**
 * Puts a directory that `fill` writes in the place of another. Until it is complete the old one stays; between the two
 * there is a moment with neither.
 * @throws WriteError, and what `fill` throws.
 */
export async function replaceDirectory(path: string, fill: (temporary: string) => void): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    fill(temporary);
    await rm(path, { recursive: true, force: true });
    await rename(temporary, path);
    await flushDirectory(dirname(path));
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw cause instanceof Error && 'syscall' in cause ? new WriteError(path, cause) : cause;
  }
}

/** Removes what a killed process left of its writes to this path. */
export async function sweep(path: string): Promise<void> {
  const prefix = `.${basename(path)}.`;
  const names = await readdir(dirname(path)).catch(() => []);
  const left = names.filter((name) => name.startsWith(prefix) && name.endsWith('.tmp'));
  await Promise.all(left.map((name) => rm(join(dirname(path), name), { recursive: true, force: true })));
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
}

/** Makes the names in a directory survive a loss of power. */
export async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
