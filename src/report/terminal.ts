import { join } from 'node:path';
import { styleText } from 'node:util';
import type { Verdict } from '../verdict/verdict.ts';
import { published } from './publish.ts';
import type { CheckResult, RequirementResult, Results } from './results.ts';
import { cut, duration, plural, visible } from './text.ts';
import { clauses, faultNames, headline, measured, tally, verdictNames } from './view.ts';

/** How a summary is shown. */
export interface SummaryOptions {
  readonly colour: 'on' | 'off';
  /** Columns of the terminal; at most 110 are used. */
  readonly width: number;
  /** The directory of the run, as the person would type it. */
  readonly directory: string;
}

type Paint = (tone: keyof typeof tones, text: string) => string;
interface Page extends SummaryOptions {
  readonly paint: Paint;
}

const tones = {
  pass: 'green',
  fail: 'red',
  warn: 'yellow',
  inconclusive: 'magenta',
  'not-applicable': 'gray',
  bold: 'bold',
  soft: 'gray',
} as const;

/** Columns of the names in front of what is explained: `Expected   status 400`. */
const indent = 14;
/** Ids that one line of a group names before it says how many more there are. */
const named = 8;
/** Further checks of a requirement that are told one by one. */
const several = 4;

/**
 * What a person sees at the end of a run: the verdict, the counts, every requirement that failed, warned or could not be
 * judged with all that is needed to act, and where the report is. Lines are at most `width` columns, except paths and words
 * that are longer by themselves. Ends with a line feed.
 */
export function renderSummary(results: Results, options: SummaryOptions): string {
  const paint: Paint = (tone, text) =>
    options.colour === 'on' ? styleText(tones[tone], text, { validateStream: false }) : text;
  const page: Page = { ...options, width: Math.max(40, Math.min(110, options.width)), paint };
  const told = attended(results);
  const lines = [
    ...told.flatMap((group) => explained(results, group, page)),
    ...unjudged(results, page),
    ...verdict(results, page),
    field('Report', join(options.directory, published.html), page),
  ];
  return `${lines.join('\n')}\n`;
}

/** Requirements that did not pass for one and the same reason. */
interface Group {
  readonly first: RequirementResult;
  readonly check: CheckResult;
  readonly others: readonly RequirementResult[];
}

