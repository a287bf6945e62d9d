import {
  policySetTextToParts,
  policyToJson,
  policyToText,
  validate,
  type DetailedError,
  type PolicyJson,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { PolicyProblem } from './error.ts';
import { schema } from './facts.ts';

/** A file of policies. */
export interface PolicySource {
  readonly file: string;
  readonly text: string;
}

/** One policy of a file, understood. */
export interface ParsedPolicy {
  readonly json: PolicyJson;
  /** As it stands in the file. */
  readonly text: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The policies of a file in their order, and all that is wrong with it. */
export function parsePolicies({ file, text }: PolicySource): {
  readonly policies: readonly ParsedPolicy[];
  readonly problems: readonly PolicyProblem[];
} {
  const bytes = Buffer.from(text);
  const locate = (start: number): Pick<PolicyProblem, 'line' | 'column'> => {
    const before = bytes.subarray(0, start).toString('utf8').split('\n');
    return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
  };
  const spell = (error: DetailedError, base: number): PolicyProblem => {
    const start = base + (error.sourceLocations?.[0]?.start ?? 0);
    return { file, ...locate(start), message: explain(error, bytes.subarray(0, start).toString('utf8')) };
  };
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure')
    return { policies: [], problems: parts.errors.flatMap(withRelated).map((error) => spell(error, 0)) };
  const problems: PolicyProblem[] = parts.policy_templates.map((template) => ({
    file,
    ...locate(bytes.indexOf(template)),
    message: 'a template (?principal or ?resource) is never asked; write out whom the rule is for',
  }));
  const policies: ParsedPolicy[] = [];
  const starts = new Set<number>();
  for (const part of parts.policies) {
    // The parts come in no useful order; two alike are at two places.
    let start = bytes.indexOf(part);
    while (starts.has(start)) start = bytes.indexOf(part, start + 1);
    starts.add(start);
    const parsed = policyToJson(part);
    if (parsed.type === 'failure') {
      problems.push(...parsed.errors.map((error) => spell(error, start)));
      continue;
    }
    policies.push({ json: parsed.json, text: part, file, ...locate(start) });
    problems.push(...refusals(parsed.json).map((message) => ({ file, ...locate(start), message })));
    const validated = validate({ schema, policies: { staticPolicies: { policy: part } } });
    const found =
      validated.type === 'failure'
        ? validated.errors
        : [...validated.validationErrors, ...validated.validationWarnings].map(({ error }) => error);
    problems.push(...found.map((error) => spell(error, start)));
  }
  const inOrder = <P extends { line: number; column: number }>(one: P, other: P): number =>
    one.line - other.line || one.column - other.column;
  const unique = problems.filter(
    (problem, index) =>
      problems.findIndex(({ line, column }) => line === problem.line && column === problem.column) === index,
  );
  return { policies: policies.toSorted(inOrder), problems: unique.toSorted(inOrder) };
}

const withRelated = (error: DetailedError): readonly DetailedError[] => [error, ...(error.related ?? [])];

/** What Cedar permits and a gate that nothing may open by being absent does not. */
function refusals({ effect, conditions, annotations = {} }: PolicyJson): readonly string[] {
  const { id } = annotations;
  return [
    ...(effect === 'forbid'
      ? [
          'expected permit, got forbid: a rule that needs a fact in order to deny allows where the fact is missing; put its opposite into the conditions of the permits',
        ]
      : []),
    ...(conditions.some(({ kind }) => kind === 'unless')
      ? [
          'expected when, got unless: what must not be the case is met where nothing is known; say what must be the case',
        ]
      : []),
    ...(id === undefined || !/^[a-z0-9]+(?:-[a-z0-9]+)*$/u.test(id)
      ? [
          `expected @id("…") of lower case letters, digits and hyphens before the policy, ${id === undefined ? 'found none' : `got ${JSON.stringify(id)}`}; decisions name it`,
        ]
      : []),
    ...(id !== undefined && reserved.includes(id)
      ? [`the id ${id} is what decisions say where no rule allows; choose another`]
      : []),
  ];
}

/** What a decision says instead of the id of a policy. */
export const reserved: readonly string[] = [
  'no-rule',
  'not-registered',
  'no-evidence',
  'break-glass',
  'incomplete-log',
  'policy-error',
];

/** Cedar's message, and what to do where it does not say so itself. */
function explain({ message, help, sourceLocations }: DetailedError, before: string): string {
  const said = message.replace(/^for policy `policy`[,:] /u, '');
  if (/\d\.$|[=<>(&|,\s]\.?$/u.test(before) && /unexpected token `(?:\d|\.)/u.test(message))
    return 'expected a whole number, got one with a fraction; Cedar counts in whole numbers only: round it';
  if (message.startsWith('integer parse error'))
    return 'expected a number of at most 18 digits, got a larger one';
  if (message.includes('unexpected end of input'))
    return 'the policy ends too early; is a ; missing, or a part of the file?';
  if (said.startsWith('policy is impossible'))
    return 'no request can ever meet this policy; look for a condition that contradicts another, or a fact that does not exist';
  const label = sourceLocations?.[0]?.label;
  const advice = help ?? (label === null || label === undefined ? undefined : label);
  return advice === undefined ? said : `${said}; ${advice}`;
}

/** A condition as Cedar prints it. */
export function printCondition(body: PolicyJson['conditions'][number]['body']): string {
  const printed = policyToText({
    effect: 'permit',
    principal: { op: 'All' },
    action: { op: 'All' },
    resource: { op: 'All' },
    conditions: [{ kind: 'when', body }],
  });
  const text = printed.type === 'success' ? printed.text : '';
  return /\bwhen \{ (?<condition>.*) \};$/su.exec(text)?.groups?.['condition'] ?? JSON.stringify(body);
}
