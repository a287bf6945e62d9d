import { STATUS_CODES } from 'node:http';
import type { Exchange } from '../transport/exchange.ts';
import type { CheckResult, Results } from './results.ts';

type Headers = Exchange['request']['headers'];

/**
 * The exchanges of a run as an HTTP Archive 1.2: a page is a check, an entry an exchange. What the format has no place for
 * (TLS facts, edits, errors, verdicts) stands in members named `_assay`.
 * @see http://www.softwareishard.com/blog/har-12-spec/
 */
export function renderHar(results: Results): string {
  const { run, checks } = results;
  const executed = checks.filter(({ exchanges }) => exchanges.length > 0);
  return JSON.stringify(
    {
      log: {
        version: '1.2',
        creator: { name: 'Assay', version: run.harness },
        pages: executed.map((check) => page(check, run.started)),
        entries: executed.flatMap((check) => check.exchanges.map((exchange) => entry(check, exchange))),
        comment: `Run ${run.id}, ${run.status}. Secrets were redacted when the exchanges were recorded.`,
      },
    },
    undefined,
    1,
  );
}

function page(
  { id, title, started, verdict, fault, requirements, exchanges }: CheckResult,
  otherwise: string,
) {
  return {
    startedDateTime: started ?? exchanges[0]?.at ?? otherwise,
    id,
    title,
    pageTimings: { onContentLoad: -1, onLoad: -1 },
    _assay: { verdict, fault, requirements },
  };
}

function entry(check: CheckResult, exchange: Exchange) {
  const { id, at, duration_ms, purpose, edits, request, tls, error } = exchange;
  return {
    pageref: check.id,
    startedDateTime: at,
    time: duration_ms,
    request: {
      method: request.method,
      url: request.url,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: request.headers,
      queryString: query(request.url),
      ...(request.body === undefined
        ? {}
        : { postData: { mimeType: header(request.headers, 'content-type') ?? '', text: request.body } }),
      headersSize: -1,
      bodySize: size(request.body),
    },
    response: response(exchange),
    cache: {},
    // Only the whole is measured; the format demands three parts that add up to it.
    timings: { send: 0, wait: duration_ms, receive: 0 },
    _assay: { exchange: id, purpose, edits, tls, certificate: request.certificate, error },
  };
}

function response({ response }: Exchange) {
  const { status, headers, body } = response ?? { status: 0, headers: [], body: undefined };
  return {
    status,
    statusText: STATUS_CODES[status] ?? '',
    httpVersion: response === undefined ? '' : 'HTTP/1.1',
    cookies: [],
    headers,
    content: { size: size(body), mimeType: header(headers, 'content-type') ?? 'x-unknown', text: body },
    redirectURL: header(headers, 'location') ?? '',
    headersSize: -1,
    bodySize: response === undefined ? -1 : size(body),
  };
}

function header(headers: Headers, wanted: string): string | undefined {
  return headers.find(({ name }) => name.toLowerCase() === wanted)?.value;
}

function size(body: string | undefined): number {
  return Buffer.byteLength(body ?? '');
}

function query(url: string): { name: string; value: string }[] {
  const parameters = URL.parse(url)?.searchParams ?? new URLSearchParams();
  return Array.from(parameters, ([name, value]) => ({ name, value }));
}
