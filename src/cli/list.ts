import { editions } from '../profiles/editions.ts';
import { catalogue, requirementIds } from '../requirements/catalogue.ts';
import { exit, type ExitCode } from './exit.ts';
import type { Io } from './io.ts';
import { killTable } from './kill-table.ts';
import { peerCoverage, type Peer } from './peers.ts';
import { listChecks } from './suite-process.ts';

export const topics = ['requirements', 'checks', 'mutants', 'profiles', 'coverage'] as const;
export type Topic = (typeof topics)[number];

/** Prints a list, as a table for people or as JSON for programs. */
export async function listCommand(
  io: Io,
  topic: Topic,
  { format, peer }: { readonly format: 'text' | 'json'; readonly peer?: Peer },
): Promise<ExitCode> {
  const rows = peer === undefined ? await rowsOf(topic, io) : peerCoverage(peer, await listChecks(io.env));
  io.write(format === 'json' ? `${JSON.stringify(rows, undefined, 2)}\n` : table(rows));
  return exit.pass;
}

type Row = Readonly<Record<string, unknown>>;

async function rowsOf(topic: Topic, io: Io): Promise<readonly Row[]> {
  switch (topic) {
    case 'requirements':
      return requirementIds.map((id) => {
        const { level, party, text, link } = catalogue[id];
        return { id, level, role: party, text, link };
      });
    case 'checks':
      return (await listChecks(io.env)).map(({ id, title, requirements }) => ({
        id,
        title,
        suite: id.split('/').slice(0, -1).join('/'),
        requirements,
      }));
    case 'mutants':
      return killTable.map(({ name, fixture, breaks }) => ({ name, fixture, breaks }));
    case 'profiles':
      return Object.entries(editions).map(([id, { title, requirements, about }]) => ({
        id,
        title,
        requirements: requirements.length,
        about,
      }));
    case 'coverage': {
      const checks = await listChecks(io.env);
      return requirementIds.map((id) => {
        const { level, party, untested } = catalogue[id];
        return {
          id,
          role: party,
          level,
          checks: checks.filter(({ requirements }) => requirements.includes(id)).length,
          mutants: killTable.filter(({ breaks }) => breaks.includes(id)).length,
          ...(untested === undefined ? {} : { untested }),
        };
      });
    }
  }
}

/** Rows as aligned columns; the last column, which holds the longest texts, is left as it is. */
function table(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => names.map((name) => textOf(row[name])));
  const widths = names.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return `${[names, ...cells].map(line).join('\n')}\n`;
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return Array.isArray(value) ? value.join(' ') : String(value);
}
