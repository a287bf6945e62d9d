import type { Exchange } from '../transport/exchange.ts';

const issuer = 'https://as.northbank.example';
const tls = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  certificate: 'mYx0Jm0nUe1dPp9V2bq4mS3oQv6s2kqE6mE8m0c1n5A',
};
const jsonHeaders = [
  { name: 'Content-Type', value: 'application/json; charset=utf-8' },
  { name: 'Cache-Control', value: 'no-store' },
  { name: 'Strict-Transport-Security', value: 'max-age=63072000' },
  { name: 'Date', value: 'Fri, 20 Nov 2026 02:00:07 GMT' },
];
const formHeaders = (host: string) => [
  { name: 'host', value: host },
  { name: 'accept', value: 'application/json' },
  { name: 'content-type', value: 'application/x-www-form-urlencoded' },
];
const assertion =
  'eyJhbGciOiJFUzI1NiIsImtpZCI6ImFzc2F5LTEifQ.eyJpc3MiOiJhc3NheS0xIiwic3ViIjoiYXNzYXktMSIsImF1ZCI6Imh0dHBzOi8vYXMubm9ydGhiYW5rLmV4YW1wbGUiLCJqdGkiOiI3ZjEifQ.[redacted signature 0Zk3mQ1xY7ab]';

/** Milliseconds from the start of the check, and how long the exchange took. */
interface Time {
  readonly at: number;
  readonly took: number;
}

type Draft = Omit<Exchange, 'id' | 'at' | 'duration_ms' | 'tls'> & Time;

/** A pushed authorization request and its answer. */
export function push(edits: readonly string[], form: string, response: [number, object], time: Time): Draft {
  return {
    ...time,
    purpose: 'pushed authorization request',
    edits: [...edits],
    request: {
      method: 'POST',
      url: `${issuer}/par`,
      headers: formHeaders('as.northbank.example'),
      body: `client_id=assay-1&response_type=code&redirect_uri=https%3A%2F%2Fassay.example%2Fcallback&scope=openid%20accounts&state=s-41c7&nonce=n-8be2${form}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=${assertion}`,
    },
    response: { status: response[0], headers: jsonHeaders, body: JSON.stringify(response[1]) },
  };
}

/** A user agent's request, answered by a redirect. */
export function visit(path: string, status: number, location: string, time: Time): Draft {
  return {
    ...time,
    purpose: 'user agent',
    edits: [],
    request: {
      method: 'GET',
      url: `${issuer}${path}`,
      headers: [
        { name: 'host', value: 'as.northbank.example' },
        { name: 'cookie', value: '_session=[redacted cookie 5nXo1w0aTr42]' },
      ],
    },
    response: {
      status,
      headers: [
        { name: 'Location', value: location },
        { name: 'Strict-Transport-Security', value: 'max-age=63072000' },
      ],
    },
  };
}

/** A token request and its answer. */
export function token(edits: readonly string[], response: [number, object], time: Time): Draft {
  return {
    ...time,
    purpose: 'token request',
    edits: [...edits],
    request: {
      method: 'POST',
      url: `${issuer}/token`,
      headers: [
        ...formHeaders('as.northbank.example'),
        {
          name: 'dpop',
          value:
            'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2In0.eyJodG0iOiJQT1NUIn0.[redacted signature p0Vd83hhaQ2c]',
        },
      ],
      body: `grant_type=authorization_code&code=[redacted code h7Tq2m9vXc01]&code_verifier=[redacted code_verifier 1lE4GkQz0mWb]&client_assertion=${assertion}`,
    },
    response: { status: response[0], headers: jsonHeaders, body: JSON.stringify(response[1]) },
  };
}

/** A call to the resource API and its answer. */
export function call(edits: readonly string[], response: [number, object], time: Time): Draft {
  return {
    ...time,
    purpose: 'resource call',
    edits: [...edits],
    request: {
      method: 'GET',
      url: 'https://api.northbank.example/accounts',
      headers: [
        { name: 'host', value: 'api.northbank.example' },
        { name: 'authorization', value: 'DPoP [redacted access_token Zt9u4y7B1kQe]' },
        { name: 'x-fapi-interaction-id', value: '6f2f1c2e-0a86-4d1b-9d5e-5a6f7f6b1e10' },
      ],
    },
    response: { status: response[0], headers: jsonHeaders, body: JSON.stringify(response[1]) },
  };
}

/** The metadata document. */
export function metadata(time: Time): Draft {
  return {
    ...time,
    purpose: 'metadata',
    edits: [],
    request: {
      method: 'GET',
      url: `${issuer}/.well-known/openid-configuration`,
      headers: [{ name: 'host', value: 'as.northbank.example' }],
    },
    response: {
      status: 200,
      headers: jsonHeaders,
      body: JSON.stringify({
        issuer,
        pushed_authorization_request_endpoint: `${issuer}/par`,
        token_endpoint: `${issuer}/token`,
      }),
    },
  };
}

/** A request whose connection was reset. */
export function reset(draft: Draft): Draft {
  const { response: _, ...request } = draft;
  return {
    ...request,
    error: { code: 'reset', message: 'The connection was reset before an answer came (ECONNRESET).' },
  };
}

/** Drafts as exchanges, numbered and placed on the clock of a check that began at `start` (ms since the epoch). */
export function placed(drafts: readonly Draft[], start: number): Exchange[] {
  return drafts.map((draft, index) => place(draft, index + 1, start));
}

/** A copy, so that what is altered in one exchange stays in that one. */
function place(draft: Draft, id: number, start: number): Exchange {
  const { at, took, ...exchange } = structuredClone(draft);
  return {
    id,
    at: new Date(start + at).toISOString(),
    duration_ms: took,
    ...exchange,
    ...(exchange.response === undefined ? {} : { tls }),
  };
}

export type { Draft };
