import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { sample } from 'openapi-sampler';

/** A call for which no answer can be made from an API description. */
export class ExampleError extends Error {
  override readonly name = 'ExampleError';
  readonly fault = 'configuration';
  readonly code = 'no-example';
}

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An answer to a call that is valid by its description: an example that stands there, or one that is made from the schema.
 * @param document A parsed OpenAPI document, 3.0 or 3.1; its references are within it.
 * @throws ExampleError when the call, its success in JSON, or a valid example is not there.
 */
export function exampleOf(document: unknown, method: string, path: string): unknown {
  const where = `${method} ${path}`;
  const operation = operationOf(document, method, path);
  if (operation === undefined)
    throw new ExampleError(
      `expected ${where} in the API description, found none; mend the path, or give an answer`,
    );
  const responses = members(resolve(document, operation['responses']));
  const success = Object.keys(responses).find((status) => /^2(?:\d\d|XX)$/u.test(status));
  const content = members(members(resolve(document, responses[success ?? '']))['content']);
  const type = Object.keys(content).find((each) => /^application\/(?:[\w.-]+\+)?json(?:$|\s*;)/u.test(each));
  if (type === undefined) return undefined;
  const media = members(content[type]);
  const schema = media['schema'];
  const example =
    media['example'] ??
    members(resolve(document, Object.values(members(media['examples']))[0]))['value'] ??
    sample(
      schema as Parameters<typeof sample>[0],
      { quiet: true, skipWriteOnly: true, enablePatterns: true },
      document as object,
    );
  const mistake = mistakeIn(example, schema, document);
  if (mistake !== undefined)
    throw new ExampleError(
      `expected an example of the answer to ${where} that its schema admits, made one with: ${mistake}; give an answer in the integration file`,
    );
  return example;
}

function operationOf(document: unknown, method: string, path: string): Members | undefined {
  const paths = members(members(document)['paths']);
  // The address of the API may end within the path of the description's server.
  const found = Object.keys(paths)
    .filter((each) => each !== '' && path.endsWith(each))
    .toSorted((one, other) => other.length - one.length)[0];
  const operation = members(resolve(document, paths[found ?? '']))[method.toLowerCase()];
  return isMembers(operation) ? operation : undefined;
}

/** Follows a reference within the document (RFC 6901). */
function resolve(document: unknown, value: unknown, depth = 0): unknown {
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

function mistakeIn(value: unknown, schema: unknown, document: unknown): string | undefined {
  const described = { ...members(document), ...members(schema), $id: 'description' };
  const validate = ajv.compile(described);
  // It would keep each.
  ajv.removeSchema(described);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

const members = (value: unknown): Members => (isMembers(value) ? value : {});
