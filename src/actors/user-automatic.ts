import { createNavigator } from './navigation.ts';
import type { UserConfig } from './open-user.ts';
import { readPage } from './page.ts';
import { pageOf, type DriverOptions } from './user-http.ts';
import type { Hop, User } from './user.ts';

export type AutomaticConfig = Extract<UserConfig, { driver: 'automatic' }>;

/** The user of a server's own test mode: headers or query parameters of the first request decide; no page is operated. */
export function createAutomaticUser(config: AutomaticConfig, options: DriverOptions): User {
  const navigator = createNavigator(options.transport);
  return {
    async visit(url, { callback, decision }) {
      const hops: Hop[] = [];
      const secrets: string[] = [];
      const choice = decision === 'leave' ? {} : config[decision];
      const headers = await Promise.all(
        Object.entries(choice.headers ?? {}).map(async ([name, value]) => {
          if (typeof value === 'string') return [name, value] as const;
          const secret = await options.resolve(value);
          secrets.push(secret);
          return [name, secret] as const;
        }),
      );
      const target = new URL(url);
      for (const [name, value] of Object.entries(choice.query ?? {})) target.searchParams.set(name, value);
      const arrival = await navigator.go(
        { method: 'GET', url: target.href, headers },
        { callback, hops, secrets },
      );
      if (arrival.at === 'callback') return { hops, pages: [], landing: arrival };
      const { reply } = arrival;
      const page = pageOf(readPage(reply.text, reply.url), reply);
      return { hops, pages: [page], landing: { at: 'page', page } };
    },
    fresh: () => createAutomaticUser(config, options),
    close: async () => {},
  };
}
