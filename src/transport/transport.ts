import { exchangeOver, standard, type Answer, type Limits } from './answer.ts';
import { openConnections, thumbprint, type Certificate, type Connections, type Tls } from './connection.ts';
import { permit, systemResolve, type Egress, type Resolve } from './egress.ts';
import { TransportError } from './error.ts';
import type { Exchange } from './exchange.ts';
import type { Redactor } from './redact.ts';

export type { Limits } from './answer.ts';
export type { Certificate } from './connection.ts';

/** One request, sent as it is: beside `host`, `connection` and `content-length`, only the given headers. */
export interface Request {
  readonly method: string;
  /** Absolute http or https URL; a fragment is not sent. */
  readonly url: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly certificate?: Certificate;
  /** What the exchange is for, such as: pushed authorization request. */
  readonly purpose: string;
  /** The named edits that make the request deviate. */
  readonly edits?: readonly string[];
  /** Values that have to be redacted beside those that are recognised by their place or shape. */
  readonly secrets?: readonly string[];
}

/** The answer to a request. */
export interface Reply {
  readonly status: number;
  /** Names in lower case; repeated values joined by a comma and a space. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names and values in order and case of the wire. */
  readonly list: readonly { readonly name: string; readonly value: string }[];
  readonly bytes: Uint8Array;
  /** The body as UTF-8. */
  readonly text: string;
  /** The body as JSON, whatever its media type says; undefined when it is not JSON. */
  readonly body: unknown;
  readonly url: string;
  /** What was recorded, redacted. */
  readonly exchange: Exchange;
}

export interface TransportOptions extends Egress {
  /** PEM texts of certificate authorities that are trusted beside those that Node brings. */
  readonly trust: readonly string[];
  readonly redactor: Redactor;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly limits?: Partial<Limits>;
  /** Finds the addresses of a name; the operating system does by default. */
  readonly resolve?: Resolve;
}

/** HTTP/1.1 over TLS to the declared hosts. */
export interface Transport {
  /**
   * Sends one request and reads the whole answer. No redirect is followed.
   * @throws TransportError when there is no usable answer; the failed exchange is recorded as well.
   */
  send(request: Request): Promise<Reply>;
  /** The same connections, recording elsewhere, with exchange ids from 1. Closing it closes nothing. */
  recordedBy(record: (exchange: Exchange) => void): Transport;
  close(): Promise<void>;
}

/** Opens a transport; nothing is connected before the first request. */
export function openTransport(options: TransportOptions): Transport {
  const limits = { ...standard, ...options.limits };
  const connections = new Map<string, Connections>();

  function connectionsFor(certificate: Certificate | undefined): Connections {
    const name = certificate ? `${certificate.certificate}\n${certificate.key}` : '';
    const existing = connections.get(name);
    if (existing) return existing;
    const opened = openConnections({
      trust: options.trust,
      privateNetwork: options.privateNetwork,
      resolve: options.resolve ?? systemResolve,
      certificate,
      connectTimeout: limits.connect,
      maxHeaderSize: limits.headerSize,
    });
    connections.set(name, opened);
    return opened;
  }

  function recording(record: (exchange: Exchange) => void, close: () => Promise<void>): Transport {
    let count = 0;
    async function send(request: Request): Promise<Reply> {
      count += 1;
      const id = count;
      const started = options.clock();
      const used: { tls?: Tls } = {};
      const keep = (outcome: Pick<Exchange, 'response' | 'error'>): Exchange => {
        const exchange = options.redactor.exchange(
          {
            id,
            at: new Date(started).toISOString(),
            duration_ms: Math.max(0, options.clock() - started),
            purpose: request.purpose,
            edits: [...(request.edits ?? [])],
            request: sent(request),
            ...outcome,
            ...(used.tls && { tls: used.tls }),
          },
          request.secrets,
        );
        record(exchange);
        return exchange;
      };
      try {
        const url = permitted(request, options);
        const answer = await exchangeOver(connectionsFor(request.certificate), request, url, limits, used);
        const text = new TextDecoder().decode(answer.bytes);
        const exchange = keep({
          response: {
            status: answer.status,
            headers: answer.list.map((field) => ({ ...field })),
            body: readable(answer.bytes, text),
          },
        });
        return {
          ...answer,
          headers: joined(answer.list),
          text,
          body: json(text),
          url: request.url,
          exchange,
        };
      } catch (error) {
        if (error instanceof TransportError)
          keep({ error: { code: error.code, message: options.redactor.scrub(error.message) } });
        throw error;
      }
    }
    return { send, close, recordedBy: (other) => recording(other, async () => {}) };
  }

  return recording(
    () => {},
    async () => {
      await Promise.all([...connections.values()].map((each) => each.close()));
      connections.clear();
    },
  );
}

function permitted(request: Request, egress: Egress): URL {
  const url = URL.parse(request.url);
  if (
    !url ||
    (url.protocol !== 'https:' && url.protocol !== 'http:') ||
    url.username !== '' ||
    url.password !== ''
  )
    throw new TransportError(
      'invalid-request',
      `expected an absolute http or https URL without credentials, got: ${request.url}`,
    );
  permit(url.hostname, Number(url.port || (url.protocol === 'https:' ? 443 : 80)), egress);
  return url;
}

/** The request as undici writes it. */
function sent({ method, url, headers = [], body, certificate }: Request): Exchange['request'] {
  const named = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  const own = new Set(['host', 'connection', 'content-length']);
  const length = body === undefined ? undefined : String(Buffer.byteLength(body));
  const bodiless = length === undefined && ['POST', 'PUT', 'PATCH'].includes(method) ? '0' : undefined;
  const list = [
    ['host', named('host') ?? URL.parse(url)?.host ?? ''] as const,
    ['connection', 'keep-alive'] as const,
    ...headers.filter(([name]) => !own.has(name.toLowerCase())),
  ].map(([name, value]) => ({ name, value }));
  const size = length ?? bodiless;
  if (size !== undefined) list.push({ name: 'content-length', value: size });
  return {
    method,
    url,
    headers: list,
    ...(body !== undefined && { body }),
    ...(certificate && { certificate: presented(certificate) }),
  };
}

function presented({ certificate }: Certificate): string {
  try {
    return thumbprint(certificate);
  } catch {
    return 'unreadable';
  }
}

function joined(list: Answer['list']): Record<string, string> {
  const headers = new Map<string, string>();
  for (const { name, value } of list) {
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

/** What a record shows of a body: text, or the size of what is not text. */
function readable(bytes: Uint8Array, text: string): string {
  return text.includes('\u0000') || text.includes('\uFFFD')
    ? `[${bytes.length} bytes that are not text]`
    : text;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
