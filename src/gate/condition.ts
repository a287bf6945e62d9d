import type { Expr, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';

/** A way to a fact in the context of a request, as `['production', 'fapi2-sp-flows-1', 'waived']`. */
export type Path = readonly string[];

/** A `when` clause, taken apart at its outermost `&&`: each part must be met by itself. */
export function conditionsOf({ conditions }: PolicyJson): readonly Expr[] {
  const parts = (body: Expr): readonly Expr[] =>
    '&&' in body && isBinary(body['&&']) ? [...parts(body['&&'].left), ...parts(body['&&'].right)] : [body];
  return conditions.flatMap(({ body }) => parts(body));
}

const isBinary = (value: unknown): value is { readonly left: Expr; readonly right: Expr } =>
  isRecord(value) && 'left' in value && 'right' in value;

/** The facts that an expression looks at, each once, in the order of the text. */
export function pathsOf(expression: unknown): readonly Path[] {
  const found = new Map(walk(expression).map((path) => [path.join('.'), path]));
  return [...found.values()];
}

function walk(node: unknown): readonly Path[] {
  const path = pathTo(node);
  if (path !== undefined) return [path];
  return isRecord(node) || Array.isArray(node) ? Object.values(node).flatMap(walk) : [];
}

function pathTo(node: unknown): Path | undefined {
  if (!isRecord(node)) return undefined;
  if (node['Var'] === 'context') return [];
  const access = node['.'];
  if (!isRecord(access) || typeof access['attr'] !== 'string') return undefined;
  const before = pathTo(access['left']);
  return before === undefined ? undefined : [...before, access['attr']];
}

/** The numbers and texts that an expression compares with. */
export function literalsOf(expression: unknown): readonly (number | string)[] {
  if (Array.isArray(expression)) return expression.flatMap(literalsOf);
  if (!isRecord(expression)) return [];
  const literal = expression['Value'];
  if (typeof literal === 'number' || typeof literal === 'string') return [literal];
  return Object.values(expression).flatMap(literalsOf);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
