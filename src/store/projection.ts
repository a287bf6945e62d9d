import { CertificationError } from '../certification/error.ts';
import { environments } from '../certification/certification.ts';
import type { AccessKey, Change, Projection } from '../certification/projection.ts';
import type { Standing } from '../certification/standing.ts';
import type { Database, Queries } from './database.ts';
import { StoreError } from './error.ts';
import { jsonb } from './values.ts';

/** The channel of NOTIFY that tells of each change; its payload is the number of entries applied. */
export const changes = 'assay';

/**
 * The projection of a log in a database whose tables are there (`migrate`).
 * @param log Origin of the log: a database holds the projection of one, and refuses another.
 */
export function storeProjection(database: Database, log = 'evidence'): Projection {
  return {
    applied: () => appliedOf(database, log),
    async standing(integration) {
      const [row] = await database.query<{ document: Standing }>(
        'select document from standing where integration = $1',
        [integration],
      );
      return row?.document;
    },
    async integrations() {
      const rows = await database.query<{ integration: string }>(
        "select integration from standing where integration <> '*' order by integration",
      );
      return rows.map(({ integration }) => integration);
    },
    async holder({ environment, kind, value }) {
      const [row] = await database.query<{ integration: string }>(
        'select integration from access_key where environment = $1 and kind = $2 and value = $3',
        [environment, kind, value],
      );
      return row?.integration;
    },
    async find(mark) {
      const [row] = await database.query<{ log_index: number }>(
        'select log_index from mark where mark = $1',
        [mark],
      );
      return row?.log_index;
    },
    apply: (change) => database.transaction((queries) => applyChange(queries, log, change)),
  };
}

async function appliedOf(queries: Queries, log: string): Promise<number> {
  const rows = await queries.query<{ log: string; size: number }>('select log, size from log_position');
  const other = rows.find((row) => row.log !== log);
  if (other !== undefined)
    throw new StoreError(
      'other-log',
      `expected the projection of the log ${log}, got that of ${other.log}; use another database, or the evidence directory it belongs to`,
    );
  return rows[0]?.size ?? 0;
}

async function applyChange(queries: Queries, log: string, change: Change): Promise<void> {
  // One after the other: of two that insert the same rows the later one may be told of a duplicate, not of a conflict.
  await queries.query('lock table log_position in exclusive mode');
  const applied = await appliedOf(queries, log);
  if (change.upTo <= applied) return;
  if (change.from !== applied)
    throw new CertificationError(
      'gap',
      `expected the entries from ${applied} on, got those from ${change.from} to ${change.upTo}; catch up with the log first`,
    );
  await putStandings(queries, change);
  await putTransitions(queries, change);
  await queries.query(
    `insert into mark (mark, log_index)
      select * from jsonb_to_recordset($1) as row (mark text, index bigint) order by index
      on conflict do nothing`,
    [jsonb(change.marks)],
  );
  await queries.query(
    'insert into log_position (log, size) values ($1, $2) on conflict (log) do update set size = excluded.size',
    [log, change.upTo],
  );
  await queries.query('select pg_notify($1, $2)', [changes, change.upTo]);
}

async function putStandings(queries: Queries, { standings }: Change): Promise<void> {
  const integrations = standings.map(({ standing }) => standing.integration);
  await queries.query(
    `insert into standing (integration, document, log_index)
      select standing ->> 'integration', standing, index
        from jsonb_to_recordset($1) as row (standing jsonb, index bigint)
      on conflict (integration) do update set document = excluded.document, log_index = excluded.log_index`,
    [jsonb(standings)],
  );
  // All old keys go before the new ones come: within one change a key may pass from one integration to another.
  await queries.query('delete from access_key where integration = any($1)', [integrations]);
  await queries.query(
    `insert into access_key (environment, kind, value, integration)
      select * from jsonb_to_recordset($1) as row (environment text, kind text, value text, integration text)`,
    [jsonb(standings.flatMap(({ standing }) => keysOf(standing)))],
  );
  // What is done to all integrations may change what is decided of each.
  await queries.query(
    `insert into undecided (integration, environment, log_index)
      select integration, environment, log_index
        from standing, unnest($2::text[]) as environment
        where integration <> '*' and (integration = any($1) or '*' = any($1))
      on conflict (integration, environment) do update set log_index = excluded.log_index`,
    [integrations, environments],
  );
}

const keysOf = ({ integration, registrations }: Standing): readonly (AccessKey & { integration: string })[] =>
  registrations.flatMap(({ environment, registration: { clients, certificates } }) => [
    ...clients.map((value) => ({ environment, kind: 'client' as const, value, integration })),
    ...certificates.map((value) => ({ environment, kind: 'certificate' as const, value, integration })),
  ]);

async function putTransitions(queries: Queries, { transitions }: Change): Promise<void> {
  const rows = transitions.map(({ index, transition }) => ({
    log_index: index,
    integration: transition.integration,
    environment: transition.certification.environment,
    edition: transition.certification.edition,
    state_from: transition.from,
    state_to: transition.certification.state,
    event: transition.event,
    at: transition.at,
    document: transition,
  }));
  await queries.query(
    `insert into transition (log_index, integration, environment, edition, state_from, state_to, event, at, document)
      select * from jsonb_to_recordset($1) as row (log_index bigint, integration text, environment text, edition text,
        state_from text, state_to text, event text, at timestamptz, document jsonb)`,
    [jsonb(rows)],
  );
}
