import type { Reply } from '../transport/transport.ts';
import { FlowError } from './flow-error.ts';

/** Whether a pushed request was taken. RFC 9126, section 2.2 wants 201; that a server answers 200 is one check's matter. */
export const isPushed = (reply: Reply): boolean =>
  (reply.status === 201 || reply.status === 200) && typeof memberOf(reply, 'request_uri') === 'string';

/** Whether a token request was granted. */
export const isGranted = (reply: Reply): boolean =>
  reply.status === 200 && typeof memberOf(reply, 'access_token') === 'string';

/** The request_uri of an answer at the PAR endpoint. */
export function requestUri(reply: Reply): string {
  const value = memberOf(reply, 'request_uri');
  if (typeof value !== 'string') throw FlowError.refused('pushed authorization request', reply);
  return value;
}

/** The tokens of an answer at the token endpoint. */
export function tokensIn(reply: Reply): { access: string; refresh?: string; reply: Reply } {
  const access = memberOf(reply, 'access_token');
  const refresh = memberOf(reply, 'refresh_token');
  if (reply.status !== 200 || typeof access !== 'string') throw FlowError.refused('token request', reply);
  return { access, reply, ...(typeof refresh === 'string' ? { refresh } : {}) };
}

/** A member of the JSON object that a reply holds. */
export function memberOf(reply: Reply, name: string): unknown {
  return typeof reply.body === 'object' && reply.body !== null
    ? (reply.body as Record<string, unknown>)[name]
    : undefined;
}
