import type { Row } from './database.ts';
import { StoreError } from './error.ts';

class Json {
  readonly text: string;

  constructor(value: unknown) {
    this.text = JSON.stringify(value) ?? 'null';
  }
}

/** A parameter for a jsonb column whatever the value is: a list and a text would else be an SQL array and JSON text. */
export const jsonb = (value: unknown): object => new Json(value);

/**
 * A parameter in PostgreSQL's text format: a Date as a timestamp, a list as an SQL array, another object as JSON, undefined
 * as null.
 */
export function encode(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (value instanceof Json) return value.text;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return `{${value.map(elementOf).join(',')}}`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function elementOf(value: unknown): string {
  const text = encode(value);
  if (text === null) return 'NULL';
  return Array.isArray(value) ? text : `"${text.replaceAll(/["\\]/gu, String.raw`\$&`)}"`;
}

// By the object ids that PostgreSQL gives its types; they are the same in every database.
const readers: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  20: integerOf,
  21: Number,
  23: Number,
  26: Number,
  700: Number,
  701: Number,
  114: (text): unknown => JSON.parse(text),
  3802: (text): unknown => JSON.parse(text),
  1184: instantOf,
};

/** A result as PostgreSQL sends it: text by column. */
export interface Wire {
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/**
 * Rows as values: bigint as number, timestamptz as Date, json as what it holds; types that are not known here stay text.
 * @throws StoreError `failed` for an integer beyond 2^53 and for an infinite timestamp.
 */
export function decode({ columns, rows }: Wire): readonly Row[] {
  return rows.map((row) =>
    Object.fromEntries(
      columns.map(({ name, type }, index) => {
        const text = row[index] ?? null;
        const read = readers[type];
        return [name, text === null || read === undefined ? text : read(text)];
      }),
    ),
  );
}

function integerOf(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new StoreError('failed', `expected an integer of at most 2^53 from the database, got ${text}`);
  return value;
}

function instantOf(text: string): Date {
  // 2026-01-31 12:00:00.123456+00; ECMAScript wants the T, and the minutes of the offset.
  const value = new Date(text.replace(' ', 'T').replace(/[+-]\d\d$/u, '$&:00'));
  if (Number.isNaN(value.getTime()))
    throw new StoreError('failed', `expected a point in time from the database, got ${text}`);
  return value;
}
