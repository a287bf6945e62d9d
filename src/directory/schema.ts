import { Ajv, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import type { Static, TSchema } from 'typebox';

/** What a validator finds: the typed value, or every error with its data and schema. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly ErrorObject[] };

/**
 * Compiles a schema to a validator that reports all errors at once and never alters the value.
 * @throws Error when the schema itself is wrong (strict mode).
 */
export function compile<T extends TSchema>(schema: T): (value: unknown) => Checked<Static<T>> {
  const ajv = new Ajv({ allErrors: true, strict: true, verbose: true, allowUnionTypes: true });
  formats.default(ajv);
  const validate = ajv.compile<Static<T>>(schema);
  return (value) => (validate(value) ? { ok: true, value } : { ok: false, errors: validate.errors ?? [] });
}

/** A schema as a document for editors and other readers: JSON Schema draft-07, indented, with a final newline. */
export function renderSchema(schema: TSchema): string {
  return `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...schema }, null, 2)}\n`;
}
