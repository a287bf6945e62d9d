import { TransportError } from '../../transport/error.ts';
import type { Reply, Transport } from '../../transport/transport.ts';
import { createNavigator } from '../navigation.ts';
import { UserError } from '../user-error.ts';
import type { Hop } from '../user.ts';
import { TriggerError, type Outcome } from './trigger.ts';

/** Where a browser is sent, and from where. */
export interface Destination {
  readonly url: string;
  /** Where it is sent from, as Sec-Fetch-Site has it; `none` is the person. */
  readonly site: 'none' | 'cross-site';
  /** Headers of the first request besides, in the place of the browser's own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Receives each step. */
  readonly hops: Hop[];
}

/** A browser's tab without scripts, with a cookie jar of its own. One way at a time. */
export interface Tab {
  /**
   * Follows redirects to a document; with a callback also to its URL, which is not fetched.
   * @throws UserError too-many-hops, not-reached
   */
  go(to: Destination): Promise<Reply>;
  go(to: Destination, callback: string): Promise<Reply | URL>;
}

/** An address that no redirect leads to. */
export const nowhere = 'about:blank';

export function createTab(transport: Transport): Tab {
  let from: string | undefined;
  let site: Destination['site'] = 'none';
  const navigator = createNavigator({
    ...transport,
    send(request) {
      const { origin } = new URL(request.url);
      // The sandbox is in the place of a server on another site, also where both are on one machine.
      if (from !== undefined && from !== origin) site = 'cross-site';
      from = origin;
      const given = request.headers ?? [];
      const own: readonly (readonly [string, string])[] = [
        ['sec-fetch-site', site],
        ['sec-fetch-mode', 'navigate'],
        ['sec-fetch-dest', 'document'],
      ];
      const named = new Set(given.map(([name]) => name.toLowerCase()));
      return transport.send({ ...request, headers: [...given, ...own.filter(([name]) => !named.has(name))] });
    },
  });

  function go(to: Destination): Promise<Reply>;
  function go(to: Destination, callback: string): Promise<Reply | URL>;
  async function go(to: Destination, callback = nowhere): Promise<Reply | URL> {
    from = undefined;
    site = to.site;
    const headers = Object.entries(to.headers ?? {});
    const end = await navigator.go(
      { method: 'GET', url: to.url, headers },
      { callback, hops: to.hops, secrets: [] },
    );
    return end.at === 'callback' ? new URL(end.url) : end.reply;
  }
  return { go };
}

/** Failures that say nothing of the flow: it did not begin. */
const notBegun = new Set<TransportError['code']>([
  'host-not-declared',
  'private-address',
  'untrusted-certificate',
  'unresolved',
  'refused',
  'invalid-request',
]);

/**
 * What a way without end tells: nothing.
 * @throws TriggerError when already its first request came to nobody.
 */
export function explained(error: unknown, hops: readonly Hop[]): Pick<Outcome, 'end' | 'told'> {
  if (!(error instanceof UserError)) throw error;
  const { cause } = error;
  if (hops.length === 0 && cause instanceof TransportError && notBegun.has(cause.code))
    throw new TriggerError(
      'not-started',
      cause.fault === 'configuration' ? 'configuration' : 'environment',
      `the app could not be started: ${error.message}`,
      { cause },
    );
  return { end: 'unknown', told: error.message };
}
