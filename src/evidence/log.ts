import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from './canonical.ts';
import { openCheckpoint, trustOf, type LogTrust, type SignedCheckpoint } from './checkpoint.ts';
import { parseEntry, type Entry } from './entry.ts';
import { EvidenceError } from './error.ts';
import { consistencyRanges, inclusionRanges, verifyConsistency, type Hash } from './merkle.ts';
import { full } from './tiles.ts';
import { printProof } from './tlog-proof.ts';
import { openTree, type Read, type Tree } from './tree.ts';
import type { Verifiers } from './verifiers.ts';

/** An entry, and where it stands in the log. */
export interface Indexed {
  readonly index: number;
  readonly entry: Entry;
}

/** A log as its last checkpoint commits to it. What it hands out has been verified against that. */
export interface Log {
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
  /** The signed checkpoint. */
  readonly checkpoint: string;
  /**
   * Entries in their order, from an index up to, and without, another; default: the size.
   * @throws EvidenceError `not-logged` for a missing part, `inconsistent` for an altered one.
   */
  entries(from: number, to?: number): AsyncIterable<Indexed>;
  /**
   * The text of the envelope with a digest. That the log has an entry for it is for the caller to know.
   * @throws EvidenceError `not-logged`, `inconsistent`
   */
  envelope(digest: string): Promise<string>;
  /** The tlog-proof that the log has the entry at an index. @throws EvidenceError as `entries` does. */
  proof(index: number): Promise<string>;
  /** The hashes that prove that the log at one size begins with what it was at another (RFC 6962, section 2.1.2). */
  consistency(from: number, to: number): Promise<readonly Hash[]>;
  /**
   * Goes on to the checkpoint that is published now, if it extends this one.
   * @throws EvidenceError `inconsistent` when it does not; then this log stays what it was.
   */
  refresh(): Promise<void>;
}

/**
 * Opens the log in an evidence directory.
 * @throws EvidenceError `unusable-directory` without a checkpoint, else as `openCheckpoint` does; `not-logged` or
 * `inconsistent` when the stored tree is not that of the checkpoint.
 */
export const openLog = (
  directory: string,
  log: Verifiers['log'],
  witnesses?: Verifiers['witnesses'],
): Promise<Log> => openLogWith(directory, trustOf(log, witnesses));

/** A log, and the tree that a writer appends to. */
export interface OpenLog extends Log {
  readonly tree: Tree;
}

/** The same, with keys that have been read. */
export async function openLogWith(directory: string, trust: LogTrust): Promise<OpenLog> {
  const read = reader(directory);
  let head = await readCheckpoint(directory, trust);
  let tree = await openTree(read, head);

  const consistency = async (of: Tree, from: number, to: number): Promise<readonly Hash[]> => {
    if (to > of.size) throw outside(`a size up to ${of.size}`, to);
    return await Promise.all(ranges(() => consistencyRanges(from, to)).map((range) => of.hash(range)));
  };

  return {
    origin: trust.origin,
    get size() {
      return head.size;
    },
    get root() {
      return head.root;
    },
    get checkpoint() {
      return head.text;
    },
    get tree() {
      return tree;
    },
    entries: (from, to = tree.size) => entriesOf(tree, from, to),
    envelope: (digest) => readEnvelope(read, digest),
    consistency: (from, to) => consistency(tree, from, to),
    async proof(index) {
      const [{ text }, of] = [head, tree];
      const path = ranges(() => inclusionRanges(index, of.size)).map((range) => of.hash(range));
      return printProof({ index, path: await Promise.all(path), checkpoint: text });
    },
    async refresh() {
      const next = await readCheckpoint(directory, trust);
      if (next.text === head.text) return;
      if (next.size < head.size) throw contradiction(head, next);
      const nextTree = await openTree(read, next);
      if (!verifyConsistency(head, next, await consistency(nextTree, head.size, next.size)))
        throw contradiction(head, next);
      [head, tree] = [next, nextTree];
    },
  };
}

/**
 * Two checkpoints of which no log can have had both; the first is the one that was seen before.
 */
export const contradiction = (
  seen: { readonly text: string; readonly size: number },
  now: { readonly text: string; readonly size: number },
): EvidenceError =>
  new EvidenceError(
    'inconsistent',
    `expected a log that begins with the ${seen.size} entries seen before, got one that ${now.size < seen.size ? `has only ${now.size}` : 'does not'}. Seen before:\n${seen.text}Now:\n${now.text}Keep both: two signed checkpoints like these prove what happened.`,
  );

async function* entriesOf(tree: Tree, from: number, to: number): AsyncIterable<Indexed> {
  if (!Number.isSafeInteger(from) || from < 0 || to > tree.size)
    throw outside(`indexes from 0 up to ${tree.size}`, `${from} up to ${to}`);
  for (let index = from; index < to;) {
    const bundle = await tree.bundle(Math.floor(index / full));
    for (const bytes of bundle.slice(index % full, (index % full) + to - index)) {
      yield { index, entry: parseEntry(decode(bytes)) };
      index += 1;
    }
  }
}

async function readEnvelope(read: Read, digest: string): Promise<string> {
  if (!/^[0-9a-f]{64}$/u.test(digest))
    throw new EvidenceError(
      'malformed',
      `expected a digest of 64 hexadecimal digits, got ${JSON.stringify(digest)}`,
    );
  const path = objectPath(digest);
  const bytes = await read(path);
  if (bytes === undefined)
    throw new EvidenceError('not-logged', `expected ${path} in the evidence directory, but it is missing`);
  if (digestOf(bytes) !== digest)
    throw new EvidenceError(
      'inconsistent',
      `expected ${path} to have the digest in its name, got ${digestOf(bytes)}`,
    );
  return decode(bytes);
}

/** Where the envelope with a digest lies below the evidence directory. */
export const objectPath = (digest: string): string => `objects/${digest}.json`;

async function readCheckpoint(directory: string, trust: LogTrust): Promise<SignedCheckpoint> {
  const bytes = await reader(directory)('checkpoint');
  if (bytes === undefined)
    throw new EvidenceError(
      'unusable-directory',
      `expected an evidence directory with a checkpoint in ${directory}, but there is none`,
    );
  return openCheckpoint(decode(bytes), trust);
}

/**
 * Reads below a directory; a path whose directory is missing has no file. Synchronously: to wait for a thread of the pool takes
 * longer than to read a tile of 8 kB, and milliseconds longer on a busy machine.
 */
export const reader =
  (directory: string): Read =>
  async (path) => {
    try {
      return readFileSync(join(directory, path));
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw new EvidenceError('unusable-directory', `${join(directory, path)} cannot be read`, { cause });
    }
  };

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new EvidenceError('malformed', 'expected text in UTF-8 in the log, got other bytes', { cause });
  }
}

function ranges<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new EvidenceError('not-logged', `the log has no such part: ${cause.message}`, { cause });
  }
}

const outside = (expected: string, got: number | string): EvidenceError =>
  new EvidenceError('not-logged', `the log has no such part: expected ${expected}, got ${got}`);
