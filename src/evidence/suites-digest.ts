import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { canonical, digestOf } from './canonical.ts';
import { EvidenceError } from './error.ts';

/**
 * The digest of the checks that ran: of path and content of each source file below a directory, sorted by path. Tests of the
 * suites themselves and the kill table, which has a digest of its own, are not among them.
 * @throws EvidenceError `unusable-directory` when the directory cannot be read, or holds no check.
 */
export async function suitesDigest(directory: string): Promise<string> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile() && /(?<!\.test|\.d)\.[jt]s$/u.test(entry.name))
      .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
    if (!paths.some((path) => /\.spec\.[jt]s$/u.test(path)))
      throw new EvidenceError(
        'unusable-directory',
        `expected checks (*.spec.ts) in ${directory}, found none`,
      );
    const files = await Promise.all(
      paths.map(async (path) => ({
        path: path.split(sep).join('/'),
        sha256: digestOf(await readFile(join(directory, path))),
      })),
    );
    return digestOf(canonical(files.toSorted((one, other) => (one.path < other.path ? -1 : 1))));
  } catch (cause) {
    if (cause instanceof EvidenceError) throw cause;
    throw new EvidenceError('unusable-directory', `the suites in ${directory} cannot be read`, { cause });
  }
}
