import type { ErrorObject } from 'ajv';
import type { Finding } from './problem.ts';
import { join, nearest, printable, segments } from './problem.ts';

/** The part of a JSON Schema that messages are made from. */
interface Shape {
  readonly type?: string;
  readonly const?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
}

/** What a schema's errors (from `compile`) say to the author of the document: one finding for each mistake. */
export function shapeFindings(errors: readonly ErrorObject[]): readonly Finding[] {
  const { left, findings } = narrow(errors);
  const all = [...findings, ...left.map(describe)];
  return all.filter(
    (finding, index) => !mistyped(finding, all) && all.findIndex((other) => same(other, finding)) === index,
  );
}

function same(a: Finding, b: Finding): boolean {
  return a.pointer === b.pointer && a.code === b.code;
}

/** A member is not missing when it stands there with a mistyped name: that is said already. */
export function mistyped(finding: Finding, all: readonly Finding[]): boolean {
  const missing = segments(finding.pointer).at(-1);
  return (
    finding.code === 'missing-member' &&
    all.some(
      ({ code, pointer, suggestion }) =>
        code === 'unknown-member' && suggestion === missing && parent(pointer) === parent(finding.pointer),
    )
  );
}

function parent(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf('/'));
}

/** Keeps of each union's errors only those of the branch that was meant; where none was, says so itself. */
function narrow(errors: readonly ErrorObject[]): {
  left: readonly ErrorObject[];
  findings: readonly Finding[];
} {
  let left = errors;
  const findings: Finding[] = [];
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf');
  for (const union of unions.toSorted((a, b) => a.schemaPath.length - b.schemaPath.length)) {
    // It lies in a branch that was not meant.
    if (!left.includes(union)) continue;
    const branches: readonly Shape[] = Array.isArray(union.schema) ? union.schema : [];
    const meant = branchMeant(branches, union.data);
    if (typeof meant !== 'number')
      findings.push({ ...meant, pointer: union.instancePath + (meant.pointer ?? '') });
    const kept = typeof meant === 'number' ? `${union.schemaPath}/${meant}/` : undefined;
    left = left.filter((error) => {
      const inside =
        error.schemaPath.startsWith(`${union.schemaPath}/`) &&
        (error.instancePath === union.instancePath ||
          error.instancePath.startsWith(`${union.instancePath}/`));
      return error !== union && (!inside || (kept !== undefined && error.schemaPath.startsWith(kept)));
    });
  }
  return { left, findings };
}

type Unmeant = Omit<Finding, 'pointer'> & { readonly pointer?: string };

/** The index of the branch that a value was meant for, or why it fits none. */
function branchMeant(branches: readonly Shape[], data: unknown): number | Unmeant {
  const ways = branches.flatMap(waysOf);
  const tag = Object.entries(branches[0]?.properties ?? {}).find(
    ([, { const: value }]) => value !== undefined,
  )?.[0];
  if (tag !== undefined) return branchTagged(branches, tag, data);
  if (!isRecord(data)) {
    const hidden =
      typeof data === 'string' ? 'text. The text is not shown, as it may be a secret' : kindOf(data);
    return { code: 'wrong-type', at: 'value', message: `expected ${ways.join(' or ')}, found ${hidden}` };
  }
  // A union inside this one has an error, and so a choice, of its own.
  const inner = branches.findIndex(({ anyOf }) => anyOf !== undefined);
  if (inner !== -1) return inner;
  const leads = branches.map((branch) => branch.required?.[0]);
  const present = leads.flatMap((lead, index) => (lead !== undefined && lead in data ? [index] : []));
  if (present.length > 1) {
    const names = present.map((index) => leads[index]).join(' and ');
    return { code: 'conflict', at: 'value', message: `${names} exclude each other; keep one` };
  }
  if (present[0] !== undefined) return present[0];
  const names = branches.flatMap(({ properties }) => Object.keys(properties ?? {}));
  for (const name of Object.keys(data)) {
    const suggestion = nearest(name, names);
    if (suggestion === undefined) continue;
    const known = branches.findIndex(
      ({ properties }) => properties !== undefined && suggestion in properties,
    );
    // A right name without its companion is the branch's own error to tell.
    if (suggestion === name) return known;
    return {
      pointer: join('', name),
      code: 'unknown-member',
      at: 'name',
      message: unknown(name),
      suggestion,
    };
  }
  return { code: 'wrong-type', at: 'value', message: `expected ${ways.join(' or ')}, found other members` };
}

function waysOf(branch: Shape): readonly string[] {
  if (branch.anyOf !== undefined) return branch.anyOf.flatMap(waysOf);
  return [branch.type === 'object' ? `{ ${branch.required?.[0] ?? ''}: … }` : kind(branch.type)];
}

