import { createHash } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { sampleResults } from '../report/sample.ts';
import { canonical, digestOf } from './canonical.ts';
import {
  checkDisclosure,
  commit,
  drawSalts,
  exchangesOf,
  parseSalts,
  printSalts,
  type Disclosure,
} from './disclosure.ts';
import type { Opened } from './envelope.ts';
import type { TestResultStatement } from './statement.ts';

const results = sampleResults();
const exchanges = exchangesOf(results);
const salts = exchanges.map((_, index) => Buffer.alloc(16, index + 1));
const statement = digestOf('the envelope');
const code = (expected: string) => expect.objectContaining({ name: 'EvidenceError', code: expected });

/** What is looked at of a verified statement. */
const openedWith = (
  member: { count: number; root: string },
  digest = statement,
): Opened<TestResultStatement> =>
  ({
    digest,
    keys: [],
    statement: { predicate: { exchanges: member } },
  }) as unknown as Opened<TestResultStatement>;

test.describe('the commitment to exchanges', () => {
  test('is to all exchanges of all checks, in their order', () => {
    expect(exchanges.length).toBeGreaterThan(100);
    expect(exchanges).toEqual(
      results.checks.flatMap((check) => check.exchanges.map((exchange) => ({ check: check.id, exchange }))),
    );
  });

  test('is the root over salted hashes, which RFC 6962 describes', () => {
    const hash = (...parts: (string | Buffer)[]) =>
      createHash('sha256')
        .update(Buffer.concat(parts.map((each) => Buffer.from(each))))
        .digest();
    const three = exchanges.slice(0, 3);
    const [first, second, third] = three.map((each, index) =>
      hash(Buffer.of(0), Buffer.alloc(16, index + 1), canonical(each)),
    ) as [Buffer, Buffer, Buffer];
    const root = hash(Buffer.of(1), hash(Buffer.of(1), first, second), third);
    expect(commit(three, salts.slice(0, 3)).exchanges).toEqual({ count: 3, root: root.toString('hex') });
  });

  test('is to nothing where there are no exchanges', () => {
    expect(commit([], []).exchanges).toEqual({ count: 0, root: digestOf('') });
  });

  test('differs with another salt', () => {
    expect(commit(exchanges, drawSalts(exchanges.length)).exchanges.root).not.toBe(
      commit(exchanges, drawSalts(exchanges.length)).exchanges.root,
    );
  });

  test('takes one salt of 16 bytes for each', () => {
    expect(() => commit(exchanges, salts.slice(1))).toThrow(code('malformed'));
    expect(() => commit(exchanges.slice(0, 1), [Buffer.alloc(15)])).toThrow(code('malformed'));
  });

  test('can be made to half a surrogate pair that a server sent', () => {
    const [first] = results.checks.flatMap((check) => check.exchanges);
    if (first === undefined) throw new Error('expected an exchange');
    const checks = results.checks.slice(0, 1).map((check) => ({
      ...check,
      exchanges: [{ ...first, response: { status: 200, headers: [], body: '\ud800' } }],
    }));
    const odd = exchangesOf({ ...results, checks });
    expect(odd[0]?.exchange.response?.body).toBe('\ufffd');
    expect(commit(odd, drawSalts(1)).exchanges.count).toBe(1);
  });

  test('keeps its salts in a file', () => {
    expect(parseSalts(printSalts(salts)).map((each) => Buffer.from(each))).toEqual(salts);
    expect(() => parseSalts('["AAAA"]')).toThrow(code('not-canonical'));
    expect(() => parseSalts('{}')).toThrow(code('malformed'));
  });
});

test.describe('a disclosed exchange', () => {
  const commitment = commit(exchanges, salts);
  const opened = openedWith(commitment.exchanges);
  const document = commitment.disclose(7, statement);
  const changed = (change: (disclosure: Disclosure) => void): string => {
    const disclosure = JSON.parse(document) as Disclosure;
    change(disclosure);
    return canonical(disclosure);
  };

  test('is shown to be of the run, each of them', () => {
    for (const index of exchanges.keys())
      expect(checkDisclosure(commitment.disclose(index, statement), opened)).toMatchObject({
        index,
        committed: exchanges[index],
      });
  });

  test('shows no other exchange, and no other salt', () => {
    const own = new Set([JSON.stringify(exchanges[7]?.exchange.request.url)]);
    const others = salts.filter((_, index) => index !== 7).map((salt) => salt.toString('base64url'));
    expect(others.filter((salt) => document.includes(salt))).toEqual([]);
    const urls = exchanges
      .map(({ exchange }) => JSON.stringify(exchange.request.url))
      .filter((url) => !own.has(url));
    expect(urls.filter((url) => document.includes(url))).toEqual([]);
    expect(urls.length).toBeGreaterThan(0);
  });

  for (const [what, change] of Object.entries<(disclosure: Disclosure) => void>({
    'another check': ({ committed }) => void (committed.check += '2'),
    'another status': ({ committed }) => void (committed.exchange.duration_ms += 1),
    'another salt': (each) => void (each.salt = salts[8]?.toString('base64url') ?? ''),
    'another position': (each) => void (each.index = 6),
    'a position outside': (each) => void (each.index = exchanges.length),
    'a shorter path': ({ path }) => void path.pop(),
    'a longer path': ({ path }) => void path.push('00'.repeat(32)),
    'another path': (each) => void (each.path = each.path.toReversed()),
    'another statement': (each) => void (each.statement = digestOf('another')),
  }))
    test(`is refused with ${what}`, () => {
      expect(() => checkDisclosure(changed(change), opened)).toThrow(code('wrong-subject'));
    });

  test('is refused when it is not what the printer prints', () => {
    expect(() => checkDisclosure(`${document}\n`, opened)).toThrow(code('not-canonical'));
    expect(() => checkDisclosure('{}', opened)).toThrow(code('malformed'));
    // 22 characters hold 132 bits: the last four must be none.
    expect(() =>
      checkDisclosure(
        changed((each) => void (each.salt = `${'A'.repeat(21)}B`)),
        opened,
      ),
    ).toThrow(code('not-canonical'));
  });

  test('is refused for another run with another root or count', () => {
    const { count, root } = commitment.exchanges;
    for (const other of [
      { count: 8, root },
      { count: 0, root },
      { count, root: digestOf('') },
    ])
      expect(() => checkDisclosure(document, openedWith(other))).toThrow(code('wrong-subject'));
  });

  test('is not made of an exchange that there is not', () => {
    expect(() => commitment.disclose(exchanges.length, statement)).toThrow(code('wrong-subject'));
    expect(() => commitment.disclose(-1, statement)).toThrow(code('wrong-subject'));
  });
});
