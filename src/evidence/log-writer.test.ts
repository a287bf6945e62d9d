import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { killWriters, startAppender } from '../../fixtures/log/kill.ts';
import {
  freshSigner,
  origin,
  sampleEnvelopes,
  sampleLog,
  temporaryDirectory,
  trustIn,
} from '../../fixtures/log/sample.ts';
import { acquireLock, LockedError } from '../files/lock.ts';
import { logKey } from './checkpoint.ts';
import { entryOf } from './entry.ts';
import { openLog } from './log.ts';
import { openLogWriter } from './log-writer.ts';
import { printVerifierKey } from './note.ts';
import { generateKey, signerOf } from './signer.ts';

test('a new log has no entries, and says so', async () => {
  await using directory = await temporaryDirectory();
  const { log: trust, append } = await sampleLog(join(directory.path, 'new', 'evidence'));
  const log = await openLog(join(directory.path, 'new', 'evidence'), trust);
  expect(log.size).toBe(0);
  expect(await append([])).toEqual([]);
  await log.refresh();
  expect(log.size).toBe(0);
  await expect(log.proof(0)).rejects.toMatchObject({ code: 'not-logged' });
  await expect(openLog(directory.path, trust)).rejects.toMatchObject({ code: 'unusable-directory' });
});

test('a batch is appended as a whole or not at all', async () => {
  await using directory = await temporaryDirectory();
  const { append, signer, log: trust } = await sampleLog(directory.path);
  const [one = '', two = ''] = await sampleEnvelopes(signer, 2);
  await expect(append([one, two.replace('payload"', 'payLoad"')])).rejects.toMatchObject({
    code: 'malformed',
  });
  await expect(append([one, `${two} `])).rejects.toMatchObject({ code: 'not-canonical' });
  expect((await openLog(directory.path, trust)).size).toBe(0);
  expect(await append([one, two])).toEqual([0, 1]);
});

test('writers in one process take turns, and work sees what it appended', async () => {
  await using directory = await temporaryDirectory();
  const signer = freshSigner();
  const one = await sampleLog(directory.path, signer);
  const other = await sampleLog(directory.path, signer);
  const envelopes = await sampleEnvelopes(signer, 30);
  const sizes = await Promise.all(
    envelopes.map((envelope, at) =>
      (at % 2 === 0 ? one : other).writer.exclusively(async (writer) => {
        const before = writer.size;
        const [index] = await writer.append([envelope]);
        for await (const { entry } of writer.entries(before)) expect(entry).toEqual(entryOf(envelope));
        expect(await writer.envelope(entryOf(envelope).digest)).toBe(envelope);
        return [before, index, writer.size];
      }),
    ),
  );
  expect(sizes.toSorted(([before = 0], [other = 0]) => before - other)).toEqual(
    Array.from({ length: 30 }, (_, at) => [at, at, at + 1]),
  );
});

test('work that fails lets the next work begin, and its writer is of no use afterwards', async () => {
  await using directory = await temporaryDirectory();
  const { writer, append, signer } = await sampleLog(directory.path);
  const envelopes = await sampleEnvelopes(signer, 1);
  let kept: Parameters<Parameters<typeof writer.exclusively>[0]>[0] | undefined;
  const failed = writer.exclusively((within) => {
    kept = within;
    return Promise.reject(new Error('no'));
  });
  await expect(failed).rejects.toThrow('no');
  expect(() => kept?.append(envelopes)).toThrow(TypeError);
  expect(await append(envelopes)).toEqual([0]);
});

