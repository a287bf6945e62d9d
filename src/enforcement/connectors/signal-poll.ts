import type { Database } from '../../store/database.ts';
import { signalChannel, type Refusal } from '../../store/signals.ts';
import { invalid, json, type SignalReply } from './signal-http.ts';
import { refusalOf, type Stream } from './signal-stream.ts';

/** Tells when something was put into a stream. */
export interface News {
  /** Listens from now on. */
  of(stream: string): Listening;
  /** Ends all waiting. */
  close(): Promise<void>;
}

interface Listening {
  /** Until something is put into the stream, or patience ends. */
  readonly heard: () => Promise<void>;
  readonly forget: () => void;
}

/** Opens the news of all streams of a database. @param patience Milliseconds. */
export async function openNews(database: Database, patience: number): Promise<News> {
  const waiting = new Map<object, { readonly stream: string; readonly wake: () => void }>();
  const stop = await database.listen(signalChannel, (changed) => {
    for (const { stream, wake } of waiting.values()) if (stream === changed) wake();
  });
  return {
    of(stream) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const key = {};
      waiting.set(key, { stream, wake: () => resolve(undefined) });
      const forget = () => void waiting.delete(key);
      return {
        forget,
        async heard() {
          const timer = setTimeout(() => resolve(undefined), patience);
          await promise;
          clearTimeout(timer);
          forget();
        },
      };
    },
    async close() {
      await stop();
      for (const { wake } of waiting.values()) wake();
    },
  };
}

/** What polling needs besides the stream. */
export interface Polling {
  readonly news: News;
  /** Tokens in one answer at most. */
  readonly most: number;
  readonly now: () => Date;
}

/** Answers a poll (RFC 8936, section 2): takes what the receiver says of tokens it has, then gives those it has not. */
export async function poll(
  { queue, entry }: Stream,
  body: string,
  { news, most, now }: Polling,
): Promise<SignalReply> {
  const request = pollRequest(body);
  if (typeof request === 'string') return invalid(request);
  const { accepted, refused, limit, waits } = request;
  if (accepted.length + refused.size > 0) await queue.answer(accepted, refused, now());
  if (limit === 0) return json(200, { sets: {} });
  // Listens before it looks: what comes between would be missed.
  const something = news.of(entry.name);
  const count = Math.min(limit, most);
  let found = await queue.waiting(count);
  if (found.signals.length === 0 && waits === 'yes') {
    await something.heard();
    found = await queue.waiting(count);
  } else something.forget();
  return json(200, {
    sets: Object.fromEntries(found.signals.map(({ jti, event }) => [jti, event])),
    ...(found.rest === 'some' ? { moreAvailable: true } : {}),
  });
}

interface PollRequest {
  readonly accepted: readonly string[];
  readonly refused: ReadonlyMap<string, Refusal>;
  readonly limit: number;
  readonly waits: 'yes' | 'no';
}

/** Reads a poll (RFC 8936, section 2.2), or says what is wrong with it. Members that it does not know are ignored. */
function pollRequest(body: string): PollRequest | string {
  let request: unknown;
  try {
    request = JSON.parse(body);
  } catch {
    return 'expected JSON';
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request))
    return 'expected a JSON object';
  const { maxEvents, returnImmediately, ack, setErrs } = { ...request } as Readonly<Record<string, unknown>>;
  if (!(maxEvents === undefined || (Number.isSafeInteger(maxEvents) && Number(maxEvents) >= 0)))
    return 'expected a whole number as maxEvents';
  if (!(returnImmediately === undefined || typeof returnImmediately === 'boolean'))
    return 'expected true or false as returnImmediately';
  if (!(ack === undefined || (Array.isArray(ack) && ack.every((jti) => typeof jti === 'string'))))
    return 'expected a list of jti values as ack';
  if (
    !(setErrs === undefined || (typeof setErrs === 'object' && setErrs !== null && !Array.isArray(setErrs)))
  )
    return 'expected an object by jti as setErrs';
  const refused = new Map<string, Refusal>();
  for (const [jti, error] of Object.entries(setErrs ?? {}) as [string, unknown][]) {
    const refusal = typeof error === 'object' && error !== null ? refusalOf({ ...error }) : undefined;
    if (refusal === undefined) return 'expected an err in each member of setErrs';
    refused.set(jti, refusal);
  }
  return {
    accepted: (ack ?? []).filter((jti) => !refused.has(jti)),
    refused,
    limit: maxEvents === undefined ? Infinity : Number(maxEvents),
    waits: returnImmediately === true ? 'no' : 'yes',
  };
}
