import { logKey, openCheckpoint, signCheckpoint, trustOf, type LogTrust } from './checkpoint.ts';
import { cosign } from './cosignature.ts';
import { parseEntry, printEntry, type Entry } from './entry.ts';
import { drawFrom, refuseAll, textEdits, type Edit, type Refusals } from './fuzzing.ts';
import { inclusionPath, leafHash, rootOf } from './merkle.ts';
import { noteKey, parseNote, parseSignature, printSignature, printVerifierKey } from './note.ts';
import { generateKey, signerOf } from './signer.ts';
import type { Signer } from './signing.ts';
import { parseProof, printProof, verifyProofWith } from './tlog-proof.ts';

const origin = 'fuzz.example/log';
const sizes = [6, 13, 300];
/** The entry whose proofs are mutated. */
const index = 5;

/**
 * Mutates checkpoints that two witnesses have cosigned, of which both are demanded.
 * @throws Error when one is accepted that the log and the witnesses did not sign.
 */
export async function fuzzCheckpoints(count: number, seed: number): Promise<Refusals> {
  const { checkpoints, strange, trust } = await sample();
  return refuseAll(
    {
      texts: checkpoints,
      edits: { ...textEdits, ...base64Edits, ...lineEdits([...checkpoints, ...strange]) },
      read: (text) => openCheckpoint(text, trust),
      legitimate: new Legitimate(checkpoints.flatMap(reordered), trust),
    },
    count,
    drawFrom(seed),
  );
}

/**
 * Mutates the cosignature under a checkpoint that needs one.
 * @throws Error when one is accepted that the witness did not make.
 */
export async function fuzzCosignatures(count: number, seed: number): Promise<Refusals> {
  const { checkpoints, trust } = await sample();
  const [checkpoint = ''] = checkpoints;
  const [own = '', ...lines] = signaturesOf(checkpoint);
  const head = `${parseNote(checkpoint).text}\n${own}`;
  const texts = lines.map((line) => head + line);
  const ofLine = ([name, edit]: readonly [string, Edit]): [string, Edit] => [
    name,
    (text, draw) => (text.length > head.length ? head + edit(text.slice(head.length), draw) : text),
  ];
  return refuseAll(
    {
      texts,
      edits: Object.fromEntries(Object.entries({ ...textEdits, ...base64Edits }).map(ofLine)),
      read: (text) => openCheckpoint(text, { ...trust, quorum: 1 }),
      legitimate: new Legitimate(texts, trust),
    },
    count,
    drawFrom(seed),
  );
}

/**
 * Mutates proofs that logs of several sizes have one entry.
 * @throws Error when another proof of it is accepted.
 */
export async function fuzzProofs(count: number, seed: number): Promise<Refusals> {
  const { checkpoints, entries, trust } = await sample();
  const proofs = checkpoints.map((checkpoint, at) => proofOf(entries, index, sizes[at] ?? 0, checkpoint));
  const others = checkpoints.flatMap((checkpoint, at) =>
    [0, 4].map((other) => proofOf(entries, other, sizes[at] ?? 0, checkpoint)),
  );
  const entry = entries[index] as Entry;
  const legitimate = proofs.flatMap((proof) => {
    const { checkpoint, ...rest } = parseProof(proof);
    return reordered(checkpoint).map((each) => printProof({ ...rest, checkpoint: each }));
  });
  return refuseAll(
    {
      texts: proofs,
      edits: { ...textEdits, ...base64Edits, ...lineEdits([...proofs, ...others]) },
      read: (text) => verifyProofWith(text, entry, trust),
      legitimate: new Legitimate(legitimate, trust),
    },
    count,
    drawFrom(seed),
  );
}

/**
 * Mutates an entry that a proof is for.
 * @throws Error when the proof holds for another one.
 */
export async function fuzzEntries(count: number, seed: number): Promise<Refusals> {
  const { checkpoints, entries, trust } = await sample();
  const proof = proofOf(entries, index, sizes[0] ?? 0, checkpoints[0] ?? '');
  const text = printEntry(entries[index] as Entry);
  return refuseAll(
    {
      texts: [text],
      edits: textEdits,
      read: (mutant) => verifyProofWith(proof, parseEntry(mutant), trust),
      legitimate: new Set([text]),
    },
    count,
    drawFrom(seed),
  );
}

const leavesOf = (entries: readonly Entry[]) =>
  entries.map((entry) => leafHash(Buffer.from(printEntry(entry))));

function proofOf(entries: readonly Entry[], at: number, size: number, checkpoint: string): string {
  return printProof({ index: at, path: inclusionPath(at, leavesOf(entries.slice(0, size))), checkpoint });
}

/** Checkpoints of one log at several sizes, and the same of a stranger who uses its name. */
async function sample() {
  const [signer, stranger, ...witnesses] = Array.from({ length: 4 }, () =>
    signerOf(generateKey('Ed25519'), 'fuzzer'),
  ) as [Signer, Signer, Signer, Signer];
  const entries = Array.from({ length: Math.max(...sizes) }, (_, at): Entry => ({
    digest: at.toString(16).padStart(64, '0'),
    environment: 'production',
    integration: `northbank/${at}`,
    predicate: 'https://assay.dev/attestation/fuzz/v1',
  }));
  const named = witnesses.map((each, at) => ({ name: `witness.example/${at}`, signer: each }));
  const signed = async (by: Signer, size: number): Promise<string> => {
    const note = await signCheckpoint({ origin, size, root: rootOf(leavesOf(entries.slice(0, size))) }, by);
    const { text } = parseNote(note);
    const lines = await Promise.all(named.map((witness) => cosign(text, witness, 1_800_000_000 + size)));
    return note + lines.join('');
  };
  const keys = named.map(({ name, signer: { jwk } }) =>
    printVerifierKey(noteKey('witness', name, Buffer.from(jwk['x'] ?? '', 'base64url'))),
  );
  const trust: LogTrust = trustOf(
    { origin, keys: [printVerifierKey(logKey(origin, signer))] },
    { keys, quorum: keys.length },
  );
  return {
    checkpoints: await Promise.all(sizes.map((size) => signed(signer, size))),
    strange: await Promise.all(sizes.map((size) => signed(stranger, size))),
    entries,
    trust,
  };
}

