import { readFile, readdir } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { published } from '../report/publish.ts';
import type { CheckResult, Results } from '../report/results.ts';
import type { RunFile } from '../report/run-file.ts';
import type { ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { runCommand } from './run.ts';

/** Runs one check of a run again, with the same integration, profile and permissions, and shows all that was exchanged. */
export async function replayCommand(
  io: Io,
  run: string,
  check: string,
  { out, format }: { readonly out: string; readonly format: 'text' | 'json' },
): Promise<ExitCode> {
  const directory = await findRun(io, run, out);
  const recorded = JSON.parse(await readFile(join(directory, 'run.json'), 'utf8')) as RunFile;
  const results = JSON.parse(await readFile(join(directory, published.results), 'utf8')) as Results;
  if (!results.checks.some(({ id }) => id === check))
    throw new UsageError(
      `expected the id of a check of this run, got ${JSON.stringify(check)}; \`assay list checks\` shows them`,
    );
  const { edition, tier } = recorded.plan;
  const replayed: Results[] = [];
  const code = await runCommand(
    { ...io, write: (text) => void replayed.push(...(JSON.parse(text) as Results[])) },
    [recorded.integration],
    {
      profile: edition,
      only: [check],
      tier,
      workers: 1,
      format: 'json',
      out,
      privateNetwork: recorded.privateNetwork,
    },
  );
  const again = replayed[0]?.checks.find(({ id }) => id === check);
  if (format === 'json') io.write(`${JSON.stringify(again ?? null, undefined, 2)}\n`);
  else if (again) io.write(render(again));
  return code;
}

/**
 * The directory of a run: given as such, or found by its id below the reports.
 * @throws UsageError
 */
export async function findRun(io: Io, run: string, reports: string): Promise<string> {
  const out = resolve(io.cwd, reports);
  const candidates = [isAbsolute(run) ? run : resolve(io.cwd, run)];
  for (const integration of await readdir(out).catch(() => [])) candidates.push(join(out, integration, run));
  for (const directory of candidates)
    if (
      await readFile(join(directory, 'run.json')).then(
        () => true,
        () => false,
      )
    )
      return directory;
  throw new UsageError(
    `expected the directory or the id of a run, got ${JSON.stringify(run)}; runs are below ${out}`,
  );
}

function render(check: CheckResult): string {
  const lines = [
    `${check.verdict.toUpperCase()}  ${check.id}`,
    `            ${check.title}`,
    ...(['reason', 'expected', 'actual', 'hint'] as const).flatMap((name) =>
      check[name] === undefined ? [] : [`${name.padEnd(12)}${check[name]}`],
    ),
    '',
    ...check.exchanges.flatMap(({ id, purpose, edits, request, response, error }) => [
      `${id}. ${purpose}${edits.length > 0 ? ` (${edits.join(', ')})` : ''}`,
      `   > ${request.method} ${request.url}`,
      ...request.headers.map(({ name, value }) => `   > ${name}: ${value}`),
      ...(request.body === undefined ? [] : [`   > ${request.body}`]),
      ...(error ? [`   ! ${error.code}: ${error.message}`] : []),
      ...(response
        ? [
            `   < ${response.status}`,
            ...response.headers.map(({ name, value }) => `   < ${name}: ${value}`),
            ...(response.body === undefined ? [] : response.body.split('\n').map((line) => `   < ${line}`)),
          ]
        : []),
      '',
    ]),
  ];
  return `${lines.join('\n')}\n`;
}
