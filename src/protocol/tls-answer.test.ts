import { expect, test } from '@playwright/test';
import { readAnswer } from './tls-answer.ts';
import { clientHello, randomLength, welcome, type Offer } from './tls-hello.ts';

const offer: Offer = { version: 'TLS 1.2', suites: [0xc02b, 0x009e] };
const random = Buffer.alloc(randomLength, 7);

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');
const sized = (width: number, body: string): string =>
  (body.length / 2).toString(16).padStart(width * 2, '0') + body;
const message = (type: string, body: string): string => type + sized(3, body);
const record = (type: string, body: string): string => `${type}0303${sized(2, body)}`;

const zeros = '00'.repeat(32);
const serverHello = (suite: string, version = '0303', rest = ''): string =>
  message('02', `${version}${zeros}00${suite}00${rest}`);
const done = message('0e', '');

test('an answer is awaited byte by byte, in records that break anywhere', () => {
  const keys = message('0c', `03 0017 ${sized(1, '04')} 0403 ${sized(2, 'ff')}`.replaceAll(' ', ''));
  const body = serverHello('c02b') + keys + done;
  const bytes = hex(record('16', body.slice(0, 20)), record('16', body.slice(20)));
  for (let length = 0; length < bytes.length; length += 1)
    expect(readAnswer(bytes.subarray(0, length), offer)).toBeUndefined();
  expect(readAnswer(bytes, offer)).toEqual({
    answer: 'chosen',
    version: 'TLS 1.2',
    suite: 0xc02b,
    compression: 0,
    extensions: [],
    keys: { curve: 23, signature: 0x0403 },
  });
});

test('the size of a finite field is that of its prime', () => {
  const group = sized(2, `00${'80'.padEnd(256, '0')}`) + sized(2, '02') + sized(2, '05');
  const bytes = hex(record('16', serverHello('009e') + message('0c', `${group}0401${sized(2, 'ff')}`)));
  expect(readAnswer(bytes, offer)).toMatchObject({ keys: { bits: 1024, signature: 0x0401 } });
});

test('a choice is made once the server has said all, not before', () => {
  const alone = record('16', serverHello('009e'));
  expect(readAnswer(hex(alone), offer)).toBeUndefined();
  expect(readAnswer(hex(alone, record('15', '0228')), offer)).toEqual({ answer: 'alert', alert: 40 });
  expect(readAnswer(hex(alone, record('16', done)), offer)).toMatchObject({ answer: 'chosen' });
});

test('a warning of the name of the server does not end a handshake', () => {
  expect(readAnswer(hex(record('15', '0170')), offer)).toBeUndefined();
  expect(readAnswer(hex(record('15', '0170'), record('15', '0246')), offer)).toEqual({
    answer: 'alert',
    alert: 70,
  });
});

for (const [what, bytes] of Object.entries({
  'plain HTTP': Buffer.from('HTTP/1.1 400 Bad Request'),
  'data before the handshake': hex(record('17', '00')),
  'a record of another protocol': hex('16 0505 0001 00'),
  'an empty record': hex('16 0303 0000'),
  'a record that is too long': hex('16 0303 ffff'),
  'a message that is too long': hex(record('16', '02ffffff')),
  'another message first': hex(record('16', done)),
  'a ServerHello that ends early': hex(record('16', message('02', '0303'))),
  'a ServerHello with more behind it': hex(record('16', serverHello('c02b', '0303', '0000ff'))),
  'an extension that is longer than its list': hex(record('16', serverHello('c02b', '0303', '0004ff010009'))),
  'an alert of three bytes': hex(record('15', '022800')),
  'more than an answer can have': Buffer.alloc(200_000, hex(record('15', '0170'))),
}))
  test(`${what} is no answer`, () => {
    expect(() => readAnswer(bytes, offer)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

test('what was not offered cannot be chosen', () => {
  const refusal = expect.objectContaining({ code: 'not-offered' });
  expect(() => readAnswer(hex(record('16', serverHello('002f'))), offer)).toThrow(refusal);
  expect(() => readAnswer(hex(record('16', serverHello('c02b', '0304'))), offer)).toThrow(refusal);
  expect(() => readAnswer(hex(record('16', serverHello('c02b', '0505'))), offer)).toThrow(refusal);
});

test('a hello names its host, and is short or long enough for load balancers', () => {
  const lengthOf = (suites: number): number =>
    clientHello({ ...offer, suites: Array<number>(suites).fill(0xc02b) }, 'as.example', random).length - 5;
  const lengths = Array.from({ length: 200 }, (_, suites) => lengthOf(suites));
  expect(lengths.filter((length) => length >= 256 && length < 512)).toEqual([]);
  expect(clientHello(welcome, 'as.example', random).includes('as.example')).toBe(true);
  expect(clientHello(welcome, undefined, random).includes(hex('0000 0003'))).toBe(false);
});

test('a hello of SSL 3.0 has no extensions, and asks for secure renegotiation by a suite', () => {
  const bytes = clientHello({ version: 'SSL 3.0', suites: [0x000a] }, 'as.example', random);
  expect(bytes.subarray(-8)).toEqual(hex('0004 000a 00ff 0100'));
});