/** Failures, then what could not be judged, warnings and waived failures; what stays unjudged for one reason is told once. */
function attended({ requirements, checks }: Results): readonly Group[] {
  const byId = new Map(checks.map((check) => [check.id, check]));
  const groups = new Map<
    string,
    { first: RequirementResult; check: CheckResult; others: RequirementResult[] }
  >();
  for (const requirement of clauses(requirements).flatMap((clause) => clause.requirements)) {
    const check = culpritOf(requirement, byId);
    if (check === undefined) continue;
    const alone = requirement.verdict !== 'inconclusive';
    const key = alone ? requirement.id : `${check.fault}: ${check.reason}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: requirement, check, others: [] });
    else group.others.push(requirement);
  }
  return [...groups.values()].toSorted(
    (a, b) => order.indexOf(label(a.first)) - order.indexOf(label(b.first)),
  );
}

const order: readonly string[] = ['FAIL', 'INCONCLUSIVE', 'WARN', 'WAIVED'];

function label({ verdict, waiver }: RequirementResult): string {
  return waiver === undefined ? verdictNames[verdict].toUpperCase() : 'WAIVED';
}

/** The executed check that kept a requirement from passing. */
function culpritOf(
  { checks, verdict }: RequirementResult,
  byId: ReadonlyMap<string, CheckResult>,
): CheckResult | undefined {
  if (verdict === 'pass' || verdict === 'not-applicable') return undefined;
  const executed = checks.flatMap((id) => byId.get(id) ?? []).filter((check) => check.executed);
  const same = executed.find((check) => check.verdict === verdict);
  return same ?? executed.find((check) => check.verdict === 'fail' || check.verdict === 'inconclusive');
}

function explained(results: Results, { first, check, others }: Group, page: Page): readonly string[] {
  const { paint, directory, width } = page;
  const waiver = first.waiver;
  const fault = check.fault ?? first.fault;
  const siblings = results.checks.filter(
    ({ id, verdict, executed }) =>
      id !== check.id && executed && verdict === check.verdict && first.checks.includes(id),
  );
  const rows: [string, string | undefined][] = [
    ['Check', `${check.title} (${check.file}:${check.line})`],
    ['Expected', check.expected],
    ['Actual', check.actual],
    ['Reason', check.expected === undefined ? (check.reason ?? first.reason) : undefined],
    ['Fault', fault === undefined ? undefined : `${fault}: ${faultNames[fault]}`],
    ['To do', check.hint],
    [
      'Waived',
      waiver === undefined ? undefined : `until ${waiver.expires} by ${waiver.approver}: ${waiver.reason}`,
    ],
    ...siblings.slice(0, several).map((other): [string, string] => ['And', brief(other)]),
    [
      'And',
      siblings.length > several ? `${siblings.length - several} more checks of this requirement` : undefined,
    ],
    ['Same for', others.length === 0 ? undefined : some(others.map(({ id }) => id))],
    ['Exchanges', check.exchanges.length === 0 ? undefined : join(directory, published.har)],
  ];
  const head = wrap(`${label(first).padEnd(indent)}${first.id}  ${visible(first.text)}`, width, indent);
  const replay = command(['assay', 'replay', quoted(directory), quoted(check.id)], page);
  return [
    ...head.map((line, index) =>
      index === 0
        ? `${paint(first.verdict, line.slice(0, indent))}${paint('bold', line.slice(indent))}`
        : paint('bold', line),
    ),
    ...rows.flatMap(([name, text]) => (text === undefined ? [] : field(name, text, page))),
    ...replay,
    '',
  ];
}

function brief({ title, fault, verdict, reason }: CheckResult): string {
  return `${title} (${fault ?? verdict})${reason === undefined ? '' : `: ${reason}`}`;
}

/** What no verdict says anything about, in a few lines. */
function unjudged({ requirements, checks }: Results, page: Page): readonly string[] {
  const executed = new Set(checks.filter((check) => check.executed).map(({ id }) => id));
  const idle = requirements.filter((requirement) => !requirement.checks.some((id) => executed.has(id)));
  const groups: [string, readonly RequirementResult[]][] = [
    ['Not applicable', idle.filter(({ verdict }) => verdict === 'not-applicable')],
    ['Without a check', idle.filter((each) => each.verdict !== 'not-applicable' && each.checks.length === 0)],
    [
      'Checks not executed',
      idle.filter((each) => each.verdict !== 'not-applicable' && each.checks.length > 0),
    ],
  ];
  const lines = groups.flatMap(([name, members]) =>
    members.length === 0
      ? []
      : wrap(`  ${name}: ${members.length} (${some(members.map(({ id }) => id))})`, page.width, 4),
  );
  return lines.length === 0 ? [] : [page.paint('bold', 'NOT JUDGED'), ...lines, ''];
}

function verdict(results: Results, page: Page): readonly string[] {
  const { run, integration, profile, fault, reason } = results;
  const { word, tone, limits } = headline(results);
  const head = `${word.toUpperCase()}  ${integration.partner}/${integration.integration}, ${integration.environment}, ${profile.title}`;
  const variant = [profile.client_authentication, profile.sender_constraint, profile.protocol].join(', ');
  const took =
    run.finished === undefined
      ? 'did not finish'
      : duration(Date.parse(run.finished) - Date.parse(run.started));
  return [
    ...wrap(visible(head), page.width, 2).map((line) => page.paint(tone, page.paint('bold', line))),
    ...field('Reason', reason, page),
    ...(fault === undefined ? [] : field('Fault', `${fault}: ${faultNames[fault]}`, page)),
    ...limits.flatMap((limit) => field('Limit', limit, page)),
    ...field('Edition', profile.about, page),
    ...field('Variant', variant, page),
    ...measured(results.checks.flatMap((check) => check.measured ?? [])).flatMap((each) =>
      field('Measured', each, page),
    ),
    ...field('Checks', `${shares(results.checks)}; ${took}`, page),
    ...field(
      'Profile',
      `${shares(results.requirements)} of ${plural(results.requirements.length, 'requirement')}`,
      page,
    ),
  ];
}

function shares(items: readonly { verdict: Verdict }[]): string {
  const parts = tally(items).map(({ verdict, count }) => `${count} ${verdictNames[verdict].toLowerCase()}`);
  return parts.join(', ');
}

function field(name: string, text: string, { width, paint }: Page): string[] {
  const { shown, left } = cut(visible(text), 600);
  const lines = wrap(`  ${name.padEnd(indent - 2)}${shown}${left === 0 ? '' : '… (cut)'}`, width, indent);
  return lines.map((line, index) =>
    index === 0 ? `${paint('soft', line.slice(0, indent))}${line.slice(indent)}` : line,
  );
}

/** A command to copy. Where it is too long for a line it is continued, so that what is copied still runs. */
function command(words: readonly string[], { width, paint }: Page): string[] {
  const start = `  ${'Replay'.padEnd(indent - 2)}`;
  const lines = wrap(`${start}${words.join(' ')}`, width - 2, indent + 2);
  return lines.map((line, index) => {
    const continued = index < lines.length - 1 ? `${line} \\` : line;
    return index === 0 ? `${paint('soft', start)}${continued.slice(start.length)}` : continued;
  });
}

function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/u.test(word) ? word : `'${visible(word).replaceAll("'", String.raw`'\''`)}'`;
}

function some(ids: readonly string[]): string {
  return ids.length <= named
    ? ids.join(', ')
    : `${ids.slice(0, named).join(', ')} and ${ids.length - named} more`;
}

/** Breaks a text at spaces; every line but the first begins with `hang` spaces. Line feeds in it are kept. */
function wrap(text: string, width: number, hang: number): string[] {
  const margin = ' '.repeat(hang);
  const lines: string[] = [];
  for (const [index, paragraph] of text.split('\n').entries()) {
    let line = index === 0 ? '' : margin;
    for (const word of paragraph.match(/\s*\S+/gu) ?? []) {
      if (line.trim() !== '' && line.length + word.length > width) {
        lines.push(line);
        line = margin + word.trimStart();
      } else line += line === margin ? word.trimStart() : word;
    }
    lines.push(line);
  }
  return lines;
}
