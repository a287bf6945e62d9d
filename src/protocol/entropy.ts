/**
 * An upper bound on the entropy of secrets, in bits, from samples: the length of what differs between them, at the
 * number of bits that its alphabet can carry. Values that count up, repeat, or share most of their text come out
 * low; a source that is weak in another way may still come out high, so a pass is necessary and not sufficient.
 */
export function secretBits(samples: readonly string[]): number {
  if (new Set(samples).size < samples.length || samples.length < 2) return 0;
  const varying = withoutShared(samples);
  const letters = varying.join('');
  const alphabet = alphabets.find(([of]) => of.test(letters))?.[1] ?? 95;
  const shortest = Math.min(...varying.map((each) => each.length));
  return sequential(varying) ? 0 : shortest * Math.log2(alphabet);
}

/** From the smallest: few samples do not show every letter of the alphabet that they are drawn from. */
const alphabets: readonly (readonly [of: RegExp, size: number])[] = [
  [/^[0-9]*$/u, 10],
  [/^(?:[0-9a-f]*|[0-9A-F]*)$/u, 16],
  [/^(?:[a-z2-7]*|[A-Z2-7]*)$/u, 32],
  [/^(?:[0-9a-z]*|[0-9A-Z]*)$/u, 36],
  [/^[0-9A-Za-z]*$/u, 62],
  [/^[\w+/=.-]*$/u, 64],
];

/** The samples without the positions at which all of them agree. */
function withoutShared(samples: readonly string[]): readonly string[] {
  const [first = ''] = samples;
  const varies = (at: number): boolean => samples.some((each) => each[at] !== first[at]);
  const longest = Math.max(...samples.map((each) => each.length));
  const positions = Array.from({ length: longest }, (_, at) => at).filter(varies);
  return samples.map((each) => positions.map((at) => each[at] ?? '').join(''));
}

/** Whether values that are numbers stand close together, as counters and clocks do. */
function sequential(values: readonly string[]): boolean {
  if (!values.every((each) => /^[0-9a-f]+$/iu.test(each))) return false;
  const numbers = values.map((each) => BigInt(`0x${each}`)).toSorted((a, b) => (a < b ? -1 : 1));
  const span = (numbers.at(-1) ?? 0n) - (numbers[0] ?? 0n);
  return span < 2n ** 64n;
}
