import { stringify } from 'yaml';

/** A text as a YAML scalar on one line. JSON's texts are YAML's as well. */
export function value(text: string): string {
  return /\p{Cc}/u.test(text) ? JSON.stringify(text) : stringify(text, { lineWidth: 0 }).trimEnd();
}

/** Texts as a YAML list on one line. */
export function list(texts: readonly string[]): string {
  const entries = texts.map((text) => (/^[\w./-]+$/u.test(text) ? value(text) : JSON.stringify(text)));
  return `[${entries.join(', ')}]`;
}

/** A text for a comment: on one line. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, '');
}
