import { createHash } from 'node:crypto';
import { EvidenceError } from './error.ts';

/**
 * The one form of a JSON value that is signed and logged: the JSON Canonicalization Scheme (RFC 8785). Members are sorted
 * by UTF-16 code units, numbers and strings are written as ECMAScript does. Members that are undefined are left out.
 * @throws EvidenceError `malformed` for what JSON cannot hold: NaN, infinities, lone surrogates, functions, holes in arrays,
 * instances of classes, cycles.
 */
export function canonical(value: unknown): string {
  return print(value, []);
}

/**
 * Reads a text that `canonical` printed, and no other.
 * @throws EvidenceError `malformed` for what is no JSON, `not-canonical` for any other spelling of it.
 */
export const parseCanonical = (text: string): unknown => checkCanonical(text, parseJson(text));

/** @throws EvidenceError `malformed` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EvidenceError('malformed', `expected JSON, got ${excerpt(text)}`, { cause });
  }
}

/**
 * The value of a text, if `canonical` prints it so. To print takes many times longer than to check a shape: what strangers
 * sent is checked for its shape first.
 * @throws EvidenceError as `canonical` does; `not-canonical`
 */
export function checkCanonical<T>(text: string, value: T): T {
  if (canonical(value) !== text)
    throw new EvidenceError(
      'not-canonical',
      `expected the canonical form of JSON (RFC 8785), got ${excerpt(text)}`,
    );
  return value;
}

/**
 * JSON from a stranger with nothing in it that cannot be signed: half of a surrogate pair, in a name or a value, becomes
 * U+FFFD.
 */
export function wellFormed<T>(value: T): T {
  const mend = (member: unknown): unknown => {
    if (typeof member === 'string') return member.toWellFormed();
    if (Array.isArray(member)) return member.map(mend);
    if (typeof member !== 'object' || member === null) return member;
    return Object.fromEntries(
      Object.entries(member).map(([name, each]) => [name.toWellFormed(), mend(each)]),
    );
  };
  return mend(value) as T;
}

/** SHA-256 of a text in UTF-8, or of bytes, in lower case hexadecimal. */
export function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function print(value: unknown, ancestors: readonly unknown[]): string {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed())
        throw new EvidenceError(
          'malformed',
          `expected Unicode text, got a lone surrogate in ${excerpt(value)}`,
        );
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value))
        throw new EvidenceError('malformed', `expected a number that JSON can hold, got ${value}`);
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object': {
      if (value === null) return 'null';
      if (ancestors.includes(value) || ancestors.length > 100)
        throw new EvidenceError(
          'malformed',
          'expected JSON of at most 100 levels, got a cycle or more of them',
        );
      const path = [...ancestors, value];
      if (Array.isArray(value)) return `[${Array.from(value, (each) => print(each, path)).join(',')}]`;
      // The members of a Date or a Map say nothing of it.
      if (![Object.prototype, null].includes(Object.getPrototypeOf(value)))
        throw new EvidenceError('malformed', 'expected plain data, got an instance of a class');
      const members = Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, member]) => `${print(name, path)}:${print(member, path)}`);
      return `{${members.join(',')}}`;
    }
    default:
      throw new EvidenceError('malformed', `expected a value that JSON can hold, got ${typeof value}`);
  }
}

const excerpt = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
