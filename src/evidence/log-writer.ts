import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeBatch } from '../files/batch.ts';
import { acquireLock, LockedError, type Lock } from '../files/lock.ts';
import { logKey, openCheckpoint, signCheckpoint, type LogTrust } from './checkpoint.ts';
import { cosignaturesOf } from './cosignature.ts';
import { entryOf, printEntry } from './entry.ts';
import { EvidenceError } from './error.ts';
import { objectPath, openLogWith, reader, type Log, type OpenLog } from './log.ts';
import { emptyRoot } from './merkle.ts';
import { parseNote, parseSignature, parseVerifierKey, printNote } from './note.ts';
import type { Signer } from './signing.ts';
import { extendTree, removeSuperseded } from './tree-writer.ts';

/** Which log is written, and with what its checkpoints are signed. */
export interface LogWriterOptions {
  /** The evidence directory; it is made when it is not there. */
  readonly directory: string;
  /** The origin line, which is the name of the key too. */
  readonly origin: string;
  /** An Ed25519 key. */
  readonly signer: Signer;
  /** Verifier keys with which the last checkpoint may be signed besides: those before a change of keys. */
  readonly earlier?: readonly string[];
  /** Milliseconds to wait for another writer. Default: 30,000. */
  readonly patience?: number;
}

/** The log while nobody else writes it. */
export interface ExclusiveWriter extends Pick<Log, 'size' | 'entries' | 'envelope'> {
  /**
   * Appends envelopes under one new checkpoint. When this returns they survive a loss of power; when the process is killed
   * before, the log has all of them or none.
   * @returns Their indexes.
   * @throws EvidenceError `malformed`, `not-canonical` for what is no envelope; WriteError
   */
  append(envelopes: readonly string[]): Promise<readonly number[]>;
}

/** The one way in which a log grows. */
export interface LogWriter {
  /**
   * Does work while no other writer, in this process or another, changes the log. Work must not wait for other exclusive work
   * of this writer.
   * @throws LockedError; EvidenceError when the published log is not this writer's, or not what its checkpoint says.
   */
  exclusively<T>(work: (writer: ExclusiveWriter) => Promise<T>): Promise<T>;
  /**
   * Adds a witness's cosignature to the published checkpoint.
   * @param line As `cosign` makes it.
   * @param witness Its verifier key.
   * @throws EvidenceError `unknown-key` when it is of somebody else, `bad-signature` when it is for another checkpoint.
   */
  endorse(line: string, witness: string): Promise<void>;
  /** Waits for the work that has begun. */
  close(): Promise<void>;
}

/**
 * Opens a log to append to it; a new one begins with a checkpoint of no entries.
 * @throws EvidenceError `unusable-directory`, `unusable-key`, and as `openLog` does; LockedError; WriteError
 */
export async function openLogWriter(options: LogWriterOptions): Promise<LogWriter> {
  const { directory, origin, signer, earlier = [], patience = 30_000 } = options;
  const own = logKey(origin, signer);
  const trust = (keys: LogTrust['keys']): LogTrust => ({ origin, keys, witnesses: [], quorum: 0 });
  const trusted = trust([own, ...earlier.map((key) => parseVerifierKey(key, 'log'))]);
  let log: OpenLog | undefined;

  const publish = async (size: number, root: Uint8Array): Promise<void> => {
    const checkpoint = await signCheckpoint({ origin, size, root }, signer);
    // A command that signs with another key would make a log that nobody can open.
    openCheckpoint(checkpoint, trust([own]));
    await writeBatch(directory, [['checkpoint', checkpoint]]);
  };

  const current = async (): Promise<OpenLog> => {
    if (log === undefined) {
      if (await isNew(directory)) await publish(0, emptyRoot);
      log = await openLogWith(directory, trusted);
    } else await log.refresh();
    return log;
  };

  const append = async (log: OpenLog, envelopes: readonly string[]): Promise<readonly number[]> => {
    if (envelopes.length === 0) return [];
    const { size } = log;
    const entries = envelopes.map((envelope) => ({ envelope, entry: entryOf(envelope) }));
    // All that a checkpoint commits to is there before the checkpoint is.
    const extended = await extendTree(
      directory,
      log.tree,
      entries.map(({ entry }) => Buffer.from(printEntry(entry))),
      entries.map(({ envelope, entry }) => [objectPath(entry.digest), envelope]),
    );
    await publish(extended.size, extended.root);
    await log.refresh();
    await removeSuperseded(directory, extended.full);
    return envelopes.map((_, at) => size + at);
  };

  const locked = async <T>(work: (log: OpenLog) => Promise<T>): Promise<T> => {
    await makeDirectory(directory);
    using _ = await lock(join(directory, '.lock'), patience);
    return await work(await current());
  };
  // The lock is the process's: within it, one after another.
  let queue: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: (log: OpenLog) => Promise<T>): Promise<T> => {
    const result = queue.then(() => locked(work));
    queue = result.catch(() => undefined);
    return result;
  };

  await alone(() => Promise.resolve());
  return {
    exclusively: (work) =>
      alone(async (log) => {
        let over = false;
        try {
          return await work({
            get size() {
              return log.size;
            },
            entries: (from, to) => log.entries(from, to),
            envelope: (digest) => log.envelope(digest),
            append: (envelopes) => {
              if (over) throw new TypeError('expected appends only while the exclusive work goes on');
              return append(log, envelopes);
            },
          });
        } finally {
          over = true;
        }
      }),
    endorse: (line, witness) =>
      alone(async (log) => {
        const note = parseNote(log.checkpoint);
        const signature = parseSignature(line.replace(/\n$/u, ''));
        const key = parseVerifierKey(witness, 'witness');
        if (cosignaturesOf({ ...note, signatures: [signature] }, [key]).length === 0)
          throw new EvidenceError(
            'unknown-key',
            `expected a cosignature of ${key.name}, got one of ${signature.name}`,
          );
        const others = note.signatures.filter(({ name, id }) => name !== key.name || id !== key.id);
        await writeBatch(directory, [
          ['checkpoint', printNote({ ...note, signatures: [...others, signature] })],
        ]);
        await log.refresh();
      }),
    close: async () => {
      await queue;
    },
  };
}

/** Whether there is no log yet. Tiles without a checkpoint are a log that lost it: to begin anew would fork it. */
async function isNew(directory: string): Promise<boolean> {
  if ((await reader(directory)('checkpoint')) !== undefined) return false;
  const names = await readdir(directory);
  if (!names.includes('tile')) return true;
  throw new EvidenceError(
    'unusable-directory',
    `expected a checkpoint in ${directory}, which has tiles of a log; restore it from a copy, or choose an empty directory`,
  );
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    throw new EvidenceError('unusable-directory', `the evidence directory ${directory} cannot be made`, {
      cause,
    });
  }
}

/** Tries again rather than waits in the lock itself, which would hold up everything else in this process. */
async function lock(path: string, patience: number): Promise<Lock> {
  const pause = 5;
  for (let waited = 0; ; waited += pause) {
    try {
      return acquireLock(path, 0);
    } catch (error) {
      if (!(error instanceof LockedError))
        throw new EvidenceError('unusable-directory', `expected to make a lock at ${path}, but cannot`, {
          cause: error,
        });
      if (waited >= patience) throw error;
    }
    await setTimeout(pause);
  }
}
