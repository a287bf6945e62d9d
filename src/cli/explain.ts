import { catalogue, findRequirement, requirementIds, type RequirementId } from '../requirements/catalogue.ts';
import { fixFor } from '../requirements/fixes.ts';
import { nearest } from '../directory/problem.ts';
import type { CheckRecord } from '../report/assemble.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { killTable } from './kill-table.ts';
import { listChecks } from './suite-process.ts';

/** Tells what a requirement or a check is about: what is demanded, why, how it is tested, what proves that the test can fail. */
export async function explainCommand(io: Io, id: string, format: 'text' | 'json'): Promise<ExitCode> {
  const checks = await listChecks(io.env);
  const check = checks.find((each) => each.id === id);
  if (check === undefined && findRequirement(id) === undefined) {
    const meant = nearest(id, [...requirementIds, ...checks.map((each) => each.id)], 20);
    throw new UsageError(
      `expected the id of a requirement or a check, got ${JSON.stringify(id)}${meant === undefined ? '' : ` (did you mean ${meant}?)`}; \`assay list requirements\` and \`assay list checks\` show them`,
    );
  }
  const value = check === undefined ? aboutRequirement(id as RequirementId, checks) : aboutCheck(check);
  io.write(format === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : render(value));
  return exit.pass;
}

type About = Readonly<Record<string, string | readonly string[] | undefined>>;

function aboutRequirement(id: RequirementId, checks: readonly CheckRecord[]): About {
  const { level, party, text, why, link, untested } = catalogue[id];
  return {
    requirement: id,
    level: `${level}, ${party === 'all' ? 'everybody' : party.replaceAll('-', ' ')}`,
    demands: text,
    why,
    'what to do': untested === undefined ? fixFor(id) : undefined,
    specification: link,
    'not tested': untested,
    checks: checks
      .filter(({ requirements }) => requirements.includes(id))
      .map((check) => `${check.id}: ${check.title}`),
    mutants: killTable
      .filter(({ breaks }) => breaks.includes(id))
      .map(({ name, killedBy }) => `${name}, convicted by ${killedBy.join(', ')}`),
  };
}

function aboutCheck({ id, title, file, line, requirements, conditions, tier }: CheckRecord): About {
  return {
    check: id,
    states: title,
    source: `suites/${file}:${line}`,
    'applies to': conditions.map((alternatives) => alternatives.join(' or ')),
    waits: tier === 'full' ? 'for something to expire; it is part of the full tier only' : undefined,
    requirements: requirements.map((requirement) => `${requirement}: ${catalogue[requirement].text}`),
    why: requirements.map((requirement) => catalogue[requirement].why),
    'what to do': requirements.map((requirement) => fixFor(requirement)),
    specification: requirements.map((requirement) => catalogue[requirement].link),
    mutants: killTable.filter(({ killedBy }) => killedBy.includes(id)).map(({ name }) => name),
  };
}

function render(about: About): string {
  return Object.entries(about)
    .flatMap(([name, value]) => {
      const lines = typeof value === 'string' ? [value] : (value ?? []);
      return lines.map((line, at) => `${(at === 0 ? name : '').padEnd(15)}${line}\n`);
    })
    .join('');
}
