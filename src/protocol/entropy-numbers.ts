import type { Estimate } from './entropy.ts';

/** One way to look at samples, of which `letters` are all that occur. */
export type View = (samples: readonly string[], letters: string) => Estimate;

const digits = '0123456789';
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const lower = upper.toLowerCase();

/** Alphabets in the order of their values, from the smallest. */
const encodings: readonly string[] = [
  digits,
  `${digits}abcdef`,
  `${digits}ABCDEF`,
  `${upper}234567`,
  `${lower}234567`,
  `${digits}${upper.slice(0, 22)}`,
  `${digits}${lower.slice(0, 22)}`,
  '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
  digits + lower,
  digits + upper,
  '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz',
  digits + upper + lower,
  digits + lower + upper,
  upper + lower + digits,
  `${upper}${lower}${digits}+/`,
  `${upper}${lower}${digits}-_`,
];

const nothing: Estimate = { bits: Infinity, because: '' };

/** Values as numbers of so many bits. */
interface Numbers {
  readonly values: readonly bigint[];
  readonly width: number;
}

/** How samples may be read as numbers, from the smallest alphabet. */
function readings(samples: readonly string[], letters: string): readonly Numbers[] {
  const longest = Math.max(...samples.map(({ length }) => length));
  return encodings
    .filter((alphabet) => letters.split('').every((letter) => alphabet.includes(letter)))
    .map((alphabet) => ({
      values: samples.map((each) => numberOf(each, alphabet)),
      width: Math.ceil(longest * Math.log2(alphabet.length)),
    }));
}

function numberOf(text: string, alphabet: string): bigint {
  const base = BigInt(alphabet.length);
  let value = 0n;
  for (const letter of text) value = value * base + BigInt(alphabet.indexOf(letter));
  return value;
}

/** The dimension of what the bits of all samples span: a shift register fills no more than its state has. */
export const rank: View = (samples, letters) => {
  const bits = readings(samples, letters).map(({ values, width }) =>
    dimension(samples.map(({ length }, at) => (BigInt(length) << BigInt(width)) | (values[at] ?? 0n))),
  );
  return {
    // The samples span no more dimensions than there are differences: that many say nothing.
    bits: Math.min(...bits.map((each) => (each > samples.length - 10 ? Infinity : each))),
    because: 'all values are combinations of a few',
  };
};

/** Of the differences to the first. */
function dimension(values: readonly bigint[]): number {
  const [first = 0n, ...others] = values;
  const basis = new Map<number, bigint>();
  for (const other of others) {
    let rest = other ^ first;
    while (rest !== 0n) {
      const top = bitLength(rest);
      const known = basis.get(top);
      if (known === undefined) {
        basis.set(top, rest);
        break;
      }
      rest ^= known;
    }
  }
  return basis.size;
}

const bitLength = (value: bigint): number => {
  const text = value.toString(16);
  return text.length * 4 - Math.clz32(Number.parseInt(text[0] ?? '0', 16)) + 28;
};

/** So many values are compared with all. */
const looked = 50;

/** How far one goes from a value to the next one of its kind: in few bits, there are few to guess. */
export const nearEachOther: View = (samples, letters) => {
  const [reading] = readings(samples, letters);
  if (reading === undefined) return nothing;
  const { values, width } = reading;
  const nearest = values
    .slice(0, looked)
    .map((value) =>
      values.reduce(
        (least, other) => (other === value ? least : Math.min(least, ones(value ^ other))),
        Infinity,
      ),
    )
    .toSorted((a, b) => a - b);
  const median = nearest[Math.floor(nearest.length / 2)] ?? 0;
  if (median >= width / 4) return nothing;
  let [ways, sum] = [1, 1];
  for (let flipped = 1; flipped <= median; flipped += 1) {
    ways = (ways * (width - flipped + 1)) / flipped;
    sum += ways;
  }
  return {
    bits: Math.log2(sum) + Math.log2(samples.length),
    because: `half of the values differ from another one in ${median} bits or fewer`,
  };
};

function ones(value: bigint): number {
  let count = 0;
  for (const digit of value.toString(32)) count += setBits[Number.parseInt(digit, 32)] ?? 0;
  return count;
}

const setBits = Array.from({ length: 32 }, (_, value) => value.toString(2).replaceAll('0', '').length);

/** Numbers that lie close together, step, or follow from one another as x → a·x + c (mod m) with any a, c and m. */
export const linear: View = (samples, letters) => {
  for (const { values, width } of readings(samples, letters)) {
    const sorted = values.toSorted((a, b) => (a < b ? -1 : 1));
    const span = (sorted.at(-1) ?? 0n) - (sorted[0] ?? 0n);
    // Of even chance in a range, 200 values leave half of it empty once in 2^190.
    if (bitLength(span + 1n) + 1 < 128)
      return { bits: bitLength(span + 1n) + 1, because: 'values lie close together' };
    const steps = values.slice(1).map((value, at) => value - (values[at] ?? 0n));
    const different = new Set(steps).size;
    if (different <= steps.length / 2)
      return { bits: Math.log2(different), because: 'values go in steps of the same size' };
    if (width <= longest && (followsInTime(values) || followsWithin(values, width)))
      return { bits: 0, because: 'values follow from one another by a multiplication and an addition' };
  }
  return nothing;
};

/** Generators of so many bits at most are looked for. */
const longest = 512;

/**
 * With d the differences of x → a·x + c (mod m), d₂·d₀ − d₁² is 0 (mod m). Chance gives four such numbers a common divisor of
 * 20 bits once in 2^60.
 */
function followsInTime(values: readonly bigint[]): boolean {
  for (let at = 0; at + 7 <= values.length; at += 1)
    if (modulus(bends(values.slice(at, at + 7)), 1n << 20n) !== undefined) return true;
  return false;
}

/** The same for words of 8 to 64 bits of one value, which many samples must show. */
function followsWithin(values: readonly bigint[], width: number): boolean {
  return [8, 16, 32, 64].some((word) => {
    const count = Math.floor(width / word);
    if (count < 4) return false;
    const mask = (1n << BigInt(word)) - 1n;
    const bent = values.flatMap((value) =>
      bends(Array.from({ length: count }, (_, at) => (value >> BigInt(word * (count - 1 - at))) & mask)),
    );
    return modulus(bent, 1n << BigInt(word / 2)) !== undefined;
  });
}

function bends(values: readonly bigint[]): readonly bigint[] {
  const steps = values.slice(1).map((value, at) => value - (values[at] ?? 0n));
  return steps.slice(2).map((step, at) => step * (steps[at] ?? 0n) - (steps[at + 1] ?? 0n) ** 2n);
}

/** The greatest common divisor, unless it is less than what matters; 0 where all are 0. */
function modulus(numbers: readonly bigint[], least: bigint): bigint | undefined {
  let divisor = 0n;
  for (const number of numbers) {
    let [a, b] = [divisor, number < 0n ? -number : number];
    while (b !== 0n) [a, b] = [b, a % b];
    divisor = a;
    if (divisor !== 0n && divisor < least) return undefined;
  }
  return divisor;
}