/** As `branchMeant`, for branches that a constant member (`driver`) tells apart. */
function branchTagged(branches: readonly Shape[], tag: string, data: unknown): number | Unmeant {
  const values = branches.map(({ properties }) => String(properties?.[tag]?.const));
  const list = values.join(', ');
  if (!isRecord(data))
    return {
      code: 'wrong-type',
      at: 'value',
      message: `expected members with ${tag}: ${list}; found ${kindOf(data)}`,
    };
  if (!(tag in data)) {
    const name = Object.keys(data).find((other) => nearest(other, [tag]) !== undefined);
    if (name !== undefined)
      return {
        pointer: join('', name),
        code: 'unknown-member',
        at: 'name',
        message: unknown(name),
        suggestion: tag,
      };
    return {
      pointer: `/${tag}`,
      code: 'missing-member',
      at: 'name',
      message: `missing member ${tag}: one of ${list}`,
    };
  }
  const value = data[tag];
  const index = values.indexOf(typeof value === 'string' ? value : '');
  if (index !== -1) return index;
  const suggestion = typeof value === 'string' ? nearest(value, values) : undefined;
  return {
    pointer: `/${tag}`,
    code: 'bad-value',
    at: 'value',
    message: `expected one of ${list}, found ${shown(value)}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function describe(error: ErrorObject): Finding {
  const { keyword, instancePath, data } = error;
  const shape: Shape = isShape(error.parentSchema) ? error.parentSchema : {};
  const params: Readonly<Record<string, unknown>> = error.params;
  const about = shape.description === undefined ? '' : ` ${shape.description}`;
  const here = (code: Finding['code'], message: string): Finding => ({
    code,
    pointer: instancePath,
    at: 'value',
    message,
  });
  switch (keyword) {
    case 'required': {
      const name = String(params['missingProperty']);
      const what = shape.properties?.[name]?.description;
      const message = `missing member ${name}${what === undefined ? '' : `: ${what}`}`;
      return { code: 'missing-member', pointer: join(instancePath, name), at: 'name', message };
    }
    case 'additionalProperties': {
      const name = String(params['additionalProperty']);
      const known = Object.keys(shape.properties ?? {});
      const free = known.filter((other) => !isRecord(data) || !(other in data));
      const suggestion = nearest(name, free);
      return {
        code: 'unknown-member',
        pointer: join(instancePath, name),
        at: 'name',
        message:
          suggestion === undefined ? `${unknown(name)}; known here: ${known.join(', ')}` : unknown(name),
        ...(suggestion === undefined ? {} : { suggestion }),
      };
    }
    case 'type': {
      const quotes = kind(params['type']) === 'text' && ['number', 'boolean'].includes(typeof data);
      const advice = quotes
        ? '; put it in quotes'
        : data === null
          ? '; give a value, or remove the member'
          : instancePath === ''
            ? '; is a colon missing?'
            : '';
      return here('wrong-type', `expected ${kind(params['type'])}, found ${kindOf(data)}${advice}`);
    }
    case 'enum':
    case 'const': {
      const values = (shape.enum ?? [shape.const]).map(String);
      const suggestion = typeof data === 'string' ? nearest(data, values) : undefined;
      const list = values.length > 12 ? `the ${values.length} known values` : values.join(', ');
      const message = `expected one of ${list}, found ${shown(data)}`;
      if (suggestion === undefined) return here('bad-value', `${message}.${about}`);
      return { ...here('bad-value', message), suggestion };
    }
    case 'format':
    case 'pattern': {
      // What stands in place of the name of a variable may be the secret itself.
      const found = instancePath.endsWith('/env') ? 'another text' : shown(data);
      return here(
        'bad-format',
        `expected ${formats[String(params['format'] ?? params['pattern'])] ?? 'another form'}, found ${found}.${about}`,
      );
    }
    case 'minLength':
      return here('bad-format', `expected some text, found none.${about}`);
    case 'minItems':
      return here(
        'missing-member',
        `expected at least ${String(params['limit'])}, found ${lengthOf(data)}.${about}`,
      );
    case 'maxItems':
      return here(
        'bad-value',
        `expected at most ${String(params['limit'])}, found ${lengthOf(data)}.${about}`,
      );
    case 'uniqueItems': {
      const twice = Math.max(Number(params['i']), Number(params['j']));
      return {
        ...here('bad-value', 'this entry stands in the list twice; keep one'),
        pointer: join(instancePath, twice),
      };
    }
    default:
      return here('bad-value', `${error.message ?? keyword}.${about}`);
  }
}

/** What the formats and patterns of the schema ask for. */
const formats: Readonly<Record<string, string>> = {
  uri: 'an absolute URL',
  date: 'a real date as YYYY-MM-DD',
  '^https://': 'an absolute https URL',
  '^/': 'a path that starts with /',
  '^[^/:\\s]+(:[0-9]+)?$': 'a host, or host:port, without https:// and path',
  '^[A-Za-z_][A-Za-z0-9_]*$': 'the name of an environment variable',
};

function unknown(name: string): string {
  return `unknown member ${printable(name)}`;
}

/** A value for a message; only short plain texts are repeated, as others may hold a secret. */
function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return kindOf(value);
  const plain = value.length <= 80 && !/[\n@]/u.test(value);
  return plain ? `"${printable(value)}"` : 'another text';
}

function kind(type: unknown): string {
  const kinds: Record<string, string> = {
    string: 'text',
    object: 'members (name: value)',
    array: 'a list',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
  };
  return kinds[String(type)] ?? String(type);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return kind(typeof value);
}

function lengthOf(data: unknown): number {
  return Array.isArray(data) ? data.length : 0;
}

function isShape(value: unknown): value is Shape {
  return isRecord(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
