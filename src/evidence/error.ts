import type { Fault } from '../verdict/verdict.ts';

/** Why evidence cannot be made, read or believed. */
export type EvidenceErrorCode =
  /** The bytes are not what the printer would print. */
  | 'not-canonical'
  /** The shape is not that of the format. */
  | 'malformed'
  /** No key that counts has signed it. */
  | 'unknown-key'
  | 'bad-signature'
  /** The key did not count at the time of what it signed, or may not sign this kind. */
  | 'key-not-entitled'
  | 'expired'
  /** The run did not come to its end: nothing can be stated of it. */
  | 'incomplete'
  /** It is about something else than was asked for. */
  | 'wrong-subject'
  /** The log does not contain it, or a part of the log is missing. */
  | 'not-logged'
  /** The log contradicts what was seen of it before. */
  | 'inconsistent'
  /** A key, a command or a file that signing needs is not usable. */
  | 'unusable-key'
  /** There is no evidence directory, or it cannot be written. */
  | 'unusable-directory';

/** Evidence that cannot be made, read or believed. The message says what was expected, what came, and where. */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';
  readonly fault: Fault;
  readonly code: EvidenceErrorCode;

  constructor(code: EvidenceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.fault = code === 'unusable-directory' ? 'environment' : 'configuration';
  }
}
