import { EvidenceError } from './error.ts';
import { emptyRoot, rootOf, type Hash } from './merkle.ts';

/** Hashes of a full tile, and entries of a full bundle. */
export const full = 256;

/** A tile of hashes at a level, or a bundle of entries: which one, and how many it holds (C2SP tlog-tiles). */
export interface Tile {
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256. */
  readonly width: number;
}

/** The path of a tile below the log's directory, with slashes. */
export function tilePath({ level, index, width }: Tile): string {
  const groups: string[] = [];
  let rest = index;
  do {
    groups.unshift(String(rest % 1000).padStart(3, '0'));
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width < full ? `.p/${width}` : ''}`;
}

/** How many hashes a tree of a size has at the level of a tile: complete subtrees of 256 to the power of it. */
const countAt = (level: number, size: number): number => Math.floor(size / full ** level);

/** The width of the tile with this index in a tree of a size: 0 where there is none. */
export const widthOf = (level: Tile['level'], index: number, size: number): number =>
  Math.max(0, Math.min(full, countAt(level === 'entries' ? 0 : level, size) - index * full));

/** The partial tiles of a tree of a size, one a level, from the leaves up; width 0 where a level ends with a full tile. */
export function edgeOf(size: number): readonly Tile[] {
  const tiles = [];
  for (let level = 0; countAt(level, size) > 0; level += 1) {
    const index = Math.floor(countAt(level, size) / full);
    tiles.push({ level, index, width: widthOf(level, index, size) });
  }
  return tiles;
}

/** The hashes of the partial tiles of a tree, by level. They are all that is needed to append to it. */
export type Edge = readonly (readonly Hash[])[];

/** The root of a tree by its right edge: each level's hashes, followed by the remainder below them. */
export function rootOfEdge(edge: Edge): Hash {
  let root: Hash | undefined;
  for (const hashes of edge)
    if (hashes.length > 0) root = rootOf(root === undefined ? hashes : hashes.concat([root]));
  return root ?? emptyRoot;
}

/** A tile with its hashes. */
export interface HashTile extends Tile {
  readonly level: number;
  readonly hashes: readonly Hash[];
}

/** What appending leaves to a tree of a size writes: the tiles that are new or wider, and the edge that comes of it. */
export function grow(
  edge: Edge,
  size: number,
  leaves: readonly Hash[],
): { tiles: readonly HashTile[]; edge: Edge } {
  const tiles: HashTile[] = [];
  const after: (readonly Hash[])[] = [];
  let fresh = leaves;
  for (let level = 0; level < edge.length || fresh.length > 0; level += 1) {
    const hashes = [...(edge[level] ?? []), ...fresh];
    const first = Math.floor(countAt(level, size) / full);
    const parts = Array.from({ length: Math.ceil(hashes.length / full) }, (_, part) =>
      hashes.slice(part * full, (part + 1) * full),
    );
    if (fresh.length > 0)
      for (const [part, each] of parts.entries())
        tiles.push({ level, index: first + part, width: each.length, hashes: each });
    const complete = parts.filter((part) => part.length === full);
    after.push(hashes.slice(complete.length * full));
    fresh = complete.map(rootOf);
  }
  return { tiles, edge: after };
}

/** A tile as it is stored: its hashes one after another. */
export const printTile = (hashes: readonly Hash[]): Uint8Array => Buffer.concat(hashes);

/** The hashes of a tile of a width that bytes hold, or undefined when they hold another number. */
export const parseTile = (bytes: Uint8Array, width: number): readonly Hash[] | undefined =>
  bytes.length === width * 32
    ? Array.from({ length: width }, (_, at) => bytes.subarray(at * 32, (at + 1) * 32))
    : undefined;

/**
 * A bundle of entries as it is stored, each behind its length as uint16.
 * @throws EvidenceError `malformed` for an entry of more than 65,535 bytes.
 */
export const printBundle = (entries: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(
    entries.flatMap((entry) => {
      if (entry.length > 0xff_ff)
        throw new EvidenceError('malformed', `expected an entry of at most 65535 bytes, got ${entry.length}`);
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
    }),
  );

/** The entries of a bundle that holds so many, or undefined when it holds fewer, more, or part of one. */
export function parseBundle(bytes: Uint8Array, width: number): readonly Uint8Array[] | undefined {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + 2;
    at = start + ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
    entries.push(bytes.subarray(start, at));
  }
  return at === bytes.length && entries.length === width ? entries : undefined;
}
