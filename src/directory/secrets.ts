import type { Finding } from './problem.ts';
import { join } from './problem.ts';

const marks: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY/u, 'a private key (PEM)'],
  [/"kty"\s*:[^]*"[dk]"\s*:|"[dk]"\s*:[^]*"kty"\s*:/u, 'a private key (JWK)'],
  [/-----BEGIN /u, 'PEM text'],
];

const advice =
  'stands in this file; move it to a file of its own, refer to it with { file: path } or { env: NAME }, ' +
  'and replace it if others could read it';

/** What secret a text holds, or undefined. Certificates count: they belong in files as well. */
function secretIn(text: string): string | undefined {
  return marks.find(([mark]) => mark.test(text))?.[1];
}

/** Finds keys that were written where a reference belongs. The messages never quote them. */
export function secretFindings(data: unknown, pointer = ''): readonly Finding[] {
  const finding = (what: string): Finding[] => [
    { code: 'secret', pointer, at: 'value', message: `${what} ${advice}` },
  ];
  if (typeof data === 'string') {
    const what = secretIn(data);
    return what === undefined ? [] : finding(what);
  }
  if (typeof data !== 'object' || data === null) return [];
  if ('kty' in data && ('d' in data || 'k' in data)) return finding('a private key (JWK)');
  return Object.entries(data).flatMap(([name, value]) => {
    // A pasted key can end up as the name of a member: such a name is not repeated either.
    const what = secretIn(name);
    return what === undefined ? secretFindings(value, join(pointer, name)) : finding(what);
  });
}

/** The lines (from 1) of a text on which a private key begins: for comments, and for texts that cannot be parsed. */
export function secretLines(text: string): readonly { readonly line: number; readonly message: string }[] {
  return text.split('\n').flatMap((row, index) => {
    const what = marks.slice(0, 2).find(([mark]) => mark.test(row))?.[1];
    return what === undefined ? [] : [{ line: index + 1, message: `${what} ${advice}` }];
  });
}
