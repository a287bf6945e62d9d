import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A JSON file of the suites, which stand beside the sources; undefined where it does not exist. */
export function readSuiteData(name: string): unknown {
  const path = ['../..', '../../..']
    .map((up) => join(import.meta.dirname, up, 'suites', name))
    .find((each) => existsSync(each));
  return path === undefined ? undefined : JSON.parse(readFileSync(path, 'utf8'));
}
