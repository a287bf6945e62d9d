import { linear, nearEachOther, rank, type View } from './entropy-numbers.ts';

/** What samples show of the secret that they were made from. */
export interface Estimate {
  /** At most so many bits of entropy. */
  readonly bits: number;
  /** What bounds them. */
  readonly because: string;
}

/** So many samples show enough of a secret of 128 bits. */
export const enough = 200;

/** So few show least: what repeats, what follows from a short state, and letters that hardly differ. */
export const fewest = 50;

/**
 * An upper bound on the entropy of secrets, from samples in the order in which they were made. Of several ways to look
 * at them the lowest counts: letters that differ, and how evenly; values that come near each other, repeat, count, step or
 * are linear in few unknowns. What is signed, as a JWT, has the entropy of its parts together.
 *
 * A pass is necessary and not sufficient: the hash of a counter looks like chance. A fail is sure: for samples of 128 even
 * bits, in any encoding, each way leaves so much room for chance that it would take 2^40 runs to see one below 128. A
 * version 4 UUID has 122 bits (RFC 9562, section 5.4).
 * @throws RangeError when there are fewer samples than `fewest`.
 */
export function secretBits(samples: readonly string[]): Estimate {
  if (samples.length < fewest)
    throw new RangeError(`expected at least ${fewest} samples, got ${samples.length}`);
  if (new Set(samples).size < samples.length) return { bits: 0, because: 'a value comes again' };
  const parts = partsOf(samples).map(boundOf);
  const [most] = parts.toSorted((a, b) => b.bits - a.bits);
  return {
    bits: parts.reduce((sum, { bits }) => sum + bits, 0),
    because: most?.because ?? 'nothing varies',
  };
}

/** The parts of compact serializations, such as JWTs; elsewhere the whole. */
function partsOf(samples: readonly string[]): readonly (readonly string[])[] {
  const split = samples.map((each) => each.split('.'));
  const count = split[0]?.length ?? 0;
  if (!split.every(({ length }) => length === count)) return [samples];
  return Array.from({ length: count }, (_, at) => split.map((parts) => parts[at] ?? ''));
}

function boundOf(part: readonly string[]): Estimate {
  const samples = withoutShared(part);
  if (samples.every((each) => each === '')) return { bits: 0, because: 'nothing varies' };
  const letters = [...new Set(samples.join(''))].join('');
  const spread = byLetters(samples, letters);
  const views = [spread, repeats(samples, letters, spread.bits)];
  for (const view of [rank, nearEachOther, linear] satisfies readonly View[])
    views.push(view(samples, letters));
  const [lowest = spread] = views.toSorted((a, b) => a.bits - b.bits);
  return lowest;
}

/** The samples without the positions at which all of them agree. */
function withoutShared(samples: readonly string[]): readonly string[] {
  const varying = columnsOf(samples).flatMap((column, at) =>
    column.some((letter) => letter !== column[0]) ? [at] : [],
  );
  return samples.map((each) => varying.map((at) => each[at] ?? '').join(''));
}

const columnsOf = (samples: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: Math.max(...samples.map(({ length }) => length)) }, (_, at) =>
    samples.map((each) => each[at] ?? ''),
  );

/** From the smallest: a position need not show every letter of the alphabet that it is drawn from. */
const alphabets: readonly (readonly [of: RegExp, size: number])[] = [
  [/^[0-9]*$/u, 10],
  [/^(?:[0-9a-f]*|[0-9A-F]*)$/u, 16],
  [/^(?:[a-z2-7]*|[A-Z2-7]*|[0-9A-V]*|[0-9a-v]*|[0-9A-HJKMNP-TV-Z]*)$/u, 32],
  [/^(?:[0-9a-z]*|[0-9A-Z]*)$/u, 36],
  [/^[0-9A-Za-z]*$/u, 62],
  [/^(?:[\w-]*|[0-9A-Za-z+/]*)$/u, 64],
  [/^[\w+/=.~-]*$/u, 69],
];

const capacity = (letters: string): number =>
  Math.log2(alphabets.find(([of]) => of.test(letters))?.[1] ?? 95);

/**
 * What the letters can carry: position by position, and all positions as if drawn from one urn, whose bias more letters
 * show. Positions that say the same of all samples in other letters, as a block that is repeated, count once.
 */
function byLetters(samples: readonly string[], letters: string): Estimate {
  const most = capacity(letters);
  const columns = [...new Map(columnsOf(samples).map((column) => [pattern(column), column])).values()];
  const single = columns.reduce((sum, column) => sum + Math.min(most, evenness(column)), 0);
  const together = columns.length * Math.min(most, evenness(columns.flat()));
  return single <= together
    ? { bits: single, because: 'few characters differ between values' }
    : { bits: together, because: 'some characters come more often than others' };
}

/** Which samples have the same letter at a position, whatever the letter. */
function pattern(column: readonly string[]): string {
  const known = new Map<string, number>();
  return column.map((letter) => known.get(letter) ?? known.set(letter, known.size).size - 1).join();
}

/** Standard deviations that chance is given: it goes beyond them once in 2^50. */
const deviations = 8;

/** The entropy of letters by their shares, at the upper end of what chance may hide. */
function evenness(letters: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const letter of letters) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  if (counts.size === 1) return 0;
  let [entropy, square] = [0, 0];
  for (const count of counts.values()) {
    const share = count / letters.length;
    entropy -= share * Math.log2(share);
    square += share * Math.log2(share) ** 2;
  }
  // The entropy that samples show is too low, by a chi-square of as many degrees of freedom (its upper end: Wilson and Hilferty).
  const free = counts.size - 1;
  const chiSquare = free * (1 - 2 / (9 * free) + deviations * Math.sqrt(2 / (9 * free))) ** 3;
  const variance = Math.max(0, square - entropy ** 2);
  return (
    entropy + chiSquare / (2 * letters.length * Math.LN2) + deviations * Math.sqrt(variance / letters.length)
  );
}

/** Chance repeats no run of so many bits within some hundred values. */
const run = 80;

/** What is not repeated, within a value or from another one, wherever it stands. */
function repeats(samples: readonly string[], letters: string, bits: number): Estimate {
  const length = Math.ceil(run / capacity(letters));
  const seen = new Map<string, number>();
  const runs = samples.map((each) =>
    Array.from({ length: Math.max(0, each.length - length + 1) }, (_, at) => each.slice(at, at + length)),
  );
  for (const each of runs.flat()) seen.set(each, (seen.get(each) ?? 0) + 1);
  let [all, repeated] = [0, 0];
  for (const [at, sample] of samples.entries()) {
    const own = runs[at] ?? [];
    let end = 0;
    for (let from = 0; from < own.length; from += 1) {
      if ((seen.get(own[from] ?? '') ?? 0) < 2) continue;
      repeated += from + length - Math.max(end, from);
      end = from + length;
    }
    all += sample.length;
  }
  return { bits: bits * (1 - repeated / all), because: 'the same text stands in several places' };
}
