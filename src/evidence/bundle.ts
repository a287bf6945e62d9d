import { Type } from 'typebox';
import { canonical, parseCanonical } from './canonical.ts';
import { Fingerprint } from './fingerprint.ts';
import { shaped } from './shape.ts';

const Shape = Type.Object(
  {
    format: Type.Literal('assay-bundle/1'),
    envelope: Type.Object({}, { additionalProperties: true }),
    fingerprint: Type.Optional(Fingerprint),
    proof: Type.Optional(Type.String({ description: 'A C2SP tlog-proof.' })),
  },
  { additionalProperties: false },
);

/** All that a reader needs to verify one envelope offline, besides the keys that count. */
export interface Bundle {
  /** The canonical text of the envelope. */
  readonly envelope: string;
  /** What the subject's digest stands for; only of a run. */
  readonly fingerprint?: Fingerprint;
  /** Where the log has it. */
  readonly proof?: string;
}

/** A bundle as a file: canonical JSON with the envelope as a member. */
export const printBundle = ({ envelope, fingerprint, proof }: Bundle): string =>
  canonical({ format: 'assay-bundle/1', envelope: parseCanonical(envelope), fingerprint, proof });

/**
 * Reads what `printBundle` prints, and nothing else.
 * @throws EvidenceError `malformed`, `not-canonical`
 */
export function parseBundle(text: string): Bundle {
  const { envelope, fingerprint, proof } = shaped(Shape, parseCanonical(text), 'a bundle of evidence');
  return {
    envelope: canonical(envelope),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(proof === undefined ? {} : { proof }),
  };
}
