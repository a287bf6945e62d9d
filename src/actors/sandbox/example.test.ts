import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { parse } from 'yaml';
import { descriptionFile } from '../../../fixtures/resource-server/description.ts';
import { readDescription } from './description.ts';
import { exampleOf } from './example.ts';

const described = (content: object, components: object = {}): object => ({
  openapi: '3.1.0',
  paths: { '/things/{id}': { get: { responses: { default: {}, 200: { content } } } } },
  components,
});

const text = { type: 'string', minLength: 3 };

test('an answer is made from the description of the reference API', async () => {
  const document: unknown = parse(await readFile(descriptionFile, 'utf8'));
  expect(exampleOf({ document, method: 'GET', path: '/accounts' })).toMatchObject({
    data: [{ accountId: expect.any(String), balance: { currency: expect.stringMatching(/^[A-Z]{3}$/u) } }],
  });
});

test('an example that stands there is taken', () => {
  const schema = { $ref: '#/components/schemas/Thing' };
  const components = { schemas: { Thing: { type: 'object', properties: { name: text } } } };
  for (const given of [{ example: { name: 'one' } }, { examples: { first: { value: { name: 'one' } } } }])
    expect(
      exampleOf({
        document: described({ 'application/json': { schema, ...given } }, components),
        method: 'GET',
        path: '/v1/things/{id}',
      }),
    ).toEqual({ name: 'one' });
});

test('an answer without JSON has no body', () => {
  expect(
    exampleOf({ document: described({ 'text/csv': {} }), method: 'GET', path: '/things/{id}' }),
  ).toBeUndefined();
});

test('what cannot be made is told of', () => {
  const document = described({ 'application/json': { schema: text, example: 'a' } });
  for (const [method, path, message] of [
    ['POST', '/things/{id}', 'expected POST /things/{id} in the API description'],
    ['GET', '/others', 'expected GET /others in the API description'],
    ['GET', '/things/{id}', 'must NOT have fewer than 3 characters'],
  ] as const)
    expect(() => exampleOf({ document, method, path })).toThrow(message);
});

test('a description that cannot be used is a matter of configuration', () => {
  const broken = { fault: 'configuration', code: 'unreadable' };
  const caught = (use: () => unknown): unknown => {
    try {
      return use();
    } catch (error) {
      return error;
    }
  };
  expect(caught(() => readDescription('a: [', 'api.yaml'))).toMatchObject({
    ...broken,
    message: expect.stringContaining('expected an OpenAPI document in api.yaml'),
  });
  const schema = { type: 'string', minLength: 'three' };
  const document = described({ 'application/json': { schema, example: 'abc' } });
  expect(caught(() => exampleOf({ document, method: 'GET', path: '/things/{id}' }))).toMatchObject({
    ...broken,
    message: expect.stringContaining('minLength'),
  });
});
