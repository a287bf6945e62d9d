import { hash } from 'node:crypto';
import { expect, test } from '@playwright/test';
import {
  consistencyProof,
  consistencyRanges,
  emptyRoot,
  inclusionPath,
  inclusionRanges,
  leafHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type Hash,
} from './merkle.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

// The definitions of RFC 6962, section 2.1, word for word: what the faster code is compared with.
const sha256 = (...parts: readonly Uint8Array[]): Hash => hash('sha256', Buffer.concat(parts), 'buffer');
const power = (n: number) => 2 ** (Math.ceil(Math.log2(n)) - 1);
const naiveLeaf = (leaf: Uint8Array) => sha256(Uint8Array.of(0), leaf);
const naiveNode = (left: Hash, right: Hash) => sha256(Uint8Array.of(1), left, right);
function naiveRoot(leaves: readonly Hash[]): Hash {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return only;
  const k = power(leaves.length);
  return naiveNode(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}
function naivePath(m: number, leaves: readonly Hash[]): readonly Hash[] {
  if (leaves.length === 1) return [];
  const k = power(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}
function naiveProof(m: number, leaves: readonly Hash[], known: 'known' | 'unknown'): readonly Hash[] {
  if (m === leaves.length) return known === 'known' ? [] : [naiveRoot(leaves)];
  const k = power(leaves.length);
  return m <= k
    ? [...naiveProof(m, leaves.slice(0, k), known), naiveRoot(leaves.slice(k))]
    : [...naiveProof(m - k, leaves.slice(k), 'unknown'), naiveRoot(leaves.slice(0, k))];
}

const leaves = Array.from({ length: 300 }, (_, index) => naiveLeaf(Buffer.from(`leaf ${index}`)));
const roots = Array.from({ length: 301 }, (_, size) => naiveRoot(leaves.slice(0, size)));
const rootAt = (size: number): Hash => roots[size] ?? emptyRoot;
const flipped = (bytes: Hash, bit: number): Hash =>
  bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

test('hashes the trees that Certificate Transparency logs are tested with', () => {
  const inputs = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const hashes = inputs.map((input) => leafHash(Buffer.from(input, 'hex')));
  expect(hex(emptyRoot)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(inputs.map((_, index) => hex(rootOf(hashes.slice(0, index + 1))))).toEqual([
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ]);
});

test('takes the roots of RFC 6962 for every size up to 300', () => {
  expect(roots.map((_, size) => hex(rootOf(leaves.slice(0, size))))).toEqual(roots.map(hex));
});

/** The names of what was accepted though it should not have been. */
const accepted = (tries: Readonly<Record<string, boolean>>) =>
  Object.keys(tries).filter((name) => tries[name]);

test('makes and verifies every inclusion path up to 130, and no other', () => {
  const mistakes: unknown[] = [];
  for (let size = 1; size <= 130; size += 1) {
    const tree = leaves.slice(0, size);
    for (const [index, leaf] of tree.entries()) {
      const path = inclusionPath(index, tree);
      const verify = (at: number, of: number, by = path, what = leaf) =>
        verifyInclusion(what, at, by, of, rootAt(of));
      const wrong = accepted({
        'a true path is refused': !verify(index, size),
        'another path': size <= 40 && path.map(hex).join() !== naivePath(index, tree).map(hex).join(),
        'another index': size > 1 && verify((index + 1) % size, size),
        'an index outside': verify(size, size),
        'a longer path': verify(index, size, [...path, leaf]),
        'a shorter path': path.length > 0 && verify(index, size, path.slice(0, -1)),
        'another leaf': verify(index, size, path, flipped(leaf, index)),
        'another size': verify(index, size + 1),
      });
      if (wrong.length > 0) mistakes.push({ size, index, wrong });
    }
  }
  expect(mistakes).toEqual([]);
});

test('makes and verifies every consistency proof up to 130, and no other', () => {
  const mistakes: unknown[] = [];
  for (let to = 0; to <= 130; to += 1) {
    const tree = leaves.slice(0, to);
    const later = { size: to, root: rootAt(to) };
    for (let from = 0; from <= to; from += 1) {
      const earlier = { size: from, root: rootAt(from) };
      const proof = consistencyProof(from, tree);
      const some = proof.length > 0;
      const verify = (by: readonly Hash[], one = earlier, other = later) => verifyConsistency(one, other, by);
      const naive = () => naiveProof(from, tree, 'known');
      const wrong = accepted({
        'a true proof is refused': !verify(proof),
        'another proof': to <= 40 && from > 0 && proof.map(hex).join() !== naive().map(hex).join(),
        'another earlier root': verify(proof, { size: from, root: flipped(earlier.root, from) }),
        // Every tree begins with the empty one.
        'another later root': from > 0 && verify(proof, earlier, { size: to, root: flipped(later.root, 3) }),
        'the trees exchanged': from < to && verify(proof, later, earlier),
        'a longer proof': verify([...proof, later.root]),
        'a shorter proof': some && verify(proof.slice(0, -1)),
        'an altered proof': some && verify(proof.with(0, emptyRoot)),
      });
      if (wrong.length > 0) mistakes.push({ to, from, wrong });
    }
  }
  expect(mistakes).toEqual([]);
});

test('an index or a size outside the tree is an error', () => {
  for (const index of [-1, 5, 1.5, Number.NaN]) expect(() => inclusionRanges(index, 5)).toThrow(RangeError);
  for (const from of [-1, 6, 1.5]) expect(() => consistencyRanges(from, 5)).toThrow(RangeError);
  expect(inclusionRanges(2 ** 52, 2 ** 53 - 1)).toHaveLength(53 - 1 + 1);
});
