/** An HTTP request as the endpoints see it; header names in lower case. */
export interface SignalRequest {
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Empty where there is none. */
  readonly body: string;
}

/** What an endpoint answers. */
export interface SignalReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An endpoint, to be mounted at its path. */
export interface SignalEndpoint {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  answer(request: SignalRequest): Promise<SignalReply>;
}

/** Headers of every answer. */
export const common = { 'cache-control': 'no-store' } as const;

/** An answer in JSON. */
export const json = (status: number, body: unknown): SignalReply => ({
  status,
  headers: { ...common, 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** The answer to a request that is not understood. */
export const invalid = (description: string): SignalReply =>
  json(400, { err: 'invalid_request', description });
