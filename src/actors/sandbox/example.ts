import { sample } from 'openapi-sampler';
import {
  DescriptionError,
  isJson,
  members,
  mistakeIn,
  operationOf,
  resolve,
  type Described,
} from './description.ts';

/**
 * An answer to a call that is valid by its description: an example that stands there, or one that is made from the schema.
 * @throws DescriptionError when the call, its success in JSON, or a valid example is not there.
 */
export function exampleOf(described: Described): unknown {
  const { document, method, path } = described;
  const where = `${method} ${path}`;
  const operation = operationOf(described)?.operation;
  if (operation === undefined)
    throw new DescriptionError(
      'no-example',
      `expected ${where} in the API description, found none; mend the path, or give an answer`,
    );
  const responses = members(resolve(document, operation['responses']));
  const success = Object.keys(responses).find((status) => /^2(?:\d\d|XX)$/u.test(status));
  const content = members(members(resolve(document, responses[success ?? '']))['content']);
  const type = Object.keys(content).find(isJson);
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
    throw new DescriptionError(
      'no-example',
      `expected an example of the answer to ${where} that its schema admits, made one with: ${mistake}; give an answer in the integration file`,
    );
  return example;
}
