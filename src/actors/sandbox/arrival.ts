import type { Connection } from './listener.ts';

/** What a request is for, by where it arrives. `elsewhere`: where nothing is offered. */
export type Point =
  | 'metadata'
  | 'keys'
  | 'push'
  | 'authorization'
  | 'consent'
  | 'token'
  | 'refresh'
  | 'userinfo'
  | 'introspection'
  | 'revocation'
  | 'call'
  | 'elsewhere';

/** The points as reports name them. */
export const purposes: Readonly<Record<Point, string>> = {
  metadata: 'metadata request',
  keys: 'key set request',
  push: 'pushed authorization request',
  authorization: 'authorization request',
  consent: 'consent of the user',
  token: 'token request',
  refresh: 'refresh request',
  userinfo: 'userinfo request',
  introspection: 'introspection request',
  revocation: 'revocation request',
  call: 'API call',
  elsewhere: 'request to nowhere',
};

/** A request as it arrived, of the client or, at the authorization endpoint, of its user's browser. */
export interface Arrival {
  readonly at: Point;
  readonly method: string;
  /** Absolute, as it was addressed. */
  readonly url: URL;
  /** Names and values in the order and case of the wire. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string;
  /** The form that it carries; empty where it carries none. */
  readonly form: URLSearchParams;
  readonly connection: Connection;
  /** Which server it came to: that of the issuer, or that of mtls_endpoint_aliases. */
  readonly server: 'main' | 'mutual';
  /** Seconds since 1970. */
  readonly time: number;
}

/** The value of a header; several are joined by a comma and a space. */
export function headerOf({ headers }: Arrival, name: string): string | undefined {
  const values = headers.filter((each) => each.name.toLowerCase() === name).map(({ value }) => value);
  return values.length === 0 ? undefined : values.join(', ');
}

/** The access token of a call, and the scheme that it came with. */
export function tokenOf(arrival: Arrival): { readonly scheme: string; readonly token: string } | undefined {
  const [, scheme, token] = /^(\S+) +(\S+)$/u.exec(headerOf(arrival, 'authorization') ?? '') ?? [];
  return scheme === undefined || token === undefined ? undefined : { scheme, token };
}
