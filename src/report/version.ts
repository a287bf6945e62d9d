import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The package is two rooms up from its sources, three from its compiled form. */
const manifest = ['../..', '../../..']
  .map((up) => join(import.meta.dirname, up, 'package.json'))
  .find((path) => existsSync(path));

/** Version of Assay. */
export const version: string =
  manifest === undefined
    ? 'unknown'
    : (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
