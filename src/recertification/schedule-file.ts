import { Type, type Static } from 'typebox';
import { formatProblem, printable, type Finding } from '../directory/problem.ts';
import { compile } from '../directory/schema.ts';
import { shapeFindings } from '../directory/shape.ts';
import { readSource } from '../directory/source.ts';
import { offsetAt } from './calendar.ts';
import { ScheduleError } from './schedule-error.ts';
import { defaultSchedule, Schedule } from './schedule.ts';

/** schedule.yaml: what it leaves out is as in `defaultSchedule`. */
export const ScheduleFile = Type.Partial(Schedule, { additionalProperties: false });
const check = compile(ScheduleFile);

/**
 * Reads the text of schedule.yaml.
 * @param file The path that mistakes name.
 * @throws ScheduleError with a line `file:line:column  /pointer  message` for each mistake.
 */
export function parseSchedule(text: string, file: string): Schedule {
  // A file with nothing but comments says nothing, and so asks for the default.
  if (text.split('\n').every((line) => /^\s*(?:#.*)?$/u.test(line))) return defaultSchedule;
  const source = readSource(text);
  const checked = check(source.data);
  const findings = checked.ok ? inconsistencies(checked.value) : shapeFindings(checked.errors);
  const problems =
    source.problems.length > 0
      ? source.problems
      : findings.map(({ at, ...finding }) => ({ ...finding, ...source.place(finding.pointer, at) }));
  if (problems.length > 0 || !checked.ok)
    throw new ScheduleError(problems.map((problem) => formatProblem({ ...problem, file })).join('\n'));
  return { ...defaultSchedule, ...checked.value };
}

function inconsistencies(file: Static<typeof ScheduleFile>): readonly Finding[] {
  const { routine, cadences = [], maintenance = [], run_minutes = defaultSchedule.run_minutes } = file;
  const rows = [
    ['', file],
    ['/routine', routine],
    ...cadences.map((row, index) => [`/cadences/${index}`, row] as const),
    ...maintenance.map((row, index) => [`/maintenance/${index}`, row] as const),
  ] as const;
  const zones = rows.flatMap(([pointer, row]) =>
    row !== undefined && 'time_zone' in row && !isZone(row.time_zone)
      ? [
          {
            code: 'bad-value',
            at: 'value',
            pointer: `${pointer}/time_zone`,
            message: `expected an IANA time zone such as Europe/Lisbon, found ${printable(row.time_zone)}`,
          } as const,
        ]
      : [],
  );
  const closures = maintenance.flatMap((row, index): Finding[] => {
    const message =
      'begins' in row
        ? row.begins < row.ends
          ? undefined
          : `expected an end after ${row.begins}, found ${row.ends}`
        : (row.weekdays ?? everyDay).length < everyDay.length || openMinutes(row) >= run_minutes
          ? undefined
          : `expected ${run_minutes} minutes of each day to be left, as a run may take so long, found ${openMinutes(row)}: nothing would ever run`;
    return message === undefined
      ? []
      : [
          {
            code: 'conflict',
            at: 'value',
            pointer: `/maintenance/${index}/${'begins' in row ? 'ends' : 'to'}`,
            message,
          },
        ];
  });
  return [...zones, ...closures];
}

const everyDay = Array.from({ length: 7 });

/** Minutes of a day that a stretch leaves; none where it begins and ends alike, and so lasts all day. */
function openMinutes({ from, to }: { readonly from: string; readonly to: string }): number {
  const [begins = 0, ends = 0] = [from, to].map((clock) => {
    const [hours, minutes] = clock.split(':');
    return Number(hours) * 60 + Number(minutes);
  });
  return (begins - ends + 1440) % 1440;
}

function isZone(name: string | undefined): boolean {
  if (name === undefined) return true;
  try {
    offsetAt(name, 0);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
