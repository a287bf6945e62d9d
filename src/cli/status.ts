import { join, resolve } from 'node:path';
import type { Certification } from '../certification/certification.ts';
import { effective, everyone } from '../certification/fold.ts';
import { loadRules } from '../certification/load-rules.ts';
import type { Standing } from '../certification/standing.ts';
import { openLog, type Indexed, type Log } from '../evidence/log.ts';
import { readVerifiers } from '../evidence/signer.ts';
import { standingFrom, type LoggedStanding } from '../gate/evidence-standing.ts';
import { instant, plural, visible } from '../report/text.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { operatorFiles } from './operator.ts';

/** Whose standings `assay status` tells. */
export interface StatusOptions {
  readonly evidence: string;
  readonly operator: string;
  /** Default: all that the log names. */
  readonly integration?: string;
  readonly format: 'text' | 'json';
}

/**
 * Tells how integrations stand, from an evidence directory alone. Exit code 4 where something that was logged of them is
 * missing or not to be believed.
 */
export async function statusCommand(io: Io, options: StatusOptions): Promise<ExitCode> {
  const operator = resolve(io.cwd, options.operator);
  const verifiers = await readVerifiers(join(operator, operatorFiles.verifiers));
  const rules = await loadRules(join(operator, operatorFiles.rules));
  const log = await openLog(resolve(io.cwd, options.evidence), verifiers.log);
  const logged = await byIntegration(log);
  const ids = options.integration === undefined ? [...logged.keys()] : [options.integration];
  const now = io.now();
  const found: LoggedStanding[] = [];
  for (const id of ids) {
    const entries = logged.get(id);
    if (entries === undefined)
      throw new UsageError(
        `expected the id of an integration in the log, got ${JSON.stringify(id)}; \`assay status\` shows them all`,
      );
    const standing = await standingFrom(
      { entries: () => listed(entries), envelope: (digest) => log.envelope(digest) },
      verifiers,
      id,
    );
    found.push({ ...standing, standing: effective(standing.standing, rules, now.toISOString()) });
  }
  const { origin, size } = log;
  if (options.format === 'json') {
    const integrations = found.map(({ standing, ...rest }) => ({ ...rest, ...standing }));
    io.write(
      `${JSON.stringify({ at: now.toISOString(), log: { origin, size }, integrations }, undefined, 2)}\n`,
    );
  } else {
    io.write(render(found, now));
    io.note(`The log ${origin} has ${plural(size, 'entry').replace(/entrys$/u, 'entries')}.\n`);
  }
  return found.some(({ completeness }) => completeness === 'incomplete') ? exit.inconclusive : exit.pass;
}

/** The entries of each integration with those that are for all, in one pass over the log. */
async function byIntegration(log: Log): Promise<ReadonlyMap<string, readonly Indexed[]>> {
  const all: Indexed[] = [];
  const logged = new Map<string, Indexed[]>();
  for await (const each of log.entries(0)) {
    const { integration } = each.entry;
    if (integration === everyone) {
      all.push(each);
      for (const entries of logged.values()) entries.push(each);
    } else {
      const entries = logged.get(integration) ?? [...all];
      entries.push(each);
      logged.set(integration, entries);
    }
  }
  return logged;
}

async function* listed(entries: readonly Indexed[]): AsyncIterable<Indexed> {
  yield* entries;
}

const columns = ['INTEGRATION', 'ENVIRONMENT', 'EDITION', 'STATE', 'SINCE', 'RUN', 'AGE'] as const;

