/** Why the service does not start. */
export type ServiceErrorCode =
  /** Somebody else listens at the address. */
  | 'address-taken'
  /** The address is not one of this machine, or may not be used. */
  | 'unusable-address'
  /** publication.yaml has mistakes, or cannot be read. */
  | 'bad-publication'
  /** Two things would be at the same path of one address. */
  | 'path-taken'
  /** Another server with a database of its own serves this evidence directory. */
  | 'second-server';

/** A service that does not start. The message says what was expected, what came, and what to do. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly fault: 'configuration' | 'environment';
  readonly code: ServiceErrorCode;

  constructor(code: ServiceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.fault = code === 'bad-publication' || code === 'path-taken' ? 'configuration' : 'environment';
  }
}

/** The code that the system, or a library, gave to an error; empty where there is none. */
export const systemCode = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
