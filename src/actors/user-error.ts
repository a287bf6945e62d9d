import type { Fault } from '../verdict/verdict.ts';
import type { Hop } from './user.ts';

/** Why a visit could not be made. */
export type UserErrorCode = 'login-failed' | 'too-many-hops' | 'not-reached' | 'script-failed' | 'no-browser';

const faults: Readonly<Record<UserErrorCode, Fault>> = {
  'login-failed': 'configuration',
  'too-many-hops': 'configuration',
  'not-reached': 'environment',
  'script-failed': 'configuration',
  'no-browser': 'environment',
};

const faultOf = (cause: unknown): Fault | undefined =>
  cause instanceof Error && 'fault' in cause && (cause.fault === 'configuration' || cause.fault === 'harness')
    ? cause.fault
    : undefined;

/**
 * A visit that could not be made. `not-reached`: a request of the way had no answer; `cause` is the TransportError, and
 * gives the fault where it is one of configuration, such as a redirect to a host that is not declared.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: UserErrorCode;
  readonly fault: Fault;
  /** The way until then; the last hop tells where it led to. */
  readonly hops: readonly Hop[];
  constructor(code: UserErrorCode, message: string, options: ErrorOptions & { hops?: readonly Hop[] } = {}) {
    super(message, options);
    this.code = code;
    this.fault = faultOf(options.cause) ?? faults[code];
    this.hops = options.hops ?? [];
  }
}
