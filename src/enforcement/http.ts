import { rootCertificates } from 'node:tls';
import { Agent, request, type Dispatcher } from 'undici';
import { guardedLookup, permit, systemResolve, type PrivateNetwork } from '../transport/egress.ts';
import { classify } from '../transport/error.ts';
import { ConnectorError } from './connector.ts';

/** An answer of a target. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  /** Seconds that it asks to be left alone for; 0 where it says nothing. */
  readonly retryAfter: number;
}

/** A way to call one target. Redirects are not followed. */
export interface Caller extends AsyncDisposable {
  /** @throws ConnectorError `temporary` without an answer, `configuration` when the target may not be called or not be trusted. */
  call(
    method: Dispatcher.HttpMethod,
    url: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Reply>;
}

/** How a target is called. */
export interface CallerOptions {
  /** PEM certificates of authorities that are trusted beside the public ones. */
  readonly trust: readonly string[];
  /** Where it is allowed, plain http is too. */
  readonly privateNetwork: PrivateNetwork;
  /** Milliseconds for a whole exchange. */
  readonly patience: number;
  readonly now: () => Date;
}

/** Bytes of an answer that are read. */
const largest = 256 * 1024;

/** Opens a way to call targets: https, bounded in time and size, with an eye on where names lead. */
export function openCaller({ trust, privateNetwork, patience, now }: CallerOptions): Caller {
  const agent = new Agent({
    allowH2: false,
    maxResponseSize: largest,
    headersTimeout: patience,
    bodyTimeout: patience,
    connect: {
      timeout: patience,
      lookup: guardedLookup(privateNetwork, systemResolve),
      ...(trust.length === 0 ? {} : { ca: [...rootCertificates, ...trust] }),
    },
  });
  return {
    async call(method, url, headers, body) {
      const { host, hostname, port, protocol, origin } = new URL(url);
      if (protocol !== 'https:' && !(protocol === 'http:' && privateNetwork === 'allowed'))
        throw new ConnectorError('configuration', `expected an https URL, got one of ${protocol}//${host}`);
      try {
        permit(hostname, Number(port || (protocol === 'https:' ? 443 : 80)), {
          hosts: [hostname],
          privateNetwork,
        });
        const answer = await request(url, {
          method,
          dispatcher: agent,
          headers,
          signal: AbortSignal.timeout(patience),
          ...(body === undefined ? {} : { body }),
        });
        return {
          status: answer.statusCode,
          body: await answer.body.text(),
          retryAfter: retryAfter(answer.headers['retry-after'], now()),
        };
      } catch (cause) {
        throw failed(cause, origin, patience);
      }
    },
    [Symbol.asyncDispose]: async () => await agent.destroy(),
  };
}

/** Seconds until a Retry-After: a number of them, or a date (RFC 9110, section 10.2.3). */
export function retryAfter(header: string | readonly string[] | undefined, now: Date): number {
  if (typeof header !== 'string') return 0;
  if (/^\d{1,9}$/u.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, Math.ceil((at - now.getTime()) / 1000));
}

/** An answer that is no success, as an error: what is the target's own trouble is `temporary`. */
export function unexpected(reply: Reply, what: string): ConnectorError {
  const { status, retryAfter: seconds } = reply;
  const temporary = status >= 500 || status === 408 || status === 425 || status === 429;
  return new ConnectorError(
    temporary ? 'temporary' : status === 404 ? 'absent' : 'refused',
    `${what} was answered with ${status}${reason(reply.body)}`,
    { retryAfter: seconds },
  );
}

/** What an OAuth error says of itself: characters that RFC 6749, section 5.2 permits, and not many. */
function reason(body: string): string {
  const parts = Object.entries(members(body)).flatMap(([name, value]) =>
    (name === 'error' || name === 'error_description') && typeof value === 'string' ? [value] : [],
  );
  const text = parts
    .join(': ')
    .replaceAll(/[^\x20-\x7e]/gu, '?')
    .slice(0, 200);
  return text === '' ? '' : ` (${text})`;
}

/** The members of a JSON object; none where it is something else. */
export function members(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

function failed(cause: unknown, origin: string, patience: number): ConnectorError {
  if (cause instanceof Error && cause.name === 'TimeoutError')
    return new ConnectorError('temporary', `${origin} did not answer within ${patience} ms`, { cause });
  const { message, fault, code } = classify(cause, origin, 'waiting');
  return new ConnectorError(
    fault === 'configuration' || code === 'invalid-request' ? 'configuration' : 'temporary',
    message,
    { cause },
  );
}
