/** Why a statement or a rule does not become part of what the log says. */
export type CertificationErrorCode =
  /** rules.yaml is missing, unreadable or wrong. */
  | 'bad-rules'
  /** It is dated later than now. */
  | 'from-the-future'
  /** The log has this act or this run already, in another envelope. */
  | 'duplicate'
  /** Another integration is registered with this client or certificate. */
  | 'key-taken'
  /** It is a transition, which is made and not handed in, or a run of another partner's integration of the same id. */
  | 'not-accepted'
  /** A change does not continue where the projection is. */
  | 'gap';

/** Something that does not become part of what the log says. The message says what was expected, what came, what to do. */
export class CertificationError extends Error {
  override readonly name = 'CertificationError';
  readonly fault: 'configuration' | 'harness';
  readonly code: CertificationErrorCode;

  constructor(code: CertificationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.fault = code === 'gap' ? 'harness' : 'configuration';
  }
}
