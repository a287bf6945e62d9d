import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBatch } from '../files/batch.ts';
import { leafHash, type Head } from './merkle.ts';
import { full, grow, printBundle, printTile, rootOfEdge, tilePath, type Tile } from './tiles.ts';
import type { Tree } from './tree.ts';

/** What a tree has become, which no checkpoint commits to yet. */
export interface Extended extends Head {
  /** The tiles and bundles that have become full. */
  readonly full: readonly Tile[];
}

/**
 * Writes the tiles and bundles of a tree that has more entries, and other files with them. Nothing that a checkpoint commits
 * to changes: full tiles are written once, partial ones under the name of their width.
 * @param files By their path below the directory.
 * @throws EvidenceError as `Tree` does, `malformed` for an entry that is too long; WriteError
 */
export async function extendTree(
  directory: string,
  tree: Tree,
  entries: readonly Uint8Array[],
  files: readonly (readonly [path: string, content: string])[] = [],
): Promise<Extended> {
  const { tiles, edge } = grow(tree.edge, tree.size, entries.map(leafHash));
  const bundles = await bundlesWith(tree, entries);
  await writeBatch(directory, [
    ...files,
    ...tiles.map((tile) => [tilePath(tile), printTile(tile.hashes)] as const),
    ...bundles.map((bundle) => [tilePath(bundle), printBundle(bundle.entries)] as const),
  ]);
  return {
    size: tree.size + entries.length,
    root: rootOfEdge(edge),
    full: [...tiles, ...bundles].filter(({ width }) => width === full),
  };
}

/**
 * Removes the partial tiles whose full ones a published checkpoint commits to. Readers of older checkpoints take the full ones.
 */
export async function removeSuperseded(directory: string, tiles: readonly Tile[]): Promise<void> {
  const paths = tiles.map((tile) => join(directory, `${tilePath(tile)}.p`));
  await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
}

/** The bundles that entries make new or longer, from the partial one on that the log ends with. */
async function bundlesWith(
  tree: Tree,
  fresh: readonly Uint8Array[],
): Promise<readonly (Tile & { readonly entries: readonly Uint8Array[] })[]> {
  const first = Math.floor(tree.size / full);
  const entries = [...(tree.size % full > 0 ? await tree.bundle(first) : []), ...fresh];
  return Array.from({ length: Math.ceil(entries.length / full) }, (_, at) => {
    const part = entries.slice(at * full, (at + 1) * full);
    return { level: 'entries', index: first + at, width: part.length, entries: part };
  });
}
