/** The strings, and all that gives a JSON text its structure. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gu;

/**
 * Names that stand more than once in one object of a JSON text (RFC 8259, section 4), whatever their spelling.
 * The text is known to parse.
 */
export function repeatedMembers(text: string): readonly string[] {
  const found: string[] = [];
  /** The names of the objects that are open; of a list, nothing. */
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const name: unknown = JSON.parse(last);
      const names = open.at(-1);
      if (names?.has(String(name))) found.push(String(name));
      names?.add(String(name));
    }
    last = token;
  }
  return found;
}
