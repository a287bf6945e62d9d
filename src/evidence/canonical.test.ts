import { expect, test } from '@playwright/test';
import { assert, jsonValue, property } from 'fast-check';
import { canonical, digestOf, parseCanonical } from './canonical.ts';

test.describe('the canonical form', () => {
  // RFC 8785, appendix B.
  const numbers: Readonly<Record<string, string>> = {
    '0000000000000000': '0',
    '8000000000000000': '0',
    '0000000000000001': '5e-324',
    '8000000000000001': '-5e-324',
    '7fefffffffffffff': '1.7976931348623157e+308',
    ffefffffffffffff: '-1.7976931348623157e+308',
    '4340000000000000': '9007199254740992',
    c340000000000000: '-9007199254740992',
    '4430000000000000': '295147905179352830000',
    '44b52d02c7e14af5': '9.999999999999997e+22',
    '44b52d02c7e14af6': '1e+23',
    '44b52d02c7e14af7': '1.0000000000000001e+23',
    '444b1ae4d6e2ef4e': '999999999999999700000',
    '444b1ae4d6e2ef4f': '999999999999999900000',
    '444b1ae4d6e2ef50': '1e+21',
    '3eb0c6f7a0b5ed8c': '9.999999999999997e-7',
    '3eb0c6f7a0b5ed8d': '0.000001',
    '41b3de4355555553': '333333333.3333332',
    '41b3de4355555554': '333333333.33333325',
    '41b3de4355555555': '333333333.3333333',
    '41b3de4355555556': '333333333.3333334',
    '41b3de4355555557': '333333333.33333343',
    becbf647612f3696: '-0.0000033333333333333333',
    '43143ff3c1cb0959': '1424953923781206.2',
  };
  for (const [bits, text] of Object.entries(numbers))
    test(`prints the number ${bits} as RFC 8785 does`, () => {
      expect(canonical(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text);
    });

  test('prints the sample of RFC 8785, section 3.2.2', () => {
    const sample = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    ) as unknown;
    expect(canonical(sample)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test('sorts members by UTF-16 code units (RFC 8785, section 3.2.3)', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    const text = canonical(Object.fromEntries(names.map((name) => [name, 0])));
    expect(text).toBe(`{${sorted.map((name) => `${JSON.stringify(name)}:0`).join(',')}}`);
  });

  test('leaves out members that are undefined', () => {
    expect(canonical({ b: undefined, a: 1 })).toBe('{"a":1}');
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const [what, value] of Object.entries<unknown>({
    'not a number': NaN,
    infinity: -Infinity,
    'a lone surrogate': ['\ud800'],
    'a lone surrogate in a name': { '\udead': 1 },
    'a big integer': 1n,
    'undefined in an array': [undefined],
    'a hole in an array': Object.assign([], { length: 1 }),
    'a function': () => 1,
    'a date': new Date(0),
    'a map': { map: new Map() },
    'a cycle': cycle,
  }))
    test(`refuses ${what}`, () => {
      expect(() => canonical(value)).toThrow(expect.objectContaining({ code: 'malformed' }));
    });
});

test.describe('reading the canonical form', () => {
  test('returns what was printed, for any JSON', () => {
    assert(
      property(jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = canonical(value);
        expect(canonical(parseCanonical(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 500 },
    );
  });

  for (const [what, text] of Object.entries({
    'white space': '{"a": 1}',
    'a final newline': '{}\n',
    'another order': '{"b":1,"a":2}',
    'a member twice': '{"a":1,"a":1}',
    'another spelling of a number': '[1.0]',
    'negative zero': '[-0]',
    'an escape that is not needed': String.raw`["\u0041"]`,
    'an escaped solidus': String.raw`["\/"]`,
    'upper case in an escape': String.raw`["\u000F"]`,
  }))
    test(`refuses ${what}`, () => {
      expect(() => parseCanonical(text)).toThrow(expect.objectContaining({ code: 'not-canonical' }));
    });

  for (const text of [
    '',
    '\uFEFF{}',
    '{',
    '[1e400]',
    String.raw`["\ud800"]`,
    `${'['.repeat(200)}${']'.repeat(200)}`,
  ])
    test(`refuses ${JSON.stringify(text.slice(0, 20))}, which is no JSON that can be signed`, () => {
      expect(() => parseCanonical(text)).toThrow(expect.objectContaining({ code: 'malformed' }));
    });
});

test('digests are SHA-256 in lower case hexadecimal', () => {
  // FIPS 180-4's example.
  expect(digestOf('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(digestOf(Buffer.from('abc'))).toBe(digestOf('abc'));
});
