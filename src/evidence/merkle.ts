import { hash } from 'node:crypto';

/** A SHA-256 hash, 32 bytes: of a leaf or of a node of a Merkle tree. */
export type Hash = Uint8Array;

/** Leaves from the first up to, and without, the second. */
export type Range = readonly [start: number, end: number];

/** The root of a tree without leaves (RFC 6962, section 2.1). */
export const emptyRoot: Hash = hash('sha256', '', 'buffer');

/** The hash of a leaf (RFC 6962, section 2.1): the prefix 0x00 keeps it from being taken for a node. */
export const leafHash = (leaf: Uint8Array): Hash =>
  hash('sha256', Buffer.concat([Uint8Array.of(0), leaf]), 'buffer');

/** The hash of a node of two subtrees (RFC 6962, section 2.1). */
export function nodeHash(left: Hash, right: Hash): Hash {
  const bytes = Buffer.allocUnsafe(65);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 33);
  return hash('sha256', bytes, 'buffer');
}

export const sameHash = (one: Hash, other: Hash): boolean => Buffer.compare(one, other) === 0;

/**
 * The root of a tree over these hashes: leaf hashes, or the roots of perfect subtrees of one size, of which the last may be
 * the root of a smaller remainder.
 */
export function rootOf(hashes: readonly Hash[]): Hash {
  // Perfect subtrees from the left, the largest first; equal sizes merge as in a binary counter.
  const subtrees: { readonly size: number; readonly root: Hash }[] = [];
  for (const each of hashes) {
    let [size, root] = [1, each];
    for (let last = subtrees.at(-1); last?.size === size; last = subtrees.at(-1)) {
      subtrees.pop();
      root = nodeHash(last.root, root);
      size *= 2;
    }
    subtrees.push({ size, root });
  }
  const roots = subtrees.map(({ root }) => root);
  return roots.length === 0 ? emptyRoot : roots.reduceRight((right, left) => nodeHash(left, right));
}

/** The largest power of two that is smaller than a size of at least 2: where a tree splits. */
export function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/**
 * The ranges of leaves whose roots prove that a leaf is in a tree, the leaf's sibling first (RFC 6962, section 2.1.1).
 * @throws RangeError for an index outside the tree.
 */
export function inclusionRanges(index: number, size: number): readonly Range[] {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new RangeError(`expected an index below the size ${size} of the tree, got ${index}`);
  const ranges: Range[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      ranges.unshift([middle, end]);
      end = middle;
    } else {
      ranges.unshift([start, middle]);
      start = middle;
    }
  }
  return ranges;
}

/**
 * The ranges of leaves whose roots prove that a tree begins with a smaller one (RFC 6962, section 2.1.2).
 * @throws RangeError when the first is not the smaller one.
 */
export function consistencyRanges(from: number, to: number): readonly Range[] {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || from > to)
    throw new RangeError(`expected a size up to ${to}, got ${from}`);
  if (from === 0) return [];
  const ranges: Range[] = [];
  let [start, end] = [0, to];
  while (end > from) {
    const middle = start + splitOf(end - start);
    if (from <= middle) {
      ranges.unshift([middle, end]);
      end = middle;
    } else {
      ranges.unshift([start, middle]);
      start = middle;
    }
  }
  // Who verifies has the smaller tree's root, and needs this part of it only where it is not all of it.
  if (start > 0) ranges.unshift([start, end]);
  return ranges;
}

/** The inclusion path of a leaf in a tree over these leaf hashes, the sibling first (RFC 6962, section 2.1.1). */
export const inclusionPath = (index: number, leaves: readonly Hash[]): readonly Hash[] =>
  inclusionRanges(index, leaves.length).map(([start, end]) => rootOf(leaves.slice(start, end)));

/** The proof that a tree over these leaf hashes begins with the tree over the first of them (RFC 6962, section 2.1.2). */
export const consistencyProof = (from: number, leaves: readonly Hash[]): readonly Hash[] =>
  consistencyRanges(from, leaves.length).map(([start, end]) => rootOf(leaves.slice(start, end)));

/** Whether a path proves a leaf hash to be at an index of the tree with this size and root (RFC 9162, section 2.1.3.2). */
export function verifyInclusion(
  leaf: Hash,
  index: number,
  path: readonly Hash[],
  size: number,
  root: Hash,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  let [node, last, result] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      result = nodeHash(sibling, result);
      // Levels at which a node without a right neighbour has no sibling.
      while (node % 2 === 0 && node > 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else result = nodeHash(result, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && sameHash(result, root);
}

/** A tree's size and root. */
export interface Head {
  readonly size: number;
  readonly root: Hash;
}

/** Whether a proof shows that a tree begins with an earlier one (RFC 9162, section 2.1.4.2). */
export function verifyConsistency(earlier: Head, later: Head, proof: readonly Hash[]): boolean {
  if (!Number.isSafeInteger(earlier.size) || !Number.isSafeInteger(later.size)) return false;
  if (earlier.size < 0 || earlier.size > later.size) return false;
  if (earlier.size === later.size) return proof.length === 0 && sameHash(earlier.root, later.root);
  if (earlier.size === 0) return proof.length === 0 && sameHash(earlier.root, emptyRoot);
  let [node, last] = [earlier.size - 1, later.size - 1];
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  // A perfect earlier tree is itself the first hash; the proof does not repeat it.
  const [first, ...rest] = node === 0 ? [earlier.root, ...proof] : proof;
  if (first === undefined || proof.length === 0) return false;
  let [before, after] = [first, first];
  for (const each of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      before = nodeHash(each, before);
      after = nodeHash(each, after);
      while (node % 2 === 0 && node > 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else after = nodeHash(after, each);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && sameHash(before, earlier.root) && sameHash(after, later.root);
}
