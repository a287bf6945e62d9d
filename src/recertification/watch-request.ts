import { FlowError } from '../actors/flow-error.ts';
import { digestOf } from '../evidence/canonical.ts';
import type { Reply, Request, Transport } from '../transport/transport.ts';

/** What is remembered of an answer that may be asked for again. */
interface Remembered {
  readonly etag?: string;
  readonly modified?: string;
  /** When the whole answer came, ISO 8601. */
  readonly since: string;
  readonly digest: string;
  /** The answer itself, where more of it is needed than its digest. */
  readonly text?: string;
}

/** Answers by URL. */
export type Memory = Readonly<Record<string, Remembered>>;

/** What a look took: `bytes` of heads and bodies of the answers; `handshakes` beside those of the requests. */
export interface Cost {
  readonly requests: number;
  readonly bytes: number;
  readonly handshakes: number;
}

/** Requests that ask only for what has changed. */
export interface Revalidation {
  /** Its answers are whole: what has not changed comes from the memory. */
  readonly transport: Transport;
  /**
   * The digest of a document that nothing else is needed of.
   * @throws TransportError, FlowError
   */
  digestAt(url: string, purpose: string): Promise<string>;
  /** What is to be remembered: of this look's answers alone, so that it does not grow. */
  memory(): Memory;
  cost(): Omit<Cost, 'handshakes'>;
}

/** Characters of a document that is kept. */
export const longestText = 131_072;
const longestValidator = 256;

/** Milliseconds for which a server is believed that nothing has changed: one that always says so would hide every change. */
const belief = 24 * 3_600_000;

/** Makes the requests of a transport conditional (RFC 9110, section 13). */
export function revalidating(transport: Transport, before: Memory, now: number): Revalidation {
  const memory = new Map<string, Remembered>();
  const spent = { requests: 0, bytes: 0 };

  async function ask(request: Request, known: Remembered | undefined): Promise<Reply> {
    spent.requests += 1;
    const headers = [...(request.headers ?? []), ...(known === undefined ? [] : conditions(known))];
    const reply = await transport.send({ ...request, headers });
    spent.bytes += sizeOf(reply);
    if (reply.status === 304 && known !== undefined) memory.set(request.url, known);
    return reply;
  }
  function remember(url: string, reply: Reply, more: Pick<Remembered, 'text'> = {}): void {
    const validators = validatorsOf(reply);
    if (validators === undefined) return;
    const since = new Date(now).toISOString();
    memory.set(url, { ...validators, since, digest: digestOf(reply.bytes), ...more });
  }
  const knownAt = (url: string): Remembered | undefined => {
    const known = Object.hasOwn(before, url) ? before[url] : undefined;
    return known !== undefined && now - Date.parse(known.since) < belief ? known : undefined;
  };

  return {
    transport: {
      ...transport,
      async send(request) {
        const kept = knownAt(request.url);
        const known = kept?.text === undefined ? undefined : kept;
        const reply = await ask(request, known);
        if (reply.status === 304 && known?.text !== undefined) return completed(reply, known.text);
        if (reply.status === 200 && reply.body !== undefined && reply.text.length <= longestText)
          remember(request.url, reply, { text: reply.text });
        return reply;
      },
    },
    async digestAt(url, purpose) {
      const known = knownAt(url);
      const reply = await ask({ method: 'GET', url, purpose }, known);
      if (reply.status === 304 && known !== undefined) return known.digest;
      if (reply.status !== 200) throw FlowError.refused(purpose, reply);
      remember(url, reply);
      return digestOf(reply.bytes);
    },
    memory: () => Object.fromEntries(memory),
    cost: () => ({ ...spent }),
  };
}

const completed = (reply: Reply, text: string): Reply => ({
  ...reply,
  status: 200,
  text,
  bytes: Buffer.from(text),
  body: JSON.parse(text),
});

const sizeOf = ({ list, bytes }: Reply): number =>
  list.reduce((sum, { name, value }) => sum + name.length + value.length, bytes.length);

/** An entity tag is the better of the two (RFC 9110, section 13.1.3). */
const conditions = ({ etag, modified }: Remembered): readonly (readonly [string, string])[] => {
  if (etag !== undefined) return [['if-none-match', etag]];
  return modified === undefined ? [] : [['if-modified-since', modified]];
};

/** What to ask with next time; undefined where the answer gives nothing to ask with. */
function validatorsOf({ headers }: Reply): Pick<Remembered, 'etag' | 'modified'> | undefined {
  const { etag, 'last-modified': modified, date } = headers;
  // RFC 9110, section 8.8.3.
  if (
    etag !== undefined &&
    etag.length <= longestValidator &&
    /^(?:W\/)?"[\u0021\u0023-\u007e]*"$/u.test(etag)
  )
    return { etag };
  // Within one second there may have been another document (RFC 9110, section 8.8.2.2).
  const age = Date.parse(date ?? '') - Date.parse(modified ?? '');
  return modified !== undefined && age >= 1000 && modified.length <= longestValidator
    ? { modified }
    : undefined;
}
