import { expect, test } from '@playwright/test';
import { canonical } from './canonical.ts';
import { openEnvelope } from './envelope.ts';
import { fuzzEnvelopes } from './fuzz-envelope.ts';
import { drawFrom, refuseAll, textEdits } from './fuzzing.ts';
import { withLowS } from './keys.ts';
import type { Verifiers } from './verifiers.ts';

test('of 20,000 mutated envelopes none is accepted, and each kind of refusal is reached', async () => {
  const { codes } = await fuzzEnvelopes(20_000, 1);
  for (const code of ['malformed', 'not-canonical', 'unknown-key', 'bad-signature'] as const)
    expect(codes[code], code).toBeGreaterThan(400);
  expect(Object.keys(codes)).toHaveLength(4);
});

interface Draft {
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

/** Opens what an envelope would be if one thing about it did not matter. */
const leniently =
  (mend: (draft: Draft, verifiers: Verifiers) => void, print: (draft: Draft, text: string) => string) =>
  (text: string, verifiers: Verifiers): unknown => {
    try {
      const draft = JSON.parse(text) as Draft;
      mend(draft, verifiers);
      return openEnvelope(print(draft, text), verifiers);
    } catch {
      return openEnvelope(text, verifiers);
    }
  };
const respelt = (base64: string): string => Buffer.from(base64, 'base64').toString('base64');

// The fuzzer is worth something only if it finds each of these.
for (const [what, open] of Object.entries({
  'the spelling of JSON': leniently(() => undefined, canonical),
  'the spelling of the payload': leniently(
    (draft) => void (draft.payload = respelt(draft.payload)),
    canonical,
  ),
  'the spelling of a signature': leniently(
    ({ signatures }) => signatures.forEach((each) => (each.sig = respelt(each.sig))),
    canonical,
  ),
  'which of two good signatures it is': leniently(
    ({ signatures }) =>
      signatures.forEach(
        (each) => (each.sig = Buffer.from(withLowS(Buffer.from(each.sig, 'base64'))).toString('base64')),
      ),
    canonical,
  ),
  'an unknown signature beside a good one': leniently(
    (draft, { keys }) =>
      void (draft.signatures = draft.signatures.filter(({ keyid }) => keys.some(({ id }) => id === keyid))),
    canonical,
  ),
  'the order of signatures': leniently(
    (draft) =>
      void (draft.signatures = draft.signatures.toSorted((one, other) => (one.keyid < other.keyid ? -1 : 1))),
    canonical,
  ),
}))
  test(`the fuzzer convicts an opener that overlooks ${what}`, async () => {
    await expect(fuzzEnvelopes(20_000, 2, open)).rejects.toThrow(/^accepted after/u);
  });

test('the fuzzer convicts a reader that fails otherwise than by a refusal', () => {
  const fuzzed = {
    texts: ['{}'],
    edits: textEdits,
    read: (text: string) => JSON.parse(text) as unknown,
    legitimate: new Set(['{}']),
  };
  expect(() => refuseAll(fuzzed, 100, drawFrom(1))).toThrow(/^neither accepted nor refused/u);
});

test('the fuzzer does not go on for ever when nothing changes', () => {
  const fuzzed = {
    texts: ['x'],
    edits: { stay: (text: string) => text },
    read: () => 0,
    legitimate: new Set(['x']),
  };
  expect(() => refuseAll(fuzzed, 1, drawFrom(1))).toThrow(/^the edits change too little/u);
});
