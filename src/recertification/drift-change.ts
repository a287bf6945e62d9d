import type { Fingerprint } from '../evidence/fingerprint.ts';

/** A part of a fingerprint. */
export type Part = keyof Fingerprint;

/** One thing that is another than it was. */
export interface Change {
  readonly part: Part;
  /**
   * A JSON pointer within metadata and registration, a key's thumbprint, an origin, the path of a description; empty for the
   * whole part.
   */
  readonly member: string;
  readonly how: 'added' | 'removed' | 'changed';
  /** Benign: what was tested covers it, too. Material: the evidence no longer covers what is there. */
  readonly weight: 'benign' | 'material';
  /** What changed. */
  readonly what: string;
  /** Why it weighs so. */
  readonly reason: string;
}

/** What a rule says of a change. */
export type Judgement = Pick<Change, 'weight' | 'reason'>;

export const benign = (reason: string): Judgement => ({ weight: 'benign', reason });
export const material = (reason: string): Judgement => ({ weight: 'material', reason });

/** Algorithms of signatures that FAPI 2.0 permits (Security Profile, 5.4.1); Ed25519 as RFC 9864 names it. */
export const permittedAlgorithms: readonly string[] = ['PS256', 'ES256', 'EdDSA', 'Ed25519'];

const longest = 80;

/** A value of a stranger, for people: on one line, and not endless. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
