import { expect, test } from '@playwright/test';
import { leafHash, rootOf, type Hash } from './merkle.ts';
import {
  edgeOf,
  grow,
  parseBundle,
  printBundle,
  rootOfEdge,
  tilePath,
  type Edge,
  type HashTile,
} from './tiles.ts';

test('names tiles as tlog-tiles does', () => {
  expect(tilePath({ level: 0, index: 0, width: 256 })).toBe('tile/0/000');
  expect(tilePath({ level: 3, index: 1_234_067, width: 256 })).toBe('tile/3/x001/x234/067');
  expect(tilePath({ level: 'entries', index: 273, width: 112 })).toBe('tile/entries/273.p/112');
  expect(tilePath({ level: 1, index: 1000, width: 1 })).toBe('tile/1/x001/000.p/1');
});

test('a tree of 70,000 has the partial tiles that tlog-tiles tells of', () => {
  expect(edgeOf(70_000).map(tilePath)).toEqual(['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1']);
  expect(
    edgeOf(256)
      .filter(({ width }) => width > 0)
      .map(tilePath),
  ).toEqual(['tile/1/000.p/1']);
  expect(edgeOf(0)).toEqual([]);
});

test('grows by any steps to the same tree, at every size that crosses two levels', () => {
  const leaves = Array.from({ length: 66_100 }, (_, at) => leafHash(Buffer.from(String(at))));
  const steps = [0, 1, 254, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 65_791, 65_793, 66_100];
  const stored = new Map<string, HashTile>();
  let edge: Edge = [];
  const wrong: string[] = [];
  for (const [at, size] of steps.entries()) {
    const before = steps[at - 1] ?? 0;
    const grown = grow(edge, before, leaves.slice(before, size));
    ({ edge } = grown);
    for (const tile of grown.tiles) stored.set(tilePath(tile), tile);
    if (Buffer.compare(rootOfEdge(edge), rootOf(leaves.slice(0, size))) !== 0) wrong.push(`root of ${size}`);
    for (const tile of edgeOf(size))
      if (tile.width > 0 && !stored.has(tilePath(tile))) wrong.push(`${tilePath(tile)} of ${size}`);
  }
  for (const { level, index, width, hashes } of stored.values()) {
    const span = 256 ** level;
    const expected: readonly Hash[] = Array.from({ length: width }, (_, at) =>
      rootOf(leaves.slice((index * 256 + at) * span, (index * 256 + at + 1) * span)),
    );
    if (Buffer.compare(Buffer.concat(expected), Buffer.concat(hashes)) !== 0)
      wrong.push(`tile ${level}/${index}`);
  }
  expect(wrong).toEqual([]);
  expect([...stored.values()].filter(({ width }) => width === 256)).toHaveLength(258 + 1);
});

test('bundles hold exactly their entries', () => {
  const entries = ['a', '', 'x'.repeat(300)].map((text) => Buffer.from(text));
  const bytes = printBundle(entries);
  expect(Buffer.from(bytes).subarray(0, 7).toString('hex')).toBe('0001610000012c');
  expect(parseBundle(bytes, 3)?.map(String)).toEqual(entries.map(String));
  for (const width of [0, 2, 4]) expect(parseBundle(bytes, width)).toBeUndefined();
  for (const end of [1, 4, bytes.length - 1]) expect(parseBundle(bytes.subarray(0, end), 3)).toBeUndefined();
  expect(parseBundle(Buffer.concat([bytes, Buffer.of(0)]), 3)).toBeUndefined();
  expect(() => printBundle([Buffer.alloc(65_536)])).toThrow(expect.objectContaining({ code: 'malformed' }));
});
