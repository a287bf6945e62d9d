import { EvidenceError, type EvidenceErrorCode } from './error.ts';

/** Draws that a seed determines: xorshift, which is enough to wander through texts and nothing else. */
export interface Draw {
  /** An integer from 0 up to, and without, the limit. */
  below(limit: number): number;
  /** One of them. @throws RangeError of none. */
  one<T>(of: readonly T[]): T;
}

export function drawFrom(seed: number): Draw {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  return {
    below,
    one<T>(of: readonly T[]): T {
      if (of.length === 0) throw new RangeError('expected something to draw from');
      return of[below(of.length)] as T;
    },
  };
}

/** Changes a text; it may come out as it went in. */
export type Edit = (text: string, draw: Draw) => string;

const strange = [
  '\n',
  ' ',
  '\t',
  '\r\n',
  '\0',
  '\u00A0',
  '\uFEFF',
  '\uD800',
  'ä',
  '/',
  '+',
  '=',
  '-',
  '_',
  '0',
  '"',
];

function splice(text: string, at: number, removed: number, added = ''): string {
  return text.slice(0, at) + added + text.slice(at + removed);
}

/** Edits of any text, which know nothing of its format. */
export const textEdits: Readonly<Record<string, Edit>> = {
  flipBit(text, draw) {
    const at = draw.below(text.length);
    return splice(text, at, 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << draw.below(7))));
  },
  replace: (text, draw) => splice(text, draw.below(text.length), 1, text.charAt(draw.below(text.length))),
  insert: (text, draw) =>
    splice(
      text,
      draw.below(text.length + 1),
      0,
      draw.one([...strange, text.charAt(draw.below(text.length))]),
    ),
  remove: (text, draw) => splice(text, draw.below(text.length), 1 + draw.below(4)),
  swap(text, draw) {
    const [first, second] = [draw.below(text.length), draw.below(text.length)];
    const swapped = splice(text, first, 1, text.charAt(second));
    return splice(swapped, second, 1, text.charAt(first));
  },
  repeat(text, draw) {
    const at = draw.below(text.length);
    return splice(text, at, 0, text.slice(at, at + 1 + draw.below(40)));
  },
  truncate: (text, draw) => text.slice(0, draw.below(text.length)),
  append: (text, draw) => text + draw.one([...strange, text]),
  prepend: (text, draw) => draw.one(strange) + text,
  trim: (text) => text.trim(),
};

/** What is fuzzed: texts that are accepted, how to change them, and what reads them. */
export interface Fuzzed {
  readonly texts: readonly string[];
  readonly edits: Readonly<Record<string, Edit>>;
  /** Reads a text. @throws EvidenceError when it refuses. */
  readonly read: (text: string) => unknown;
  /** Every text that may be accepted. */
  readonly legitimate: ReadonlySet<string>;
}

/** How many mutated texts were refused, by the code of the refusal. */
export interface Refusals {
  readonly count: number;
  readonly codes: Readonly<Partial<Record<EvidenceErrorCode, number>>>;
}

/**
 * Mutates texts, one edit or two at a time, until so many others than the legitimate ones have been refused.
 * @throws Error when one is accepted, or refused by anything but an EvidenceError.
 */
export function refuseAll({ texts, edits, read, legitimate }: Fuzzed, count: number, draw: Draw): Refusals {
  for (const text of texts) read(text);
  const codes: Partial<Record<EvidenceErrorCode, number>> = {};
  const names = Object.keys(edits);
  for (let refused = 0, idle = 0; refused < count;) {
    const applied = Array.from({ length: draw.below(8) === 0 ? 2 : 1 }, () => draw.one(names));
    const mutant = applied.reduce(
      (text, name) => (text === '' ? text : (edits[name]?.(text, draw) ?? text)),
      draw.one(texts),
    );
    if (legitimate.has(mutant)) {
      idle += 1;
      if (idle > 1000 + 10 * count)
        throw new Error('the edits change too little: nearly all their outcomes are legitimate');
      continue;
    }
    const code = refusal(mutant, read);
    if (code === undefined)
      throw new Error(`accepted after ${applied.join(' and ')}: ${JSON.stringify(mutant)}`);
    codes[code] = (codes[code] ?? 0) + 1;
    refused += 1;
  }
  return { count, codes };
}

function refusal(text: string, read: Fuzzed['read']): EvidenceErrorCode | undefined {
  try {
    read(text);
    return undefined;
  } catch (error) {
    if (error instanceof EvidenceError) return error.code;
    throw new Error(`neither accepted nor refused as evidence: ${JSON.stringify(text)}`, { cause: error });
  }
}
