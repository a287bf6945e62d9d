import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { freshSigner, origin, sampleLog, temporaryDirectory } from '../../fixtures/log/sample.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { cosign } from './cosignature.ts';
import { entryOf, parseEntry, printEntry } from './entry.ts';
import { openLog, type Log } from './log.ts';
import { inclusionPath, leafHash, rootOf, verifyConsistency, type Hash } from './merkle.ts';
import { noteKey, parseNote, printVerifierKey } from './note.ts';
import { checkConsistent, remember } from './seen.ts';
import { parseProof, verifyProof } from './tlog-proof.ts';

const leavesOf = (envelopes: readonly string[]): readonly Hash[] =>
  envelopes.map((envelope) => leafHash(Buffer.from(printEntry(entryOf(envelope)))));

async function filesOf(directory: string): Promise<readonly string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(directory.length + 1))
    .toSorted();
}

async function readAll(log: Log): Promise<readonly string[]> {
  const digests: string[] = [];
  for await (const { index, entry } of log.entries(0)) {
    expect(index).toBe(digests.length);
    digests.push(entry.digest);
  }
  return digests;
}

test('600 entries lie as tlog-tiles says, and hash to what RFC 6962 says', async () => {
  await using directory = await temporaryDirectory();
  const { grow, log: trust } = await sampleLog(directory.path);
  const envelopes: string[] = [];
  for (const count of [1, 254, 1, 44, 300]) envelopes.push(...(await grow(count)));
  const leaves = leavesOf(envelopes);
  const tile = async (path: string) => await readFile(join(directory.path, 'tile', path));

  // Partial tiles disappear with the full tile that has them.
  const parts = ['000', '001', '002.p/88'];
  const files = (await filesOf(directory.path)).filter((path) => !path.startsWith('objects/'));
  expect(files).toEqual(
    [
      '.lock',
      'checkpoint',
      ...parts.map((part) => `tile/0/${part}`),
      ...['1', '2'].map((width) => `tile/1/000.p/${width}`),
      ...parts.map((part) => `tile/entries/${part}`),
    ].toSorted(),
  );
  for (const [at, part] of parts.entries())
    expect((await tile(`0/${part}`)).equals(Buffer.concat(leaves.slice(at * 256, at * 256 + 256)))).toBe(
      true,
    );
  const above = [rootOf(leaves.slice(0, 256)), rootOf(leaves.slice(256, 512))];
  expect((await tile('1/000.p/2')).equals(Buffer.concat(above))).toBe(true);
  const entries = envelopes.slice(512).map((envelope) => Buffer.from(printEntry(entryOf(envelope))));
  const framed = entries.flatMap((entry) => [Buffer.of(entry.length >> 8, entry.length % 256), entry]);
  expect((await tile('entries/002.p/88')).equals(Buffer.concat(framed))).toBe(true);

  const log = await openLog(directory.path, trust);
  expect(parseCheckpoint(parseNote(log.checkpoint).text)).toEqual({
    origin,
    size: 600,
    root: rootOf(leaves),
  });
  expect(await readAll(log)).toEqual(envelopes.map((envelope) => entryOf(envelope).digest));
  const [, second = ''] = envelopes;
  expect(await log.envelope(entryOf(second).digest)).toBe(second);
});

test('proves each entry, and each earlier size', async () => {
  await using directory = await temporaryDirectory();
  const { grow, log: trust } = await sampleLog(directory.path);
  const envelopes = await grow(300);
  const leaves = leavesOf(envelopes);
  const log = await openLog(directory.path, trust);
  for (const index of [0, 1, 127, 128, 255, 256, 298, 299]) {
    const proof = await log.proof(index);
    expect(parseProof(proof).path.map((hash) => Buffer.from(hash))).toEqual(inclusionPath(index, leaves));
    const entry = entryOf(envelopes[index] ?? '');
    expect(verifyProof(proof, entry, trust)).toMatchObject({ index, checkpoint: { size: 300, origin } });
    const other = entryOf(envelopes[(index + 1) % 300] ?? '');
    expect(() => verifyProof(proof, other, trust)).toThrow(expect.objectContaining({ code: 'not-logged' }));
  }
  for (const [from, to] of [
    [0, 300],
    [1, 2],
    [255, 256],
    [256, 300],
    [257, 299],
    [300, 300],
  ] as const) {
    const heads = [from, to].map((size) => ({ size, root: rootOf(leaves.slice(0, size)) })) as [Head, Head];
    expect(verifyConsistency(...heads, await log.consistency(from, to)), `${from} to ${to}`).toBe(true);
  }
  for (const outside of [
    () => log.proof(300),
    () => log.proof(-1),
    () => log.consistency(0, 301),
    () => log.consistency(5, 4),
  ])
    await expect(outside()).rejects.toMatchObject({ code: 'not-logged' });
});
type Head = { readonly size: number; readonly root: Hash };

