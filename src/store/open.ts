import type { Database } from './database.ts';
import { openEmbedded } from './embedded.ts';
import { openServer } from './server.ts';

/** Where a database is. */
export type DatabaseLocation =
  | { readonly kind: 'embedded'; readonly directory: string }
  | { readonly kind: 'server'; readonly url: string };

/**
 * Opens a database. The embedded one is made in its directory where there is none, which takes some seconds; one process
 * uses it at a time. It survives a kill of the process at any point, but it does not flush to the disk: a loss of power can
 * take what it confirmed last, which the log brings back.
 * @throws StoreError `locked`, `unreachable`, `corrupt`, `failed`
 */
export function openDatabase(location: DatabaseLocation): Promise<Database> {
  return location.kind === 'embedded' ? openEmbedded(location.directory) : openServer(location.url);
}
