import { Ajv, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import type { Static, TSchema } from 'typebox';

/** What a validator finds: the typed value, or every error with its data and schema. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly ErrorObject[] };

/**
 * Compiles a schema to a validator that never alters the value.
 * @param report `first` stops at the first error: a stranger's value could have a million of them.
 * @throws Error when the schema itself is wrong (strict mode).
 */
export function compile<T extends TSchema>(
  schema: T,
  report: 'all' | 'first' = 'all',
): (value: unknown) => Checked<Static<T>> {
  const ajv = new Ajv({ allErrors: report === 'all', strict: true, verbose: true, allowUnionTypes: true });
  formats.default(ajv);
  const validate = ajv.compile<Static<T>>(schema);
  return (value) => (validate(value) ? { ok: true, value } : { ok: false, errors: validate.errors ?? [] });
}

/** A schema as a document for editors and other readers: JSON Schema draft-07, indented, with a final newline. */
export function renderSchema(schema: TSchema): string {
  return `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...schema }, null, 2)}\n`;
}
