/** What the sandbox answers with, before it is written. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Written as JSON; a string as it is, a Buffer as it is; undefined for no body. */
  readonly body?: unknown;
  /** Takes the place of the body: written as fast as it is read, without telling its length. */
  readonly stream?: () => AsyncIterable<Buffer>;
  /** Milliseconds to wait before the answer; `never` leaves the request without one. */
  readonly after?: number | 'never';
  /** The connection is closed instead of an answer. */
  readonly lost?: 'yes';
}

const unstored = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

/** An answer in JSON that must not be stored. */
export const json = (status: number, body: unknown, headers: Answer['headers'] = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...unstored, ...headers },
  body,
});

/** A refusal as RFC 6749, section 5.2 has it. */
export const refusal = (status: number, error: string, description: string): Answer =>
  json(status, { error, error_description: description });

/** RFC 9700, section 4.12: 303 turns whatever came before into a GET. */
export const redirect = (location: string): Answer => ({
  status: 303,
  headers: { location, ...unstored, 'referrer-policy': 'no-referrer' },
});

/** The bytes of an answer's body. */
export function bytesOf({ body }: Answer): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
