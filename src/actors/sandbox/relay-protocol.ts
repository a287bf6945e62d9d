import { Type, type Static } from 'typebox';
import { Check } from 'typebox/value';

/** Where a relay speaks with runs, beside what it takes for them. All are POST. */
export const relayPaths = {
  /** With a token: a new run. */
  register: '/.assay/register',
  /** The following with the prefix and the key of the run: its next requests; */
  poll: '/.assay/poll',
  /** the answer to one of them, whose id follows; */
  answer: '/.assay/answer/',
  /** what came between the run and its clients; */
  losses: '/.assay/losses',
  /** and its end. */
  end: '/.assay/end',
} as const;

/** The first segment of addresses that belong to the server that asks for certificates. */
export const mutualSegment = 'mutual';

const Fields = Type.Array(Type.Tuple([Type.String(), Type.String()]));

/** A run as the relay knows it. */
export const Registered = Type.Object({
  /** What the first segment of its addresses begins with, up to a dot: nobody can guess it. */
  prefix: Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' }),
  key: Type.String({ minLength: 1 }),
  /** Where clients reach it, which may be elsewhere than where runs do. */
  url: Type.String({ pattern: '^https://' }),
  /** Absent where the relay learns of no client certificates. */
  mutual_url: Type.Optional(Type.String({ pattern: '^https://' })),
});
export type Registered = Static<typeof Registered>;

/** A request that the relay took for a run. */
export const Relayed = Type.Object({
  id: Type.String({ pattern: '^[0-9]+$' }),
  method: Type.String(),
  /** Path and query as on the wire. */
  target: Type.String(),
  /** Names and values in the order and case of the wire, without those of the proxy about certificates. */
  headers: Fields,
  /** Base64. */
  body: Type.String(),
  /** That the client has shown, PEM. */
  certificate: Type.Optional(Type.String()),
});
export type Relayed = Static<typeof Relayed>;

/** What a run has received of what it asked for: the rest is given again. */
export const Received = Type.Object({ received: Type.Array(Type.String({ pattern: '^[0-9]+$' })) });

export const Polled = Type.Object({ requests: Type.Array(Relayed) });

/** What the relay is to do with a request: to write an answer, or to close the connection instead. */
export const Returned = Type.Union([
  Type.Object({
    status: Type.Integer({ minimum: 200, maximum: 599 }),
    headers: Fields,
    /** Base64. */
    body: Type.String(),
  }),
  Type.Object({ closed: Type.Literal('yes') }),
]);
export type Returned = Static<typeof Returned>;

/** What of a run's requests and answers the relay could not pass on as it was. */
export const Losses = Type.Object({ count: Type.Integer({ minimum: 0 }), last: Type.String() });
export type Losses = Static<typeof Losses>;

/** A text as JSON of a shape; undefined when it is something else. */
export function parsed<
  T extends typeof Registered | typeof Received | typeof Polled | typeof Returned | typeof Losses,
>(shape: T, text: string): Static<T> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Check(shape, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** To which run an address belongs, by its path: RFC 8414, section 3.1 has the well-known part first. */
export function prefixIn(target: string): string | undefined {
  const [, ...all] = (target.split('?', 1)[0] ?? '').split('/');
  const segments = all[0] === mutualSegment ? all.slice(1) : all;
  const segment = segments[0] === '.well-known' ? segments[2] : segments[0];
  return /^([A-Za-z0-9_-]{22})\./u.exec(segment ?? '')?.[1];
}
