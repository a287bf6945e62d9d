import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { expect, test } from '@playwright/test';
import { generateKey, signerOf } from '../../evidence/signer.ts';
import type { TrustMarkIssuer } from './issuer.ts';
import { published, signJwt } from './jwt.ts';
import { certified, edition, forces, inHours, now, standingOf } from './sample.ts';
import {
  packStatuses,
  statusAt,
  statusIndex,
  statusKeys,
  statusList,
  statusTypes,
  unpackStatus,
} from './status-list.ts';

const signer = signerOf(generateKey('ES256'), 'the operator');
const issuer: TrustMarkIssuer = { id: 'https://marks.example', name: 'Marks', signer, types: [] };
const uri = 'https://marks.example/status-list';
const reader = { uri, keys: [published(signer)], now };
const key = (integration: string, environment: 'sandbox' | 'production' = 'production') => ({
  integration,
  environment,
  edition,
});
const refusal = (code: string) => expect.objectContaining({ name: 'PublicationError', code });

/** The examples of section 4.1 and the test vectors of the appendix, which have 2^20 entries. */
const vectors = [
  { bits: 1, statuses: [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1], lst: 'eNrbuRgAAhcBXQ' },
  { bits: 2, statuses: [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3], lst: 'eNo76fITAAPfAgc' },
  {
    bits: 1,
    statuses: long(
      [0, 1],
      [1993, 1],
      [25460, 1],
      [159495, 1],
      [495669, 1],
      [554353, 1],
      [645645, 1],
      [723232, 1],
      [854545, 1],
      [934534, 1],
      [1000345, 1],
    ),
    lst: 'eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb',
  },
  {
    bits: 2,
    statuses: long(
      [0, 1],
      [1993, 2],
      [25460, 1],
      [159495, 3],
      [495669, 1],
      [554353, 1],
      [645645, 2],
      [723232, 1],
      [854545, 1],
      [934534, 2],
      [1000345, 3],
    ),
    lst: 'eNrt2zENACEQAEEuoaBABP5VIO01fCjIHTMStt9ovGVIAAAAAABAbiEBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEB5WwIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAID0ugQAAAAAAAAAAAAAAAAAQG12SgAAAAAAAAAAAAAAAAAAAAAAAAAAAOCSIQEAAAAAAAAAAAAAAAAAAAAAAAD8ExIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwJEuAQAAAAAAAAAAAAAAAAAAAAAAAMB9SwIAAAAAAAAAAAAAAAAAAACoYUoAAAAAAAAAAAAAAEBqH81gAQw',
  },
] as const;

function long(...set: readonly (readonly [number, number])[]): Uint8Array {
  const statuses = new Uint8Array(2 ** 20);
  for (const [index, status] of set) statuses[index] = status;
  return statuses;
}

test('statuses are packed and compressed as the specification does', () => {
  for (const { bits, statuses, lst } of vectors.slice(0, 2)) expect(packStatuses(statuses, bits)).toBe(lst);
});

test('the vectors of the specification are read as they say', () => {
  for (const { bits, statuses, lst } of vectors) {
    const some = [...statuses.keys()].filter((index) => index < 16 || (statuses[index] ?? 0) > 0);
    for (const index of some) expect(unpackStatus(lst, bits, index)).toBe(statuses[index]);
    expect(() => unpackStatus(lst, bits, statuses.length)).toThrow(/says nothing/u);
  }
});

test('each status is read where it was written', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 4, 8),
      fc.array(fc.nat(255), { minLength: 1, maxLength: 40 }),
      (bits, raw) => {
        const statuses = raw.map((status) => status % 2 ** bits);
        const lst = packStatuses(statuses, bits);
        expect(statuses.map((_, index) => unpackStatus(lst, bits, index))).toEqual(statuses);
      },
    ),
    { numRuns: 100 },
  );
});

test('the token has the header and the claims of the specification', async () => {
  const token = await statusList(issuer, [key('bank')], [standingOf('bank', [certified])], now);
  const iat = Math.floor(now.getTime() / 1000);
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: signer.id, typ: 'statuslist+jwt' });
  expect(decodeJwt(token)).toEqual({
    sub: uri,
    iat,
    exp: iat + 3600,
    ttl: 300,
    // Valid, and three invalid that are not given to anything yet.
    status_list: { bits: 2, lst: packStatuses([0, 1, 1, 1], 2) },
  });
});

