import type { Problem } from '../directory/problem.ts';
import type { Checked } from '../directory/schema.ts';
import { shapeFindings } from '../directory/shape.ts';
import { readSource, type Place } from '../directory/source.ts';
import type { PolicySource } from './cedar.ts';
import type { PolicyProblem } from './error.ts';

/** What a YAML text says, or every mistake in it; and where its members stand. */
export function readYaml<T>(
  { file, text }: PolicySource,
  check: (data: unknown) => Checked<T>,
): {
  readonly value: T | undefined;
  readonly problems: readonly PolicyProblem[];
  readonly place: (pointer: string) => Place;
} {
  const source = readSource(text);
  const checked = source.problems.length > 0 ? undefined : check(source.data);
  const findings =
    checked?.ok === false
      ? shapeFindings(checked.errors).map(({ at, ...finding }) => ({
          ...finding,
          ...source.place(finding.pointer, at),
        }))
      : source.problems;
  return {
    value: checked?.ok === true ? checked.value : undefined,
    problems: findings.map(({ line, column, ...rest }) => ({ file, line, column, message: tell(rest) })),
    place: (pointer) => source.place(pointer, 'value'),
  };
}

const tell = ({
  pointer,
  message,
  suggestion,
}: Pick<Problem, 'pointer' | 'message' | 'suggestion'>): string =>
  `${pointer === '' ? '' : `${pointer}  `}${message}${suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`}`;