test('whatever is missing or altered is noticed', async () => {
  await using directory = await temporaryDirectory();
  const { grow, log: trust } = await sampleLog(directory.path);
  const [envelope = ''] = await grow(300);
  const { digest } = entryOf(envelope);
  const use = async () => {
    const log = await openLog(directory.path, trust);
    await readAll(log);
    await log.envelope(digest);
  };
  const codeOf = (): Promise<unknown> =>
    use().then(
      () => 'nothing',
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
    );
  expect(await codeOf()).toBe('nothing');
  const found: Record<string, unknown> = {};
  const object = `objects/${digest}.json`;
  const tiles = (await filesOf(directory.path)).filter((path) => path.startsWith('tile/'));
  for (const path of ['checkpoint', object, ...tiles]) {
    const file = join(directory.path, path);
    const bytes = await readFile(file);
    await rm(file);
    const missing = await codeOf();
    await writeFile(file, bytes.with(bytes.length - 1, bytes.at(-1) === 0 ? 1 : 0));
    const altered = await codeOf();
    await writeFile(file, bytes.subarray(0, -1));
    found[path] = [missing, altered, await codeOf()];
    await writeFile(file, bytes);
  }
  const usual = ['not-logged', 'inconsistent', 'inconsistent'];
  expect(found).toEqual({
    checkpoint: ['unusable-directory', 'malformed', 'malformed'],
    [object]: usual,
    'tile/0/000': usual,
    'tile/0/001.p/44': usual,
    'tile/1/000.p/1': usual,
    'tile/entries/000': usual,
    'tile/entries/001.p/44': usual,
  });
  expect(await codeOf()).toBe('nothing');
});

test('a reader goes on with a log that grows, also when its own partial tiles are gone', async () => {
  await using directory = await temporaryDirectory();
  const { grow, log: trust } = await sampleLog(directory.path);
  const before = await grow(200);
  const [old, follower] = [await openLog(directory.path, trust), await openLog(directory.path, trust)];
  const after = await grow(100);
  await follower.refresh();
  expect([old.size, follower.size]).toEqual([200, 300]);
  expect(await readAll(old)).toHaveLength(200);
  expect(await readAll(follower)).toEqual([...before, ...after].map((each) => entryOf(each).digest));
  await expect(old.proof(200)).rejects.toMatchObject({ code: 'not-logged' });
});

test('a rollback and a fork are found, by a reader and by who remembers, with both checkpoints', async () => {
  await using directory = await temporaryDirectory();
  const [main, backup, seen] = ['main', 'backup', 'seen'].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  const signer = freshSigner();
  await mkdir(main);
  const { grow, log: trust } = await sampleLog(main, signer);
  await grow(3);
  await cp(main, backup, { recursive: true });
  const log = await openLog(main, trust);
  expect(await remember(seen, log)).toBe('first-seen');
  await grow(5);
  await log.refresh();
  expect(await remember(seen, log)).toBe('consistent');
  expect(await readFile(seen, 'utf8')).toBe(log.checkpoint);

  const old = await openLog(backup, trust);
  const message = (now: Log) =>
    expect.stringContaining(`${log.checkpoint}Now:\n${now.checkpoint}`) as unknown;
  await expect(remember(seen, old)).rejects.toMatchObject({ code: 'inconsistent', message: message(old) });
  const other = await sampleLog(backup, signer);
  for (const count of [5, 4]) {
    await other.grow(count);
    await old.refresh();
    await expect(remember(seen, old)).rejects.toMatchObject({ code: 'inconsistent', message: message(old) });
  }
  expect(await readFile(seen, 'utf8')).toBe(log.checkpoint);

  // The same for a reader under whose eyes the directory is exchanged; it stays with what it has.
  await cp(backup, main, { recursive: true });
  await expect(log.refresh()).rejects.toMatchObject({ code: 'inconsistent' });
  expect(log.size).toBe(8);
  const foreign = log.checkpoint.replaceAll(origin, 'assay.example/other');
  await expect(checkConsistent(foreign, log)).rejects.toMatchObject({ code: 'wrong-subject' });
});

