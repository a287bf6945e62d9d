import { expect, test } from '@playwright/test';
import { freshSigner, origin, trustIn } from '../../fixtures/log/sample.ts';
import {
  logKey,
  openCheckpoint,
  parseCheckpoint,
  printCheckpoint,
  signCheckpoint,
  trustOf,
} from './checkpoint.ts';
import { cosign } from './cosignature.ts';
import { emptyRoot } from './merkle.ts';
import { noteKey, parseNote, parseVerifierKey, printNote, printVerifierKey, signersOf } from './note.ts';
import { generateKey, signerOf } from './signer.ts';
import type { Signer } from './signing.ts';

/** The key pair and the note of the documentation of Go's note package, which many implementations are tested with. */
const published = {
  key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  signature:
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
};
const asSigned =
  ({ text }: { text: string }) =>
  (raw: Uint8Array) => ({ bytes: Buffer.from(text), raw });

test('reads and verifies a published note', () => {
  const key = parseVerifierKey(published.key, 'log');
  const note = parseNote(`${published.text}\n${published.signature}`);
  expect(note.text).toBe(published.text);
  expect(signersOf(note, [key], asSigned(note)).map((each) => each.key.name)).toEqual(['PeterNeumann']);
  const altered = { ...note, text: note.text.replace('answer', 'Answer') };
  expect(() => signersOf(altered, [key], asSigned(altered))).toThrow(
    expect.objectContaining({ code: 'bad-signature' }),
  );
  expect(
    signersOf(
      note,
      [parseVerifierKey(printVerifierKey(logKey('PeterNeumann', freshSigner())), 'log')],
      asSigned(note),
    ),
  ).toEqual([]);
});

test('reads verifier keys in one spelling only', () => {
  expect(printVerifierKey(parseVerifierKey(published.key, 'log'))).toBe(published.key);
  const wrong = Array.from(published.key, (character, at) => [
    published.key.slice(0, at),
    published.key.slice(at + 1),
    published.key.slice(0, at) +
      String.fromCodePoint((character.codePointAt(0) ?? 0) + 1) +
      published.key.slice(at + 1),
  ]).flat();
  const accepted = [...wrong, `${published.key}\n`, ` ${published.key}`].filter((text) => {
    try {
      parseVerifierKey(text, 'log');
      return text !== published.key;
    } catch (error) {
      expect(['malformed', 'unusable-key']).toContain(
        error instanceof Error && 'code' in error && error.code,
      );
      return false;
    }
  });
  expect(accepted).toEqual([]);
  expect(() => parseVerifierKey(published.key, 'witness')).toThrow(/type 4/u);
});

test('a note has one spelling', () => {
  const { text, signature } = published;
  const whole = `${text}\n${signature}`;
  expect(printNote(parseNote(whole))).toBe(whole);
  const bad = {
    'no signature': `${text}\n`,
    'no empty line': text + signature,
    'no final line end': whole.slice(0, -1),
    'a text without a line end': `${text.slice(0, -1)}${signature}`,
    'two line ends after it': `${whole}\n`,
    'a control character': whole.replace('answer', 'ans\u0007wer'),
    'CR LF': whole.replaceAll('\n', '\r\n'),
    'a lone surrogate': whole.replace('answer', 'ans\uD800wer'),
    'another dash': whole.replace('—', '-'),
    'two spaces': whole.replace('— ', '—  '),
    'a plus in the name': whole.replace('PeterNeumann', 'Peter+Neumann'),
    'base64 without padding': whole.replace('AM=', 'AM'),
    'base64 with spare bits': whole.replace('AM=', 'AN='),
    'URL-safe base64': whole.replace('go/ZJ', 'go_ZJ'),
    'a signature of nothing': `${text}\n— PeterNeumann x08gow==\n`,
    'a signature twice': whole + signature,
    'sixty-five signatures': `${text}\n${Array.from({ length: 65 }, (_, at) => signature.replace('Peter', `Peter${at}`)).join('')}`,
  };
  for (const [what, note] of Object.entries(bad))
    expect(() => parseNote(note), what).toThrow(expect.objectContaining({ name: 'EvidenceError' }));
});

