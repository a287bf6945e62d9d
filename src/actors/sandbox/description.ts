import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';

/** An API description that cannot be gone by. */
export class DescriptionError extends Error {
  override readonly name = 'DescriptionError';
  readonly fault = 'configuration';
  readonly code: 'unreadable' | 'no-example';

  constructor(code: DescriptionError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Reads an OpenAPI document, YAML or JSON.
 * @param where The path or URL that the error names.
 * @throws DescriptionError
 */
export function readDescription(text: string, where: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const [reason = ''] = String(cause instanceof Error ? cause.message : cause).split('\n');
    throw new DescriptionError('unreadable', `expected an OpenAPI document in ${where}, but: ${reason}`, {
      cause,
    });
  }
}

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

/**
 * Why a schema of the document does not admit a value; undefined where it does.
 * @throws DescriptionError for what is no schema.
 */
export function mistakeIn(value: unknown, schema: unknown, document: unknown): string | undefined {
  const described = { ...members(document), ...members(schema), $id: 'description' };
  const validate = compiled(described);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

function compiled(schema: object) {
  try {
    return ajv.compile(schema);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DescriptionError(
      'unreadable',
      `expected schemas in the API description that can be used; mend it, or leave openapi out: ${reason}`,
      { cause },
    );
  } finally {
    // It would keep each.
    ajv.removeSchema(schema);
  }
}

/** Whether a media type is JSON. */
export const isJson = (type: string): boolean => /^application\/(?:[\w.-]+\+)?json(?:$|\s*;)/iu.test(type);
