import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSource } from '../directory/source.ts';
import { writeAllure } from './allure.ts';
import { replaceDirectory, sweep, WriteError, writeAtomically } from '../files/atomic.ts';
import { renderHar } from './har.ts';
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import { pictureDirectory, type PictureFiles } from './pictures.ts';
import type { Results } from './results.ts';
import { renderSarif, type SarifOptions } from './sarif.ts';

/** What belongs to a run besides its result document. */
export interface PublishOptions extends Partial<SarifOptions> {
  /** Contents of the pictures that the result document names. */
  readonly pictures?: PictureFiles;
}

/** Names of what `publish` writes, within the directory of the run. */
export const published = {
  html: 'report.html',
  junit: 'junit.xml',
  sarif: 'results.sarif',
  har: 'exchanges.har',
  allure: 'allure-results',
  results: 'results.json',
} as const;

/**
 * Writes the result document of a run and every view of it. Each is replaced as a whole, and results.json comes last: where
 * it says that the run is complete, all the others are there and are of that run. Doing it again changes nothing.
 * @param options Where pointers into the integration file are found (without it the file itself is read), and pictures.
 * @throws WriteError
 */
export async function publish(
  directory: string,
  results: Results,
  options: PublishOptions = {},
): Promise<void> {
  const { pictures = new Map() } = options;
  const path = (name: keyof typeof published) => join(directory, published[name]);
  const made = pictures.size === 0 ? directory : join(directory, pictureDirectory);
  await mkdir(made, { recursive: true }).catch((cause: unknown) => {
    throw new WriteError(made, cause);
  });
  await Promise.all(
    [...Object.values(published), ...pictures.keys()].map((name) => sweep(join(directory, name))),
  );
  const lineOf = options.lineOf ?? (await linesOf(results.integration.file));
  for (const [name, content] of pictures) await writeAtomically(join(directory, name), content);
  await writeAtomically(path('html'), renderHtml(results, pictures));
  await writeAtomically(path('junit'), renderJunit(results));
  await writeAtomically(path('sarif'), renderSarif(results, { lineOf }));
  await writeAtomically(path('har'), renderHar(results));
  await replaceDirectory(path('allure'), (temporary) => writeAllure(temporary, results));
  await writeAtomically(path('results'), `${JSON.stringify(results, undefined, 2)}\n`);
}

/**
 * Writes what a run is as long as nothing else is known: a results.json and a page that say that it was interrupted. A run
 * that is killed at once leaves these.
 * @throws WriteError
 */
export async function announce(directory: string, results: Results): Promise<void> {
  await writeAtomically(join(directory, published.html), renderHtml(results));
  await writeAtomically(join(directory, published.results), `${JSON.stringify(results, undefined, 2)}\n`);
}

/** Lines of an integration file; all are the first one when it is no longer there. */
async function linesOf(file: string): Promise<SarifOptions['lineOf']> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const source = readSource(text);
  return (pointer) => Math.max(1, source.place(pointer, 'name').line);
}
