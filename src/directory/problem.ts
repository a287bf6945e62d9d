import { distance } from 'fastest-levenshtein';

/** The kinds of mistakes in an integration file. */
export type ProblemCode =
  | 'unreadable'
  | 'syntax'
  | 'duplicate-member'
  | 'unknown-member'
  | 'missing-member'
  | 'wrong-type'
  | 'bad-value'
  | 'bad-format'
  | 'secret'
  | 'missing-file'
  | 'conflict';

/** One mistake in an integration file. Line and column count from 1. */
export interface Problem {
  readonly code: ProblemCode;
  /** The file's path, as it was given. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** RFC 6901 JSON pointer; empty for the whole document. */
  readonly pointer: string;
  /** What was expected, what came, and what to do. Never a secret. */
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}

/** A mistake found in the data, before it has a place in a text. */
export interface Finding extends Pick<Problem, 'code' | 'pointer' | 'message' | 'suggestion'> {
  /** Whether the member's name or its value is to blame. */
  readonly at: 'name' | 'value';
}

/** An integration file that cannot be used, with every problem found in it. */
export class IntegrationError extends Error {
  override readonly name = 'IntegrationError';
  readonly code = 'integration-invalid';
  readonly fault = 'configuration';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join('\n'), options);
    this.problems = problems;
  }
}

/** One problem as a line: `file:line:column  /pointer  message (did you mean …?)`. */
export function formatProblem({ file, line, column, pointer, message, suggestion }: Problem): string {
  const hint = suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`;
  return `${file}:${line}:${column}  ${printable(pointer === '' ? '(document)' : pointer)}  ${message}${hint}`;
}

/**
 * The candidate that a mistyped name is nearest to, or undefined when none is near.
 * @param reach How many characters may differ.
 */
export function nearest(
  name: string,
  candidates: readonly string[],
  reach: number = Math.max(2, Math.floor(name.length / 3)),
): string | undefined {
  const wanted = folded(name);
  let best: string | undefined;
  let least = reach + 1;
  for (const candidate of candidates) {
    const apart = distance(wanted, folded(candidate));
    // Names as short as the distance itself have nothing in common.
    if (apart < least && apart < Math.max(wanted.length, candidate.length))
      [best, least] = [candidate, apart];
  }
  return best;
}

/** The pointer of a member or an entry. */
export function join(pointer: string, member: string | number): string {
  return `${pointer}/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The member names and positions that a pointer leads through. */
export function segments(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A name or value for a message: on one line, short, and without characters that act on a terminal. */
export function printable(text: string): string {
  const safe = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '�');
  return safe.length > 80 ? `${safe.slice(0, 79)}…` : safe;
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/gu, '');
}