function render(found: readonly LoggedStanding[], now: Date): string {
  const rows = found.flatMap((each) => rowsOf(each, now));
  const widths = columns.map((name, at) =>
    Math.max(name.length, ...rows.map(({ cells }) => cells[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = rows.flatMap(({ cells, notes }) => [
    line(cells),
    ...notes.map((note) => `    ${visible(note)}`),
  ]);
  return `${[line(columns), ...lines].join('\n')}\n`;
}

interface Row {
  readonly cells: readonly string[];
  /** Lines below it. */
  readonly notes: readonly string[];
}

/** A row for each certification, and one for each environment in which something else is known. */
function rowsOf({ standing, problems }: LoggedStanding, now: Date): readonly Row[] {
  const { integration, certifications } = standing;
  const others = [...standing.registrations, ...standing.holds, ...standing.waivers, ...standing.break_glass]
    .map(({ environment }) => environment)
    .filter((environment) => !certifications.some((each) => each.environment === environment));
  const rows = [
    ...certifications.map((each) => certificationRow(each, standing, now)),
    ...[...new Set(others)].map((environment) => ({
      cells: [integration, environment, '', 'uncertified'].map(visible),
      notes: [
        ...waiverNotes(standing, now, (waiver) => waiver.environment === environment),
        ...environmentNotes(standing, environment, now),
      ],
    })),
  ];
  const [first = { cells: [visible(integration)], notes: [] }, ...rest] = rows;
  const incomplete = problems.map((problem) => `incomplete: ${problem}`);
  return [{ ...first, notes: [...first.notes, ...incomplete] }, ...rest];
}

function certificationRow(certification: Certification, standing: Standing, now: Date): Row {
  const { edition, environment, state, since, basis, stale, suspicion, deadline } = certification;
  const { inconclusive_since: silent, failed, in_revision: disputes = [] } = certification;
  const age = basis === undefined ? '' : ageOf(basis.finished, now);
  return {
    cells: [standing.integration, environment, edition, state, instant(since), basis?.run ?? '', age].map(
      visible,
    ),
    notes: [
      ...(stale ? [`stale since ${instant(stale.since)}: ${stale.because}`] : []),
      ...(suspicion
        ? [
            `suspected of ${suspicion.requirements.join(', ')} since ${instant(suspicion.since)}: reruns ${suspicion.failed.length} failed, ${suspicion.passed.length} passed, until ${instant(suspicion.until)}`,
          ]
        : []),
      ...(failed ? [`failed ${failed.requirements.join(', ')}: ${failed.statement}`] : []),
      ...(deadline ? [`to be mended until ${instant(deadline)}`] : []),
      ...(silent ? [`no answer since ${instant(silent)}`] : []),
      ...disputes.map(
        ({ requirement, by, reason, since: disputed }) =>
          `disputed ${requirement} by ${by} since ${instant(disputed)}: ${reason}`,
      ),
      ...waiverNotes(
        standing,
        now,
        (waiver) => waiver.environment === environment && waiver.edition === edition,
      ),
      ...environmentNotes(standing, environment, now),
    ],
  };
}

const waiverNotes = (
  { waivers }: Standing,
  now: Date,
  which: (waiver: Standing['waivers'][number]) => boolean,
): readonly string[] =>
  waivers
    .filter(which)
    .map(({ requirement, owner, approver, expires, reason }) =>
      expires < now.toISOString()
        ? `the waiver of ${requirement} by ${approver} ended ${instant(expires)}`
        : `waived ${requirement} until ${instant(expires)} by ${approver}, owner ${owner}: ${reason}`,
    );

/** What is so of all editions. */
function environmentNotes(
  { holds, break_glass }: Standing,
  environment: Certification['environment'],
  now: Date,
): readonly string[] {
  return [
    ...holds
      .filter((hold) => hold.environment === environment && hold.ended === undefined)
      .map(({ act, actor, since, reason }) => `held by ${actor} (${act}) since ${instant(since)}: ${reason}`),
    ...break_glass
      .filter((glass) => glass.environment === environment && glass.until > now.toISOString())
      .map(({ actor, until, reason }) => `glass broken by ${actor} until ${instant(until)}: ${reason}`),
  ];
}

/** How long ago, in the largest unit of which there are two. */
function ageOf(iso: string, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - Date.parse(iso)) / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} d`;
}
