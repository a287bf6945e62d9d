/** Why a published document is not made, or not believed. */
export type PublicationErrorCode =
  /** It is not of the format. */
  | 'malformed'
  /** It is a JWT of another type: it was made for another purpose. */
  | 'wrong-type'
  /** No key of the one who should have signed it has its key id. */
  | 'unknown-key'
  | 'bad-signature'
  | 'expired'
  /** It is dated later than now. */
  | 'not-yet-valid'
  /** Another than the expected one issued it. */
  | 'wrong-issuer'
  /** It is about something else than was asked for. */
  | 'wrong-subject'
  /** The owner of the trust mark type has not entrusted the issuer with it. */
  | 'not-delegated'
  /** The status list has no such index, so it says nothing. */
  | 'out-of-range'
  /** What the issuer is to publish contradicts itself. */
  | 'bad-issuer';

/** A published document that is not made, or not believed. The message says what was expected and what came. */
export class PublicationError extends Error {
  override readonly name = 'PublicationError';
  readonly fault = 'configuration';
  readonly code: PublicationErrorCode;

  constructor(code: PublicationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
