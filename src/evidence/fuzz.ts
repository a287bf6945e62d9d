import { fuzzBundles } from './fuzz-bundle.ts';
import { fuzzEnvelopes } from './fuzz-envelope.ts';
import { fuzzCheckpoints, fuzzCosignatures, fuzzEntries, fuzzProofs } from './fuzz-log.ts';
import type { Refusals } from './fuzzing.ts';

/**
 * By what is read: a function that mutates so many valid ones, and throws when a mutated one is accepted. The seed determines
 * the edits, not the keys.
 */
export const fuzzers: Readonly<Record<string, (count: number, seed: number) => Promise<Refusals>>> = {
  envelopes: fuzzEnvelopes,
  checkpoints: fuzzCheckpoints,
  cosignatures: fuzzCosignatures,
  entries: fuzzEntries,
  proofs: fuzzProofs,
  bundles: fuzzBundles,
};
