import { EvidenceError } from './error.ts';
import { leafHash, nodeHash, rootOf, sameHash, splitOf, type Hash, type Head, type Range } from './merkle.ts';
import {
  edgeOf,
  full,
  parseBundle,
  parseTile,
  rootOfEdge,
  tilePath,
  widthOf,
  type Edge,
  type Tile,
} from './tiles.ts';

/** Reads a stored file by its path below the log's directory; undefined where there is none. */
export type Read = (path: string) => Promise<Uint8Array | undefined>;

/** The stored tree of one checkpoint. All that it hands out hashes to the checkpoint's root. */
export interface Tree extends Head {
  readonly edge: Edge;
  /** The root of a range that is a node of the tree. */
  hash(range: Range): Promise<Hash>;
  /** The entries of a bundle. */
  bundle(index: number): Promise<readonly Uint8Array[]>;
}

/** Verified tiles that are kept in memory. */
const kept = 128;

/**
 * Opens a stored tree: reads its right edge, which alone gives the root.
 * @throws EvidenceError `not-logged` when a tile is missing, `inconsistent` when it is another one.
 */
export async function openTree(read: Read, { size, root }: Head): Promise<Tree> {
  const edge = await Promise.all(
    edgeOf(size).map(async (tile) => (tile.width === 0 ? [] : await hashesOf(read, tile))),
  );
  if (!sameHash(rootOfEdge(edge), root))
    throw new EvidenceError(
      'inconsistent',
      `expected tiles that hash to the root of the checkpoint of ${size} entries, got others; restore from a copy ${edgePaths(size)}`,
    );
  // Promises, because the ranges of one proof ask for the same tiles at the same time.
  const cache = new Map<string, Promise<readonly Hash[]>>();

  /** A full tile, once its root was found where the tile above it says. */
  const verifiedTile = async (tile: Tile & { readonly level: number }): Promise<readonly Hash[]> => {
    const hashes = await hashesOf(read, tile);
    const above = await tileAt(tile.level + 1, Math.floor(tile.index / full));
    const expected = above[tile.index % full];
    if (expected === undefined || !sameHash(rootOf(hashes), expected)) throw altered(tilePath(tile));
    return hashes;
  };

  /** A tile. Those of the edge have been verified as a whole. */
  const tileAt = async (level: number, index: number): Promise<readonly Hash[]> => {
    const tile = { level, index, width: widthOf(level, index, size) };
    if (tile.width < full) return edge[level] ?? [];
    const path = tilePath(tile);
    const known = cache.get(path);
    if (known !== undefined) return await known;
    const fresh = verifiedTile(tile);
    cache.set(path, fresh);
    const [oldest] = cache.keys();
    if (cache.size > kept && oldest !== undefined) cache.delete(oldest);
    try {
      return await fresh;
    } catch (error) {
      // What is missing may be restored.
      cache.delete(path);
      throw error;
    }
  };

  const hash = async ([start, end]: Range): Promise<Hash> => {
    const height = Math.round(Math.log2(end - start));
    if (2 ** height === end - start) {
      const level = Math.floor(height / 8);
      const at = start / full ** level;
      const tile = await tileAt(level, Math.floor(at / full));
      return rootOf(tile.slice(at % full, (at % full) + 2 ** (height % 8)));
    }
    const middle = start + splitOf(end - start);
    return nodeHash(await hash([start, middle]), await hash([middle, end]));
  };

  const bundle = async (index: number): Promise<readonly Uint8Array[]> => {
    const tile = { level: 'entries', index, width: widthOf('entries', index, size) } as const;
    const entries = await partOf(read, tile, parseBundle);
    const leaves = await tileAt(0, index);
    const wrong = entries.findIndex((entry, at) => !sameHash(leafHash(entry), leaves[at] ?? Buffer.of()));
    if (wrong >= 0) throw altered(tilePath(tile), `entry ${index * full + wrong} is another one`);
    return entries;
  };

  return { size, root, edge, hash, bundle };
}

const edgePaths = (size: number): string =>
  edgeOf(size)
    .filter(({ width }) => width > 0)
    .map(tilePath)
    .join(', ');

const hashesOf = (read: Read, tile: Tile): Promise<readonly Hash[]> => partOf(read, tile, parseTile);

/** A stored tile or bundle; a partial one may have been removed once the full one was there. */
async function partOf<T>(
  read: Read,
  tile: Tile,
  parse: (bytes: Uint8Array, width: number) => readonly T[] | undefined,
): Promise<readonly T[]> {
  const path = tilePath(tile);
  const part = await read(path);
  const bytes = part ?? (tile.width < full ? await read(tilePath({ ...tile, width: full })) : undefined);
  if (bytes === undefined)
    throw new EvidenceError(
      'not-logged',
      `expected ${path} in the log, but it is missing; restore it from a copy`,
    );
  const parsed = parse(bytes, part === undefined ? full : tile.width);
  if (parsed === undefined) throw altered(path, `it does not hold ${tile.width}`);
  return parsed.slice(0, tile.width);
}

const altered = (path: string, how = 'its root is another one'): EvidenceError =>
  new EvidenceError(
    'inconsistent',
    `expected ${path} as the checkpoint commits to it, but ${how}; restore it from a copy`,
  );
