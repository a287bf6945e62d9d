import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { enough, fewest, secretBits } from './entropy.ts';
import { signJws } from './jws.ts';
import { generateKey } from './keys.ts';

const many = (make: (at: number) => string, count = enough): readonly string[] =>
  Array.from({ length: count }, (_, at) => make(at));

const digits = '0123456789';
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const alphanumeric = digits + upper + upper.toLowerCase();
const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** A number in any base. */
function written(value: bigint, alphabet: string): string {
  const base = BigInt(alphabet.length);
  return value < base
    ? (alphabet[Number(value)] ?? '')
    : written(value / base, alphabet) + (alphabet[Number(value % base)] ?? '');
}

const number = (bytes: number): bigint => BigInt(`0x${randomBytes(bytes).toString('hex')}`);
const hex = (value: bigint, length = 32): string => value.toString(16).padStart(length, '0');

/** Groups of five bits, the last one filled up (RFC 4648, section 6). */
const base32 = (bytes: Buffer): string =>
  written(
    BigInt(`0x${bytes.toString('hex')}`) << BigInt((5 - ((bytes.length * 8) % 5)) % 5),
    `${upper}234567`,
  ).padStart(Math.ceil((bytes.length * 8) / 5), 'A');

const { key } = generateKey('EdDSA');
const signed = (claims: Readonly<Record<string, unknown>>): string =>
  signJws({ header: { alg: 'EdDSA', typ: 'at+jwt' }, claims, key });

for (const [what, make] of Object.entries<(at: number) => string>({
  'in base64url': () => randomBytes(16).toString('base64url'),
  'in base64 with padding': () => randomBytes(16).toString('base64'),
  'in hexadecimal': () => randomBytes(16).toString('hex'),
  'in upper-case hexadecimal': () => randomBytes(16).toString('hex').toUpperCase(),
  'in base32': () => base32(randomBytes(16)),
  'in base36': () => written(number(16), digits + upper.toLowerCase()),
  'in base58': () => written(number(16), base58),
  'in base62': () => written(number(16), alphanumeric),
  'in decimal': () => number(16).toString(),
  'in padded decimal': () => number(16).toString().padStart(39, '0'),
  'behind a URN': () => `urn:ietf:params:oauth:request_uri:${randomBytes(16).toString('base64url')}`,
  'behind a counter': (at) => `${1_000 + at}-${randomBytes(16).toString('hex')}`,
  'in between the time': (at) =>
    `${1_795_348_800 + at}${randomBytes(16).toString('base64url')}${String(at % 7)}`,
  'and more, in values of unequal length': (at) => randomBytes(17 + (at % 3)).toString('base64url'),
  'in two version 4 UUIDs': () => `${randomUUID()}${randomUUID()}`,
  'by a signature': (at) => signed({ jti: at, scope: 'accounts' }),
}))
  test(`128 bits ${what} are seen`, () => {
    expect(secretBits(many(make)).bits).toBeGreaterThanOrEqual(128);
  });

const clock = 1_795_348_800_000;
const all = (1n << 128n) - 1n;

/** x → a·x + c (mod m), from one value to the next. */
function congruential(a: bigint, c: bigint, m: bigint): () => bigint {
  let state = number(16) % m;
  return () => (state = (a * state + c) % m);
}

/** Marsaglia's xorshift of 32 bits, four at a time. */
function shifting(): () => string {
  let state = Number(number(4) | 1n);
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return () => Array.from({ length: 4 }, () => hex(BigInt(next()), 8)).join('');
}

function flipping(): () => string {
  let state = number(32);
  return () => {
    for (let bit = 0; bit < 4; bit += 1) state ^= 1n << BigInt(randomBytes(1)[0] ?? 0);
    return hex(state, 64);
  };
}

const lehmer = congruential(48_271n, 0n, (1n << 31n) - 1n);
const wide = congruential(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645n, 0x5851_f42d_4c95_7f2dn, all + 1n);
const stride = congruential(1n, 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835n, all + 1n);
const xorshift = shifting();
const flips = flipping();
const mostlyZero = (): string =>
  many(() => ((randomBytes(1)[0] ?? 0) < 128 ? '0' : hex(number(1) >> 4n, 1)), 32).join('');