/** Texts with, besides, any signatures of keys that nobody knows: notes must be read as if those were not there. */
class Legitimate extends Set<string> {
  readonly known: ReadonlySet<string>;

  constructor(texts: readonly string[], { keys, witnesses }: LogTrust) {
    super(texts);
    this.known = new Set([...keys, ...witnesses].map(({ name, id }) => `${name} ${id}`));
  }

  override has(text: string): boolean {
    const kept = signaturesOf(text).filter((line) => !this.isStrange(line));
    return super.has(text.slice(0, text.lastIndexOf('\n\n') + 2) + kept.join(''));
  }

  private isStrange(line: string): boolean {
    try {
      const signature = parseSignature(line.slice(0, -1));
      return printSignature(signature) === line && !this.known.has(`${signature.name} ${signature.id}`);
    } catch {
      return false;
    }
  }
}

const signaturesOf = (note: string): readonly string[] =>
  note.slice(note.lastIndexOf('\n\n') + 2).match(/[^\n]*\n|[^\n]+$/gu) ?? [];

/** A note with its signatures in every order: which order they have means nothing. */
function reordered(note: string): readonly string[] {
  const head = note.slice(0, note.lastIndexOf('\n\n') + 2);
  return permutations(signaturesOf(note)).map((lines) => head + lines.join(''));
}

const permutations = (lines: readonly string[]): readonly (readonly string[])[] =>
  lines.length < 2
    ? [lines]
    : lines.flatMap((line, at) => permutations(lines.toSpliced(at, 1)).map((rest) => [line, ...rest]));

/** Edits by whole lines, with lines of other texts. */
const lineEdits = (others: readonly string[]): Readonly<Record<string, Edit>> => ({
  removeLine: (text, draw) => withLines(text, (lines) => lines.toSpliced(draw.below(lines.length), 1)),
  repeatLine: (text, draw) =>
    withLines(text, (lines) => {
      const at = draw.below(lines.length);
      return lines.toSpliced(at, 0, lines[at] ?? '');
    }),
  swapLines: (text, draw) =>
    withLines(text, (lines) => {
      const [one, other] = [draw.below(lines.length), draw.below(lines.length)];
      return lines.with(one, lines[other] ?? '').with(other, lines[one] ?? '');
    }),
  otherLine: (text, draw) =>
    withLines(text, (lines) => {
      const from = draw.one(others).split('\n');
      const at = draw.below(Math.min(from.length, lines.length));
      return lines.with(at, from[at] ?? '');
    }),
  otherHead: (text, draw) => partOf(draw.one(others), 'head') + partOf(text, 'tail'),
  otherTail: (text, draw) => partOf(text, 'head') + partOf(draw.one(others), 'tail'),
  emptyLine: (text, draw) => withLines(text, (lines) => lines.toSpliced(draw.below(lines.length), 0, '')),
});

const withLines = (text: string, edit: (lines: readonly string[]) => readonly string[]): string =>
  edit(text.split('\n')).join('\n');

function partOf(text: string, part: 'head' | 'tail'): string {
  const at = text.indexOf('\n\n') + 2;
  return part === 'head' ? text.slice(0, at) : text.slice(at);
}

/** The order of the base point of Ed25519 (RFC 8032, section 5.1). */
const order = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Edits of one base64 string in a text: other spellings of its bytes, and a signature that a lax verifier takes for good. */
const base64Edits: Readonly<Record<string, Edit>> = Object.fromEntries(
  Object.entries({
    unpadded: (word: string) => word.replace(/=+$/u, ''),
    padded: (word: string) => `${word}=`,
    urlSafe: (word: string) => word.replaceAll('+', '-').replaceAll('/', '_'),
    spareBits: (word: string) =>
      word.replace(/(?<last>[A-Za-z0-9+/])(?<padding>=+)$/u, (_, last: string, padding: string) => {
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
        return `${alphabet.charAt(alphabet.indexOf(last) ^ 1)}${padding}`;
      }),
    longer: (word: string) => Buffer.concat([Buffer.from(word, 'base64'), Buffer.of(0)]).toString('base64'),
    shorter: (word: string) => Buffer.from(word, 'base64').subarray(0, -1).toString('base64'),
    otherS: (word: string) => {
      const bytes = Buffer.from(word, 'base64');
      const s = BigInt(`0x0${Buffer.from(bytes.subarray(-32).toReversed()).toString('hex')}`) + order;
      const tail = Buffer.from(s.toString(16).padStart(64, '0').slice(-64), 'hex').toReversed();
      return Buffer.concat([bytes.subarray(0, -32), tail]).toString('base64');
    },
  }).map(([name, respell]): [string, Edit] => [
    name,
    (text, draw) => {
      const words = [...text.matchAll(/[A-Za-z0-9+/]{40,}=*/gu)];
      if (words.length === 0) return text;
      const { 0: word, index: at } = draw.one(words);
      return text.slice(0, at) + respell(word) + text.slice(at + word.length);
    },
  ]),
);
