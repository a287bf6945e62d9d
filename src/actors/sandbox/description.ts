import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

export type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The members of an object; of anything else, none. */
export const members = (value: unknown): Members => (isMembers(value) ? value : {});

/** A call in a parsed OpenAPI document, 3.0 or 3.1, whose references are within it. */
export interface Described {
  readonly document: unknown;
  readonly method: string;
  /** `{name}` stands for one segment. */
  readonly path: string;
}

/** The path item of a call, and its operation; undefined where there is none. */
export function operationOf({ document, method, path }: Described) {
  const paths = members(members(document)['paths']);
  // The address of the API may end within the path of the description's server.
  const found = Object.keys(paths)
    .filter((each) => each !== '' && path.endsWith(each))
    .toSorted((one, other) => other.length - one.length)[0];
  const item = members(resolve(document, paths[found ?? '']));
  const operation = item[method.toLowerCase()];
  return isMembers(operation) ? { item, operation } : undefined;
}

/** Follows a reference within the document (RFC 6901). */
export function resolve(document: unknown, value: unknown, depth = 0): unknown {
  const reference = members(value)['$ref'];
  if (typeof reference !== 'string' || !reference.startsWith('#/') || depth > 20) return value;
  const target = reference
    .slice(2)
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((inner, name) => (isMembers(inner) ? inner[name] : undefined), document);
  return resolve(document, target, depth + 1);
}

// One for all descriptions: it costs more to make than to use.
const ajv = formats.default(new Ajv2020({ strict: false, logger: false }));

/** Why a schema of the document does not admit a value; undefined where it does. */
export function mistakeIn(value: unknown, schema: unknown, document: unknown): string | undefined {
  const described = { ...members(document), ...members(schema), $id: 'description' };
  const validate = ajv.compile(described);
  // It would keep each.
  ajv.removeSchema(described);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

/** Whether a media type is JSON. */
export const isJson = (type: string): boolean => /^application\/(?:[\w.-]+\+)?json(?:$|\s*;)/iu.test(type);
