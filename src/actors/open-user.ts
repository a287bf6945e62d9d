import type { Reference } from '../directory/common.ts';
import type { User as UserConfig } from '../directory/integration.ts';
import { resolveReference } from '../directory/reference.ts';
import type { Transport } from '../transport/transport.ts';
import { createAutomaticUser } from './user-automatic.ts';
import { createBrowserUser } from './user-browser.ts';
import { createHttpUser } from './user-http.ts';
import type { User } from './user.ts';

export type { User as UserConfig } from '../directory/integration.ts';

export interface UserOptions {
  /** The integration file's `user`. */
  readonly user: UserConfig;
  /** All that the user does goes through it: its hosts, its trust, its records. */
  readonly transport: Transport;
  /** Directory that paths in the integration file start from. */
  readonly base: string;
  /** Reads what a reference stands for; by default from files and the environment. */
  readonly resolve?: (reference: Reference) => Promise<string>;
  /** For the browser driver: where Chromium is, if not where `findChromium` looks. */
  readonly browser?: { readonly executablePath?: string };
}

/** Makes the user that the integration file describes. Nothing is launched before the first visit. */
export async function openUser(options: UserOptions): Promise<User> {
  const { user, transport, base } = options;
  const resolve = options.resolve ?? ((reference: Reference) => resolveReference(reference, base));
  if (user.driver === 'http') return createHttpUser(user, { transport, resolve });
  if (user.driver === 'automatic') return createAutomaticUser(user, { transport, resolve });
  return createBrowserUser(user, { transport, resolve, base, ...options.browser });
}
