import type { Dispatcher } from 'undici';
import type { Connections, Tls } from './connection.ts';
import { classify, TransportError, type Stage } from './error.ts';
import type { Request } from './transport.ts';

/** Bounds of one exchange: times in milliseconds, sizes in bytes. */
export interface Limits {
  readonly connect: number;
  readonly headers: number;
  readonly body: number;
  readonly total: number;
  readonly size: number;
  readonly headerSize: number;
}

/** The bounds when none are given. */
export const standard: Limits = {
  connect: 10_000,
  headers: 20_000,
  body: 10_000,
  total: 30_000,
  size: 1_048_576,
  headerSize: 65_536,
};

/** A whole answer, as it came. */
export interface Answer {
  readonly status: number;
  readonly list: readonly { readonly name: string; readonly value: string }[];
  readonly bytes: Uint8Array;
}

/**
 * Sends one request over a connection of its own and gathers the answer within the limits.
 * @param used Receives what the connection negotiated, also when no answer comes.
 * @throws TransportError
 */
export function exchangeOver(
  connections: Connections,
  request: Pick<Request, 'method' | 'headers' | 'body'>,
  url: URL,
  limits: Limits,
  used: { tls?: Tls },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let stage: Stage = 'connecting';
    let status = 0;
    let size = 0;
    let list: Answer['list'] = [];
    const chunks: Buffer[] = [];

    const timer = setTimeout(
      () => fail(new TransportError('timeout', `${url.origin}: no whole answer within ${limits.total} ms`)),
      limits.total,
    );
    const wire = connections.take(url.origin);
    // Ending the connection reports a second failure, which finds the promise rejected already.
    function fail(error: unknown): void {
      clearTimeout(timer);
      reject(classify(error, url.origin, stage));
      wire.drop();
    }

    const collector: Dispatcher.DispatchHandler = {
      onRequestStart() {
        stage = 'waiting';
        used.tls = wire.tls();
      },
      onResponseStart(answering, code) {
        // Informational answers precede the answer (RFC 9110, section 15.2).
        if (code < 200) return;
        stage = 'answering';
        status = code;
        list = pairs(answering.rawHeaders);
      },
      onResponseData(_answering, chunk) {
        size += chunk.length;
        if (size > limits.size)
          fail(
            new TransportError('too-large', `${url.origin}: the body is larger than ${limits.size} bytes`),
          );
        else chunks.push(chunk);
      },
      onResponseEnd() {
        clearTimeout(timer);
        wire.release();
        resolve({ status, list, bytes: Buffer.concat(chunks) });
      },
      onResponseError(_answering, error) {
        fail(error);
      },
    };
    try {
      wire.dispatch(
        {
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: request.method,
          headers: (request.headers ?? []).flat(),
          body: request.body ?? null,
          headersTimeout: limits.headers,
          bodyTimeout: limits.body,
        },
        collector,
      );
    } catch (error) {
      fail(error);
    }
  });
}

function pairs(raw: Dispatcher.DispatchController['rawHeaders']): Answer['list'] {
  if (!Array.isArray(raw)) return [];
  const texts = raw.map((each) => (typeof each === 'string' ? each : each.toString('latin1')));
  return texts.flatMap((name, index) => (index % 2 === 0 ? [{ name, value: texts[index + 1] ?? '' }] : []));
}
