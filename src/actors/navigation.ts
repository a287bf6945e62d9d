import { CookieJar } from 'tough-cookie';
import { TransportError } from '../transport/error.ts';
import type { Reply, Transport } from '../transport/transport.ts';
import { UserError } from './user-error.ts';
import type { Hop, Landing } from './user.ts';

/** A request that a browser makes to show a document. */
export interface Navigation {
  readonly method: string;
  readonly url: string;
  readonly headers?: readonly (readonly [string, string])[];
  /** A form, urlencoded. */
  readonly body?: string;
  /** Whether the form carries a password. */
  readonly credentials?: boolean;
  /** Origin of the document that led here. */
  readonly from?: string;
}

/** The most requests of one visit. */
export const mostHops = 20;

const redirects = new Set([301, 302, 303, 307, 308]);

/** Whether a URL leads to the client's redirect URI: same scheme, authority and path. */
export function reaches(url: string, callback: string): boolean {
  const [one, other] = [URL.parse(url), URL.parse(callback)];
  return (
    one !== null &&
    other !== null &&
    one.protocol === other.protocol &&
    one.host === other.host &&
    one.pathname === other.pathname
  );
}

/** The landing at the callback: parameters of the query, the fragment and a posted form, the later winning. */
export function landed(url: string, form: readonly (readonly [string, string])[] = []): Landing {
  const parsed = new URL(url);
  const parameters = Object.fromEntries([
    ...parsed.searchParams,
    ...new URLSearchParams(parsed.hash.slice(1)),
    ...form,
  ]);
  return { at: 'callback', url, parameters };
}

/** What a reply is as a step of the user's way. */
export const hopOf = (navigation: Navigation, reply: Pick<Reply, 'status' | 'list'>): Hop => ({
  method: navigation.method,
  url: navigation.url,
  status: reply.status,
  headers: Object.fromEntries(reply.list.map(({ name, value }) => [name.toLowerCase(), value])),
  credentials: navigation.credentials ?? false,
});

/** Where a reply sends the browser, by the rules of Fetch: 303 always, 301 and 302 after a POST, make it a GET. */
function redirectOf(
  navigation: Navigation,
  reply: Pick<Reply, 'status' | 'headers'>,
): Navigation | undefined {
  const location = reply.headers['location'];
  if (!redirects.has(reply.status) || location === undefined) return undefined;
  const target = URL.parse(location, navigation.url);
  if (!target) return undefined;
  const { body, credentials, headers, ...rest } = navigation;
  const same = target.origin === new URL(navigation.url).origin;
  const kept = { ...rest, url: target.href, ...(headers && same && { headers }) };
  const becomesGet = reply.status === 303 || (reply.status < 303 && navigation.method === 'POST');
  if (becomesGet) return { ...kept, method: 'GET' };
  return { ...kept, ...(body !== undefined && { body }), ...(credentials !== undefined && { credentials }) };
}

/** Follows redirects with a cookie jar until a document or the callback. */
export interface Navigator {
  /**
   * @param hops Receives each step.
   * @throws UserError too-many-hops, not-reached
   */
  go(
    navigation: Navigation,
    way: { readonly callback: string; readonly hops: Hop[]; readonly secrets: readonly string[] },
  ): Promise<Extract<Landing, { at: 'callback' }> | { readonly at: 'document'; readonly reply: Reply }>;
}

/** A navigator with an empty jar. */
export function createNavigator(transport: Transport): Navigator {
  const jar = new CookieJar(undefined, { rejectPublicSuffixes: false, looseMode: true });
  return {
    async go(first, { callback, hops, secrets }) {
      let navigation = first;
      for (;;) {
        const { method, url, body, from } = navigation;
        if (reaches(url, callback)) {
          const landing = landed(url);
          if (landing.at === 'callback') return landing;
        }
        if (hops.length >= mostHops) throw tooManyHops(url, callback, hops);
        const cookies = await jar.getCookieString(url);
        const reply = await reached(navigation, hops, () =>
          transport.send({
            method,
            url,
            headers: [
              ['accept', 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8'],
              ['accept-language', 'en'],
              ['user-agent', 'Assay'],
              ...(cookies === '' ? [] : [['cookie', cookies] as const]),
              ...(body === undefined ? [] : [['content-type', 'application/x-www-form-urlencoded'] as const]),
              ...(from === undefined || method === 'GET' ? [] : [['origin', from] as const]),
              ...(navigation.headers ?? []),
            ],
            ...(body !== undefined && { body }),
            purpose: 'user agent',
            secrets,
          }),
        );
        hops.push(hopOf(navigation, reply));
        for (const { name, value } of reply.list)
          if (name.toLowerCase() === 'set-cookie') await jar.setCookie(value, url, { ignoreError: true });
        const next = redirectOf(navigation, reply);
        if (!next || !(isWeb(next.url) || reaches(next.url, callback))) return { at: 'document', reply };
        navigation = next;
      }
    },
  };
}

const isWeb = (url: string) => /^https?:/u.test(url);
const bare = (url: string) => url.replace(/[?#].*$/su, '');

/** Says that the way does not end. */
export const tooManyHops = (url: string, callback: string, hops: readonly Hop[]): UserError =>
  new UserError(
    'too-many-hops',
    `expected to reach ${callback} within ${mostHops} requests; the next was for ${bare(url)}`,
    { hops },
  );

/** Says which step of the way had no answer. */
export async function reached<T>(
  navigation: Navigation,
  hops: readonly Hop[],
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await send();
  } catch (cause) {
    if (!(cause instanceof TransportError)) throw cause;
    throw new UserError(
      'not-reached',
      `the user agent got no answer to ${navigation.method} ${bare(navigation.url)}: ${cause.message}`,
      { cause, hops },
    );
  }
}