test('a checkpoint has one spelling', () => {
  const root = Buffer.from(emptyRoot).toString('base64');
  const text = `${origin}\n0\n${root}\n`;
  expect(printCheckpoint(parseCheckpoint(text))).toBe(text);
  const bad = {
    'no origin': text.replace(origin, ''),
    'a leading zero': text.replace('\n0\n', '\n00\n'),
    'a negative size': text.replace('\n0\n', '\n-1\n'),
    'a size beyond exact numbers': text.replace('\n0\n', '\n9007199254740993\n'),
    'an exponent': text.replace('\n0\n', '\n1e3\n'),
    'no size': text.replace('\n0\n', '\n\n'),
    'a short root': text.replace(root, root.slice(4)),
    'a root without padding': text.replace('=', ''),
    'an extension line': `${text}more\n`,
    'no final line end': text.slice(0, -1),
  };
  for (const [what, wrong] of Object.entries(bad))
    expect(() => parseCheckpoint(wrong), what).toThrow(expect.objectContaining({ code: 'malformed' }));
});

const witnessKey = (name: string, { jwk }: Signer) =>
  printVerifierKey(noteKey('witness', name, Buffer.from(jwk['x'] ?? '', 'base64url')));
const checkpoint = { origin, size: 0, root: emptyRoot };

test('a checkpoint counts when its own log signed it', async () => {
  const signer = freshSigner();
  const text = await signCheckpoint(checkpoint, signer);
  expect(openCheckpoint(text, trustOf(trustIn(signer)))).toMatchObject({
    origin,
    size: 0,
    text,
    cosignatures: [],
  });
  const codeOf = (trust: Parameters<typeof trustOf>[0], note = text) => {
    expect(() => openCheckpoint(note, trustOf(trust))).toThrow(
      expect.objectContaining({ name: 'EvidenceError' }),
    );
    try {
      return openCheckpoint(note, trustOf(trust));
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : undefined;
    }
  };
  expect(codeOf(trustIn(freshSigner()))).toBe('unknown-key');
  expect(codeOf(trustIn(signer, 'assay.example/other'))).toBe('wrong-subject');
  expect(codeOf(trustIn(signer), text.replace('\n0\n', '\n1\n'))).toBe('bad-signature');
  const es256 = signerOf(generateKey('ES256'), 'the log');
  await expect(signCheckpoint(checkpoint, es256)).rejects.toMatchObject({ code: 'unusable-key' });
});

test('a quorum of different witnesses is demanded, and a bad cosignature spoils the checkpoint', async () => {
  const [signer, one, two] = [freshSigner(), freshSigner(), freshSigner()];
  const note = await signCheckpoint(checkpoint, signer);
  const { text } = parseNote(note);
  const time = 1_679_315_147;
  const [first, second] = await Promise.all([
    cosign(text, { name: 'witness.example/1', signer: one }, time),
    cosign(text, { name: 'witness.example/2', signer: two }, time + 1),
  ]);
  const keys = [witnessKey('witness.example/1', one), witnessKey('witness.example/2', two)];
  const open = (lines: string, quorum: number, witnesses = keys) =>
    openCheckpoint(note + lines, trustOf(trustIn(signer), { keys: witnesses, quorum })).cosignatures.map(
      (each) => each.time,
    );
  expect(open(first + second, 2)).toEqual([time, time + 1]);
  expect(open(second, 1)).toEqual([time + 1]);
  expect(open('', 0)).toEqual([]);
  expect(() => open(first, 2)).toThrow(expect.objectContaining({ code: 'not-logged' }));
  // A cosignature of nobody is skipped, and does not count.
  expect(open(first + second, 1, keys.slice(0, 1))).toEqual([time]);
  expect(() => open(second, 1, keys.slice(0, 1))).toThrow(expect.objectContaining({ code: 'not-logged' }));

  const elsewhere = await cosign(
    text.replace('\n0\n', '\n1\n'),
    { name: 'witness.example/1', signer: one },
    time,
  );
  expect(() => open(elsewhere + second, 1)).toThrow(expect.objectContaining({ code: 'bad-signature' }));
  const short =
    printNote({ ...parseNote(note + first), text: '' })
      .split('\n')
      .at(-2) ?? '';
  const cut = Buffer.from(short.split(' ')[2] ?? '', 'base64')
    .subarray(0, 12)
    .toString('base64');
  expect(() => open(`— witness.example/1 ${cut}\n`, 0)).toThrow(
    expect.objectContaining({ code: 'bad-signature' }),
  );

  // Under two names one key is still one witness.
  const alias = await cosign(text, { name: 'witness.example/3', signer: one }, time);
  expect(() => open(first + alias, 2, [...keys, witnessKey('witness.example/3', one)])).toThrow(
    expect.objectContaining({ code: 'not-logged' }),
  );
  expect(() => trustOf(trustIn(signer), { keys, quorum: 3 })).toThrow(
    expect.objectContaining({ code: 'malformed' }),
  );
});