test('cosignatures are added to a checkpoint, and demanded by who demands them', async () => {
  await using directory = await temporaryDirectory();
  const { grow, writer, log: trust } = await sampleLog(directory.path);
  await grow(2);
  const witness = { name: 'witness.example', signer: freshSigner() };
  const key = printVerifierKey(
    noteKey('witness', witness.name, Buffer.from(witness.signer.jwk['x'] ?? '', 'base64url')),
  );
  const open = () => openLog(directory.path, trust, { keys: [key], quorum: 1 });
  await expect(open()).rejects.toMatchObject({ code: 'not-logged' });
  const { text } = parseNote((await openLog(directory.path, trust)).checkpoint);
  await writer.endorse(await cosign(text, witness, 1_800_000_000), key);
  await writer.endorse(await cosign(text, witness, 1_800_000_001), key);
  const log = await open();
  expect(parseNote(log.checkpoint).signatures.map(({ name }) => name)).toEqual([origin, witness.name]);
  const { index, checkpoint } = verifyProof(await log.proof(1), await entryAt(log, 1), trust, {
    keys: [key],
    quorum: 1,
  });
  expect([index, checkpoint.cosignatures.map(({ time }) => time)]).toEqual([1, [1_800_000_001]]);

  const wrong = cosign(text.replace('\n2\n', '\n3\n'), witness, 1_800_000_002);
  await expect(writer.endorse(await wrong, key)).rejects.toMatchObject({ code: 'bad-signature' });
  const stranger = cosign(text, { ...witness, signer: freshSigner() }, 1_800_000_003);
  await expect(writer.endorse(await stranger, key)).rejects.toMatchObject({ code: 'unknown-key' });
  await expect(writer.endorse('— nobody\n', key)).rejects.toMatchObject({ code: 'malformed' });
  expect((await open()).checkpoint).toBe(log.checkpoint);
});

async function entryAt(log: Log, at: number) {
  for await (const { entry } of log.entries(at, at + 1)) return entry;
  throw new Error(`the log has no entry ${at}`);
}

test('an entry and a proof have one spelling', async () => {
  await using directory = await temporaryDirectory();
  const { grow, log: trust } = await sampleLog(directory.path);
  const [envelope = ''] = await grow(3);
  const entry = entryOf(envelope);
  expect(entry).toEqual({
    digest: entry.digest,
    environment: 'production',
    integration: 'accounts',
    predicate: 'https://assay.dev/attestation/act/v1',
  });
  const text = printEntry(entry);
  expect(parseEntry(text)).toEqual(entry);
  const badEntries = {
    'another order': JSON.stringify(Object.fromEntries(Object.entries(entry).toReversed())),
    'a member more': text.replace('{', '{"a":1,'),
    'a member less': text.replace('"environment":"production",', ''),
    'an upper case digest': text.replace(entry.digest, entry.digest.toUpperCase()),
    'white space': `${text}\n`,
    'an entry longer than 65,535 bytes': text.replace('accounts', 'a'.repeat(65_536)),
    'no object': '[]',
  };
  for (const [what, bad] of Object.entries(badEntries))
    expect(() => parseEntry(bad), what).toThrow(expect.objectContaining({ name: 'EvidenceError' }));

  const proof = await (await openLog(directory.path, trust)).proof(0);
  verifyProof(proof, entry, trust);
  const [, , first = ''] = proof.split('\n');
  const badProofs = {
    'another version': proof.replace('@v1', '@v2'),
    'extra data': proof.replace('index 0', 'extra AAAA\nindex 0'),
    'an index with zeroes': proof.replace('index 0', 'index 00'),
    'no index': proof.replace('index 0\n', ''),
    'a hash without padding': proof.replace(first, first.slice(0, -1)),
    'fifty-four hashes': proof.replace(first, Array.from({ length: 54 }, () => first).join('\n')),
    'CR LF': proof.replaceAll('\n', '\r\n'),
    'no checkpoint': proof.slice(0, proof.indexOf('\n\n') + 2),
    nothing: '',
  };
  for (const [what, bad] of Object.entries(badProofs))
    expect(() => verifyProof(bad, entry, trust), what).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
});