const skewed = (letters: number): string =>
  [...randomBytes(letters)].map((byte) => alphanumeric[Math.floor((byte / 256) ** 8 * 62)]).join('');
let previous = randomBytes(16).toString('hex');

for (const [what, make] of Object.entries<(at: number) => string>({
  'version 4 UUIDs': () => randomUUID(),
  'version 1 UUIDs': (at) => `${hex(0x5a1c_0000n + BigInt(at * 7919), 8)}-9f3c-11f0-8a2e-0242ac120002`,
  'version 7 UUIDs': (at) => {
    const random = randomUUID();
    const time = hex(BigInt(clock + at * 13), 12);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
  },
  '21 letters of 64': () => written((1n << 126n) | (number(16) >> 2n), alphanumeric + '-_').slice(1),
  '96 bits in base64url': () => randomBytes(12).toString('base64url'),
  'a counter': (at) => String(1_000_000 + at),
  'a counter in hexadecimal, padded': (at) => (255 + at).toString(16).padStart(40, '0'),
  'a counter behind a long prefix': (at) => `${'x'.repeat(60)}${at}`,
  'a counter in base64': (at) => Buffer.from(hex(BigInt(at), 64), 'hex').toString('base64url'),
  'a counter between constants': (at) => `${'q'.repeat(30)}${at}${'w'.repeat(30)}`,
  'times in milliseconds': (at) => String(clock + at * 13),
  'times behind a prefix': (at) => `session-of-partner-one-${clock + at * 977}`,
  'times in words': (at) => new Date(clock + at * 977).toISOString(),
  'times and 64 bits': (at) => `${clock + at * 977}${randomBytes(8).toString('base64url')}`,
  'a counter in steps': () => hex(stride()),
  'a linear generator of 128 bits': () => hex(wide()),
  'the same in decimal': () => wide().toString(),
  'a linear generator of 31 bits, four times': () => many(() => hex(lehmer(), 8), 4).join(''),
  'the same in base64': () =>
    Buffer.from(many(() => hex(lehmer(), 8), 8).join(''), 'hex').toString('base64url'),
  'a shift register of 32 bits': () => xorshift(),
  'few bits that change': () => flips(),
  'four letters that change': (at) => {
    const letters = 'QmFzZTY0IGlzIG5vdCBlbnRyb3B5LCBhdCBhbGwuLi4'.split('');
    for (let change = 0; change < 4; change += 1)
      letters[(at * 7 + change * 11) % 43] = written(number(1) % 62n, alphanumeric);
    return letters.join('');
  },
  'half of it again': () => randomBytes(8).toString('hex').repeat(2),
  'half of it again, in upper case': () => {
    const half = randomBytes(8).toString('hex');
    return half + half.toUpperCase();
  },
  'half of the value before': () => {
    const half = randomBytes(16).toString('hex');
    return previous + (previous = half);
  },
  'mostly zeros': mostlyZero,
  'some letters more than others': () => skewed(30),
  'a hash of one of 200 seeds': (at) =>
    createHash('sha256')
      .update(String(at % 150))
      .digest('hex'),
  'a constant': () => 'a'.repeat(64),
  'an unsigned token with a counter': (at) => `${signed({ jti: at }).split('.').slice(0, 2).join('.')}.`,
}))
  test(`no 128 bits are seen in ${what}`, () => {
    expect(secretBits(many(make)).bits).toBeLessThan(128);
  });

test('a value that comes again shows nothing', () => {
  const values = many(() => randomBytes(32).toString('hex'));
  expect(secretBits([...values, values[3] ?? ''])).toEqual({ bits: 0, because: 'a value comes again' });
});

test('fifty samples show 256 even bits, and what follows from 80', () => {
  const even = many(() => randomBytes(32).toString('base64url'), fewest);
  expect(Math.round(secretBits(even).bits)).toBeGreaterThanOrEqual(256);
  const short = many(() => 'verifier'.repeat(5) + randomBytes(10).toString('base64url'), fewest);
  expect(secretBits(short).bits).toBeLessThan(128);
  const counted = many((at) => String(at).padStart(43, '0'), fewest);
  expect(secretBits(counted).bits).toBeLessThan(128);
});

test('few samples show nothing, and are not judged', () => {
  expect(() => secretBits(many(() => randomBytes(32).toString('hex'), fewest - 1))).toThrow(RangeError);
});
