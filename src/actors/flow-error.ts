import { parseChallenges, type Challenge } from '../protocol/challenge.ts';
import type { Reply } from '../transport/transport.ts';

/** The challenges of a refusal (RFC 9110, section 11.6.1); undefined where they do not follow its grammar. */
export const challengesOf = ({ headers }: Reply): readonly Challenge[] | undefined =>
  parseChallenges(headers['www-authenticate'] ?? '');

/** The error code of the challenge (RFC 6750, section 3); the body of a resource is its own. */
export const challengeErrorOf = (reply: Reply): string | undefined =>
  challengesOf(reply)
    ?.find(({ parameters }) => parameters.has('error'))
    ?.parameters.get('error');

/** The error code of a refusal: of the challenge, or of the body (RFC 6749, section 5.2). */
export function errorOf(reply: Reply): string | undefined {
  const { body } = reply;
  const told =
    typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string'
      ? body.error
      : undefined;
  return challengeErrorOf(reply) ?? told;
}

/** What a reply says, in a few words and without its secrets. */
export function describe(reply: Reply): string {
  const error = errorOf(reply);
  const text = (reply.body as { error_description?: unknown } | undefined)?.error_description;
  const members = typeof reply.body === 'object' && reply.body !== null ? Object.keys(reply.body) : [];
  if (error !== undefined) return `${reply.status} ${error}${typeof text === 'string' ? ` (${text})` : ''}`;
  return members.length > 0
    ? `${reply.status} with ${members.join(', ')}`
    : `${reply.status} without an error code`;
}

/** Errors by which a server says that it knows the client otherwise than the integration file does. */
const registrationErrors: readonly (string | undefined)[] = [
  'invalid_client',
  'unauthorized_client',
  'invalid_scope',
];

/**
 * Whether the refusal of a valid request says that the registration differs from the file. That is a matter of
 * configuration until shown otherwise: it must not convict the subject.
 */
export const deniesRegistration = (reply: Reply): boolean => registrationErrors.includes(errorOf(reply));

/** A status that speaks of the moment and not of the request: rate limits and outages. */
export const unavailable = (reply: Reply): boolean => [429, 502, 503, 504].includes(reply.status);

/** A step on the way to the question of a check did not succeed. */
export class FlowError extends Error {
  override readonly name = 'FlowError';
  readonly code: 'refused' | 'no-code' | 'no-key' | 'no-endpoint' | 'not-given' | 'unavailable';
  readonly fault: 'subject' | 'configuration' | 'environment';

  constructor(code: FlowError['code'], fault: FlowError['fault'], message: string) {
    super(message);
    this.code = code;
    this.fault = fault;
  }

  /** A valid request was refused. */
  static refused(purpose: string, reply: Reply): FlowError {
    if (unavailable(reply))
      return new FlowError(
        'unavailable',
        'environment',
        `the server cannot answer now: ${describe(reply)} to a valid ${purpose}`,
      );
    return deniesRegistration(reply)
      ? new FlowError(
          'refused',
          'configuration',
          `expected a valid ${purpose} to be accepted, got ${describe(reply)}; compare the client's registration at the server with the integration file (client id, key, scopes)`,
        )
      : new FlowError(
          'refused',
          'subject',
          `expected a valid ${purpose} to be accepted, got ${describe(reply)}`,
        );
  }
}
