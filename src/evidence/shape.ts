import type { ErrorObject } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { compile, type Checked } from '../directory/schema.ts';
import { EvidenceError } from './error.ts';

const validators = new WeakMap<TSchema, (value: unknown) => Checked<unknown>>();

/**
 * The value, if it has the shape of a schema.
 * @param what What was expected, with its article, for the message.
 * @throws EvidenceError `malformed`, naming the first members that are wrong, never what they hold.
 */
export function shaped<S extends TSchema>(schema: S, value: unknown, what: string): Static<S> {
  const validate = validators.get(schema) ?? compile(schema, 'first');
  validators.set(schema, validate);
  const checked = validate(value);
  if (!checked.ok)
    throw new EvidenceError(
      'malformed',
      `expected ${what}, but ${checked.errors.slice(0, 3).map(say).join('; ')}`,
    );
  return checked.value as Static<S>;
}

function say({ instancePath, message, params }: ErrorObject): string {
  const named: unknown = params['additionalProperty'];
  return `${instancePath === '' ? 'the whole' : instancePath} ${message}${typeof named === 'string' ? ` (${named})` : ''}`;
}
