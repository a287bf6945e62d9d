import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { secretBits } from './entropy.ts';
import { signJws } from './jws.ts';
import { generateKey } from './keys.ts';

const many = (make: (at: number) => string, count = 16): readonly string[] =>
  Array.from({ length: count }, (_, at) => make(at));
const { key } = generateKey('EdDSA');
const clock = 1_795_348_800_000;

for (const [what, samples] of Object.entries({
  '128 bits in base64url': many(() => randomBytes(16).toString('base64url')),
  '128 bits in hexadecimal': many(() => randomBytes(16).toString('hex')),
  '256 bits behind a URN': many(
    () => `urn:ietf:params:oauth:request_uri:${randomBytes(32).toString('base64url')}`,
  ),
  'JWTs, whose headers are alike': many(() =>
    signJws({ header: { alg: 'EdDSA', typ: 'at+jwt' }, claims: { jti: randomUUID() }, key }),
  ),
  'values of unequal length': many((at) => randomBytes(20 + (at % 3)).toString('base64url')),
}))
  test(`${what} may hold 128 bits`, () => expect(secretBits(samples)).toBeGreaterThanOrEqual(128));

for (const [what, samples] of Object.entries({
  'version 4 UUIDs': many(() => randomUUID()),
  '96 bits in base64url': many(() => randomBytes(12).toString('base64url')),
  'a counter': many((at) => String(1_000_000 + at)),
  'a counter in hexadecimal, padded': many((at) => (255 + at).toString(16).padStart(40, '0')),
  'a counter behind a long prefix': many((at) => `${'x'.repeat(60)}${at}`),
  'times in milliseconds': many((at) => String(clock + at * 13)),
  'times behind a prefix': many((at) => `session-of-partner-one-${clock + at * 977}`),
  'times in words': many((at) => new Date(clock + at * 977).toISOString()),
  'a constant': many(() => 'a'.repeat(64)),
  'a value that comes again': [
    ...many(() => randomBytes(32).toString('hex')),
    'x'.repeat(64),
    'x'.repeat(64),
  ],
  'a single sample': [randomBytes(32).toString('hex')],
  nothing: [],
}))
  test(`${what} cannot`, () => expect(secretBits(samples)).toBeLessThan(128));
