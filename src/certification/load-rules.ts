import { readFile } from 'node:fs/promises';
import { Type } from 'typebox';
import { compile } from '../directory/schema.ts';
import { formatProblem } from '../directory/problem.ts';
import { shapeFindings } from '../directory/shape.ts';
import { readSource } from '../directory/source.ts';
import { CertificationError } from './error.ts';
import { defaultRules, Rules } from './rules.ts';

/** rules.yaml: what it leaves out is as in `defaultRules`. */
const check = compile(Type.Partial(Rules, { additionalProperties: false }));

/**
 * Reads rules.yaml. A file that is gone must not be replaced by rules that may be more lenient.
 * @throws CertificationError `bad-rules`, with a line `file:line:column  /pointer  message` for each mistake.
 */
export async function loadRules(path: string): Promise<Rules> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new CertificationError(
      'bad-rules',
      `${path} cannot be read (${code}); expected how certifications move, and be it an empty file`,
      { cause },
    );
  }
  return parseRules(text, path);
}

/**
 * Reads the text of rules.yaml.
 * @param file The path that mistakes name.
 * @throws CertificationError `bad-rules`
 */
export function parseRules(text: string, file: string): Rules {
  // A file with nothing but comments says nothing, and so asks for the default.
  if (text.split('\n').every((line) => /^\s*(?:#.*)?$/u.test(line))) return defaultRules;
  const source = readSource(text);
  const checked = check(source.data);
  const findings = checked.ok ? inconsistencies(checked.value) : shapeFindings(checked.errors);
  const problems = [
    ...source.problems,
    ...(source.problems.length > 0
      ? []
      : findings.map(({ at, ...finding }) => ({ ...finding, ...source.place(finding.pointer, at) }))),
  ];
  if (problems.length > 0 || !checked.ok)
    throw new CertificationError(
      'bad-rules',
      problems.map((problem) => formatProblem({ ...problem, file })).join('\n'),
    );
  return { ...defaultRules, ...checked.value };
}

function inconsistencies({ confirmation }: Partial<Rules>): ReturnType<typeof shapeFindings> {
  if (confirmation === undefined || confirmation.failures <= confirmation.runs) return [];
  return [
    {
      code: 'conflict',
      pointer: '/confirmation/failures',
      at: 'value',
      message: `expected at most the ${confirmation.runs} of runs, found ${confirmation.failures}: so many could never fail`,
    },
  ];
}