test('each certification has the status of what it is worth', async () => {
  const rows = Object.entries(forces);
  const keys = rows.map(([what]) => key(what));
  const standings = rows.map(([what, [certification]]) => standingOf(what, [certification]));
  const token = await statusList(issuer, keys, standings, now);
  for (const [index, [, [, force]]] of rows.entries())
    expect(await statusAt(token, index, reader)).toBe(statusTypes[force]);
});

test('what has no standing, no certification or no owner yet is invalid; beyond it nothing is said', async () => {
  const keys = [key('bank'), key('gone'), key('bank', 'sandbox')];
  const token = await statusList(issuer, keys, [standingOf('bank', [certified])], now);
  const statuses = await Promise.all([0, 1, 2, 3].map((index) => statusAt(token, index, reader)));
  expect(statuses).toEqual([0, 1, 1, 1]);
  for (const index of [8, 1e9, -1, 0.5, Number.NaN])
    await expect(statusAt(token, index, reader)).rejects.toEqual(refusal('out-of-range'));
  expect(await statusAt(await statusList(issuer, [], [], now), 0, reader)).toBe(statusTypes.invalid);
});

test('an index stays what it is while the log grows', () => {
  const integration = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const mention = fc.record({
    integration,
    environment: fc.constantFrom('sandbox' as const, 'production' as const),
    edition: fc.constantFrom('one', 'two'),
  });
  fc.assert(
    fc.property(fc.array(mention), fc.array(mention), (log, more) => {
      const before = statusKeys(log);
      const after = statusKeys([...log, ...more]);
      expect(after.slice(0, before.length)).toEqual(before);
      for (const each of [...log, ...more]) expect(after[statusIndex(after, each) ?? -1]).toEqual(each);
      expect(new Set(after.map((each) => JSON.stringify(each))).size).toBe(after.length);
    }),
    { numRuns: 100 },
  );
  expect(statusIndex([], key('bank'))).toBeUndefined();
});

test('a reader refuses a token that says nothing to it', async () => {
  const token = await statusList(issuer, [key('bank')], [standingOf('bank', [certified])], now);
  const other = signerOf(generateKey('ES256'), 'somebody');
  const claims = decodeJwt(token);
  const signed = (changes: object, typ = 'statuslist+jwt') => signJwt(signer, typ, { ...claims, ...changes });
  const list = (status_list: unknown) => signed({ status_list });
  const bomb = deflateSync(new Uint8Array(2 ** 25), { level: 9 }).toString('base64url');
  const rows = [
    ['expired', token, { now: new Date(inHours(1)) }],
    ['not-yet-valid', token, { now: new Date(inHours(-1)) }],
    ['wrong-subject', token, { uri: `${uri}/2` }],
    ['unknown-key', token, { keys: [published(other)] }],
    ['bad-signature', await signJwt({ ...other, id: signer.id }, 'statuslist+jwt', claims), {}],
    ['wrong-type', await signed({}, 'JWT'), {}],
    ['malformed', await signed({ iat: undefined }), {}],
    ['malformed', await list(undefined), {}],
    ['malformed', await list({ bits: 3, lst: 'eNrbuRgAAhcBXQ' }), {}],
    ['malformed', await list({ bits: 2, lst: 7 }), {}],
    ['malformed', await list({ bits: 2, lst: 'AAAA' }), {}],
    ['malformed', await list({ bits: 2, lst: bomb }), {}],
    ['malformed', 'a.b', {}],
  ] as const;
  for (const [code, jwt, changes] of rows)
    await expect(statusAt(jwt, 0, { ...reader, ...changes }), code).rejects.toEqual(refusal(code));
});

test('a list of 10,000 integrations is made in time for each request', async () => {
  const ids = Array.from({ length: 10_000 }, (_, index) =>
    createHash('sha256').update(String(index)).digest('hex'),
  );
  const standings = ids.map((id) => standingOf(id, [certified]));
  const started = performance.now();
  const token = await statusList(
    issuer,
    ids.map((id) => key(id)),
    standings,
    now,
  );
  expect(performance.now() - started).toBeLessThan(500);
  expect(token.length).toBeLessThan(1000);
});
