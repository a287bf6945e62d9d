import { DatabaseSync } from 'node:sqlite';

/** A lock that somebody else holds. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
  readonly fault = 'environment';
  readonly code = 'locked';

  constructor(path: string, cause: unknown) {
    super(`${path} is held by another process of Assay; wait until it ends, or talk to it instead`, {
      cause,
    });
  }
}

/** A lock that is held until it is disposed of. */
export interface Lock extends Disposable {
  readonly path: string;
}

/**
 * Takes an exclusive lock on a file, which is made when it is not there. The operating system frees it when the process
 * ends, however it ends: SQLite's lock on a database file.
 * @param patience Milliseconds to wait for another holder.
 * @throws LockedError
 */
export function acquireLock(path: string, patience: number): Lock {
  const database = new DatabaseSync(path, { timeout: patience });
  try {
    // In WAL mode a lock would not be of the main file, and a journal would be written.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new LockedError(path, cause);
  }
  return {
    path,
    [Symbol.dispose]: () => {
      database.close();
    },
  };
}
