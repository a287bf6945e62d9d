import type { Environment } from '../certification/certification.ts';
import type { Standing } from '../certification/standing.ts';
import type { Database } from './database.ts';

/** Standings as the store has them, for a gate that follows them: everything that changed since a position of the log. */
export const storeStandings = (database: Database) => ({
  async changedSince(position: number): Promise<{ position: number; standings: readonly Standing[] }> {
    // The position first: what is projected between the two is told again the next time, and nothing is missed.
    const [reached] = await database.query<{ size: number }>(
      'select coalesce(max(size), 0)::bigint as size from log_position',
    );
    const rows = await database.query<{ document: Standing }>(
      'select document from standing where log_index >= $1 order by log_index',
      [position],
    );
    return { position: reached?.size ?? 0, standings: rows.map(({ document }) => document) };
  },
  watch: (onChange: () => void): Promise<() => Promise<void>> => database.listen('assay', onChange),
});

/** Every integration, environment and edition that was ever certified or not, in the order in which the log first had them. */
export const mentionsOf = (
  database: Database,
): Promise<
  readonly {
    readonly integration: string;
    readonly environment: Environment;
    readonly edition: string;
  }[]
> =>
  database.query(
    `select integration, environment, edition from transition
      group by integration, environment, edition order by min(log_index)`,
  );