test('refuses to go on with a log that is not its own, or not whole', async () => {
  await using directory = await temporaryDirectory();
  const { grow, signer } = await sampleLog(directory.path);
  await grow(3);
  const other = freshSigner();
  const open = (options = {}) => openLogWriter({ directory: directory.path, origin, signer, ...options });
  await expect(open({ signer: other })).rejects.toMatchObject({ code: 'unknown-key' });
  await expect(open({ origin: 'assay.example/other' })).rejects.toMatchObject({ code: 'wrong-subject' });
  await expect(open({ signer: signerOf(generateKey('ES256'), 'the log') })).rejects.toMatchObject({
    code: 'unusable-key',
  });
  await expect(open({ origin: 'with spaces' })).rejects.toMatchObject({ code: 'malformed' });
  // Something that signs with another key than it shows.
  const liar = { ...signer, sign: (bytes: Uint8Array) => other.sign(bytes) };
  const lying = await open({ signer: liar });
  const envelopes = await sampleEnvelopes(signer, 1);
  await expect(lying.exclusively((log) => log.append(envelopes))).rejects.toMatchObject({
    code: 'bad-signature',
  });

  const checkpoint = join(directory.path, 'checkpoint');
  const edge = join(directory.path, 'tile', '0', '000.p', '3');
  const [text, tile] = [await readFile(checkpoint), await readFile(edge)];
  await writeFile(edge, tile.with(0, (tile[0] ?? 0) ^ 1));
  await expect(open()).rejects.toMatchObject({ code: 'inconsistent' });
  await writeFile(edge, tile);
  await rm(checkpoint);
  await expect(open()).rejects.toMatchObject({ code: 'unusable-directory' });
  await writeFile(checkpoint, text);
  await (await open()).close();
});

test('says so when it cannot write there, or another writer does not end', async () => {
  await using directory = await temporaryDirectory();
  const signer = freshSigner();
  const file = join(directory.path, 'file');
  await writeFile(file, '');
  const open = (at: string) => openLogWriter({ directory: at, origin, signer, patience: 0 });
  await expect(open(file)).rejects.toMatchObject({ code: 'unusable-directory' });
  await mkdir(join(directory.path, 'taken', '.lock'), { recursive: true });
  await expect(open(join(directory.path, 'taken'))).rejects.toMatchObject({ code: 'unusable-directory' });
  using held = acquireLock(join(directory.path, '.lock'), 0);
  await expect(open(directory.path), held.path).rejects.toThrow(LockedError);
});

test('a log changes its key, and readers who know both keys follow', async () => {
  await using directory = await temporaryDirectory();
  const { grow, signer, log: before } = await sampleLog(directory.path);
  await grow(2);
  const follower = await openLog(directory.path, {
    origin,
    keys: [...before.keys, ...trustIn(freshSigner()).keys],
  });
  const next = freshSigner();
  const earlier = [printVerifierKey(logKey(origin, signer))];
  const writer = await openLogWriter({ directory: directory.path, origin, signer: next, earlier });
  const envelopes = await sampleEnvelopes(next, 1);
  expect(await writer.exclusively((log) => log.append(envelopes))).toEqual([2]);
  expect((await openLog(directory.path, { origin, keys: [...earlier, ...trustIn(next).keys] })).size).toBe(3);
  await expect(follower.refresh()).rejects.toMatchObject({ code: 'unknown-key' });
  await expect(grow(1)).rejects.toMatchObject({ code: 'unknown-key' });
});

test('two processes that append at once lose and double nothing', async () => {
  await using directory = await temporaryDirectory();
  const key = generateKey('Ed25519');
  const appenders = [1, 2].map(() => startAppender(directory.path, key, 25, [1, 3]));
  const ends = await Promise.all(appenders.map(({ ended }) => ended));
  expect(ends).toEqual([
    [0, null],
    [0, null],
  ]);
  const log = await openLog(directory.path, trustIn(signerOf(key, 'the log')));
  const [one, other] = appenders.map(({ acknowledged }) => acknowledged);
  expect([one?.size, other?.size, log.size]).toEqual([49, 49, 98]);
  for await (const { index, entry } of log.entries(0))
    expect([one?.get(index), other?.get(index)].filter((each) => each !== undefined)).toEqual([entry.digest]);
});

test('writers that are killed at any moment lose, double and forge nothing', async () => {
  const lanes = await Promise.all([30, 30].map(killWriters));
  const sum = (of: 'kills' | 'interrupted' | 'entries') => lanes.reduce((all, each) => all + each[of], 0);
  expect(sum('kills')).toBe(60);
  expect(sum('interrupted'), 'kills that hit a write').toBeGreaterThan(5);
  expect(sum('entries')).toBeGreaterThan(2 * 240 + 60);
});
