import type { Environment } from '../certification/certification.ts';
import type { Standing } from '../certification/standing.ts';
import type { Database, Queries } from './database.ts';
import { jsonb } from './values.ts';

/** What the outbox must know of a desired state; the rest of the document is its writer's. */
export interface Revised {
  readonly integration: string;
  readonly environment: Environment;
  readonly access: 'open' | 'closed';
  readonly revision: number;
  /** When it was decided, ISO 8601 in UTC. */
  readonly at: string;
}

/** An integration in an environment whose standing has changed since it was decided about. */
export interface Undecided<D> {
  readonly integration: string;
  readonly environment: Environment;
  readonly standing: Standing | undefined;
  readonly previous: D | undefined;
}

/** A new desired state, and the connectors that it is due at. */
export interface Revision<D> {
  readonly desired: D;
  readonly connectors: readonly string[];
}

/**
 * Decides about what is undecided, the oldest first. A desired state, its deliveries and the end of the indecision are one
 * transaction; what another worker decides about meanwhile is left to it.
 * @param revise Pure: it is called again when the transaction is. Undefined where nothing is to change.
 * @returns how many were taken, and what was revised.
 */
export async function decideUndecided<D extends Revised>(
  database: Database,
  limit: number,
  now: Date,
  revise: (undecided: Undecided<D>) => Revision<D> | undefined,
): Promise<{ readonly taken: number; readonly revised: readonly D[] }> {
  return await database.transaction(async (queries) => {
    // The lock on a row orders all who decide about it and all who change its standing: more would only be conflicts.
    await queries.query('set transaction isolation level read committed');
    const taken = await queries.query<Pick<Taken<D>, 'integration' | 'environment' | 'log_index'>>(
      `SELECT integration, environment, log_index FROM undecided
       ORDER BY since LIMIT $1 FOR UPDATE SKIP LOCKED`,
      [limit],
    );
    // Read after the lock was had: a standing that was read before could be older than what is taken for decided.
    const rows = await queries.query<Taken<D>>(
      `SELECT u.integration, u.environment, u.log_index, s.document AS standing, d.document AS previous
       FROM jsonb_to_recordset($1) AS u (integration text, environment text, log_index bigint)
       LEFT JOIN standing s ON s.integration = u.integration
       LEFT JOIN desired d ON d.integration = u.integration AND d.environment = u.environment`,
      [jsonb(taken)],
    );
    const revised: D[] = [];
    for (const { integration, environment, log_index: index, standing, previous } of rows) {
      const revision = revise({
        integration,
        environment,
        standing: standing ?? undefined,
        previous: previous ?? undefined,
      });
      if (revision !== undefined) {
        await write(queries, revision, now);
        revised.push(revision.desired);
      }
      await queries.query(
        'DELETE FROM undecided WHERE integration = $1 AND environment = $2 AND log_index = $3',
        [integration, environment, index],
      );
    }
    return { taken: rows.length, revised };
  });
}

type Taken<D> = {
  readonly integration: string;
  readonly environment: Environment;
  readonly log_index: number;
  readonly standing: Standing | null;
  readonly previous: D | null;
};

async function write<D extends Revised>(
  queries: Queries,
  { desired, connectors }: Revision<D>,
  now: Date,
): Promise<void> {
  const { integration, environment, revision, access, at } = desired;
  await queries.query(
    `INSERT INTO desired (integration, environment, revision, access, document, decided)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (integration, environment) DO UPDATE SET revision = EXCLUDED.revision,
       access = EXCLUDED.access, document = EXCLUDED.document, decided = EXCLUDED.decided`,
    [integration, environment, revision, access, jsonb(desired), at],
  );
  for (const connector of connectors)
    // A lease stays: who is at work with the revision before must end before this one is begun.
    await queries.query(
      `INSERT INTO delivery (connector, integration, environment, revision, state, attempts, due)
       VALUES ($1, $2, $3, $4, 'due', 0, $5)
       ON CONFLICT (connector, integration, environment) DO UPDATE SET revision = EXCLUDED.revision,
         state = 'due', attempts = 0, due = EXCLUDED.due, last_error = NULL, applied = NULL`,
      [connector, integration, environment, revision, now.toISOString()],
    );
}

/** A delivery that a worker has leased. */
export interface Claim<D> {
  readonly connector: string;
  readonly desired: D;
  /** From 1. */
  readonly attempts: number;
  /** Whether this revision was in effect before, so that this delivery repairs it. */
  readonly before: 'applied' | 'not-applied';
  /** The end of the lease, ISO 8601: who holds another one has lost it. */
  readonly lease: string;
}

/**
 * Leases the delivery of a connector that is due, those that close before those that open. Nobody else gets it until it
 * is settled, or the lease ends.
 */
export async function claim<D extends Revised>(
  database: Database,
  connector: string,
  now: Date,
  lease: Date,
): Promise<Claim<D> | undefined> {
  const until = lease.toISOString();
  const [row] = await database.query<{ document: D; attempts: number; applied: unknown }>(
    `UPDATE delivery SET leased_until = $3, attempts = delivery.attempts + 1
     FROM desired d
     WHERE d.integration = delivery.integration AND d.environment = delivery.environment
       AND (delivery.connector, delivery.integration, delivery.environment) = (
         SELECT w.connector, w.integration, w.environment
         FROM delivery w JOIN desired g ON g.integration = w.integration AND g.environment = w.environment
         WHERE w.connector = $1 AND w.state = 'due' AND w.due <= $2
           AND (w.leased_until IS NULL OR w.leased_until <= $2)
         ORDER BY g.access, w.due LIMIT 1 FOR UPDATE OF w SKIP LOCKED)
     RETURNING d.document, delivery.attempts, delivery.applied`,
    [connector, now.toISOString(), until],
  );
  return row === undefined
    ? undefined
    : {
        connector,
        desired: row.document,
        attempts: row.attempts,
        before: row.applied === null ? 'not-applied' : 'applied',
        lease: until,
      };
}

/** Prolongs a lease; undefined when it was lost. */
export async function renew<D extends Revised>(
  database: Database,
  held: Claim<D>,
  lease: Date,
): Promise<Claim<D> | undefined> {
  const until = lease.toISOString();
  const rows = await database.query(`UPDATE delivery SET leased_until = $5 ${leased} RETURNING revision`, [
    ...leasedBy(held),
    until,
  ]);
  return rows.length === 0 ? undefined : { ...held, lease: until };
}

const leased = 'WHERE connector = $1 AND integration = $2 AND environment = $3 AND leased_until = $4';
const leasedBy = <D extends Revised>({ connector, desired, lease }: Claim<D>) => [
  connector,
  desired.integration,
  desired.environment,
  lease,
];

/** How a delivery ended. `due`: at what time it is tried again, ISO 8601. */
export type Outcome =
  | { readonly state: 'done'; readonly observed: string }
  | { readonly state: 'due'; readonly error: string; readonly due: string }
  | { readonly state: 'failed'; readonly error: string };

/**
 * Ends a delivery and its lease. `superseded`: meanwhile there is a newer revision, which is due; `lost`: the lease had
 * ended, and the delivery is somebody else's.
 */
export async function settleDelivery<D extends Revised>(
  database: Database,
  held: Claim<D>,
  outcome: Outcome,
  now: Date,
): Promise<'settled' | 'superseded' | 'lost'> {
  const at = now.toISOString();
  const settled = await (outcome.state === 'done'
    ? database.query(
        `UPDATE delivery SET state = 'done', leased_until = NULL, last_error = NULL,
           applied = COALESCE(applied, $6), observed = $7, observed_at = $6
         ${leased} AND revision = $5 RETURNING revision`,
        [...leasedBy(held), held.desired.revision, at, outcome.observed],
      )
    : database.query(
        `UPDATE delivery SET state = $6, leased_until = NULL, last_error = $7, due = $8
         ${leased} AND revision = $5 RETURNING revision`,
        [
          ...leasedBy(held),
          held.desired.revision,
          outcome.state,
          outcome.error,
          outcome.state === 'due' ? outcome.due : at,
        ],
      ));
  if (settled.length > 0) return 'settled';
  const newer = await database.query(
    `UPDATE delivery SET leased_until = NULL ${leased} RETURNING revision`,
    leasedBy(held),
  );
  return newer.length > 0 ? 'superseded' : 'lost';
}

/** Ends all leases. Only for who knows that no other worker is: the sole user of an embedded database, as it starts. */
export async function endLeases(database: Database): Promise<void> {
  await database.query('UPDATE delivery SET leased_until = NULL WHERE leased_until IS NOT NULL');
}

/** What was decided about one integration, and how far each connector is with it. */
export interface Decided<D> {
  readonly desired: D;
  readonly standing: Standing | undefined;
  readonly deliveries: readonly { readonly connector: string; readonly state: Outcome['state'] }[];
}

/** Everything that was decided, in the order of integration and environment, a page at a time. */
export async function* allDecided<D extends Revised>(
  database: Database,
  page = 500,
): AsyncGenerator<Decided<D>> {
  let after: readonly [string, string] = ['', ''];
  for (;;) {
    const rows = await database.query<{
      document: D;
      standing: Standing | null;
      deliveries: Decided<D>['deliveries'] | null;
    }>(
      `SELECT d.document, s.document AS standing,
         (SELECT jsonb_agg(jsonb_build_object('connector', w.connector, 'state', w.state))
          FROM delivery w WHERE w.integration = d.integration AND w.environment = d.environment) AS deliveries
       FROM desired d LEFT JOIN standing s ON s.integration = d.integration
       WHERE (d.integration, d.environment) > ($1, $2)
       ORDER BY d.integration, d.environment LIMIT $3`,
      [...after, page],
    );
    for (const { document, standing, deliveries } of rows)
      yield { desired: document, standing: standing ?? undefined, deliveries: deliveries ?? [] };
    const last = rows.at(-1);
    if (last === undefined || rows.length < page) return;
    after = [last.document.integration, last.document.environment];
  }
}

/** Marks for a new decision, where none is waiting. */
export async function markUndecided(
  database: Database,
  { integration, environment }: Pick<Revised, 'integration' | 'environment'>,
  now: Date,
): Promise<void> {
  await database.query(
    `INSERT INTO undecided (integration, environment, since, log_index)
     SELECT integration, $2, $3, log_index FROM standing WHERE integration = $1
     ON CONFLICT (integration, environment) DO NOTHING`,
    [integration, environment, now.toISOString()],
  );
}

/** Makes a delivery of the revision due, again or for the first time, unless it is due or a newer revision is there. */
export async function deliverAgain(
  database: Database,
  connector: string,
  { integration, environment, revision }: Revised,
  now: Date,
): Promise<void> {
  await database.query(
    `INSERT INTO delivery (connector, integration, environment, revision, state, attempts, due)
     VALUES ($1, $2, $3, $4, 'due', 0, $5)
     ON CONFLICT (connector, integration, environment) DO UPDATE SET state = 'due', attempts = 0, due = EXCLUDED.due
     WHERE delivery.revision = EXCLUDED.revision AND delivery.state <> 'due'`,
    [connector, integration, environment, revision, now.toISOString()],
  );
}

/** Keeps what was found outside, unless there is a newer revision. */
export async function noteObserved(
  database: Database,
  connector: string,
  { integration, environment, revision }: Revised,
  observed: string,
  now: Date,
): Promise<void> {
  await database.query(
    `UPDATE delivery SET observed = $5, observed_at = $6
     WHERE connector = $1 AND integration = $2 AND environment = $3 AND revision = $4`,
    [connector, integration, environment, revision, observed, now.toISOString()],
  );
}

/** What a connector remembers: values of JSON, under keys of its own. */
export function connectorMemory(database: Database, connector: string) {
  return {
    async get(key: string): Promise<unknown> {
      const [row] = await database.query<{ value: unknown }>(
        'SELECT value FROM memory WHERE connector = $1 AND key = $2',
        [connector, key],
      );
      return row?.value;
    },
    async set(key: string, value: unknown): Promise<void> {
      await database.query(
        `INSERT INTO memory (connector, key, value) VALUES ($1, $2, $3)
         ON CONFLICT (connector, key) DO UPDATE SET value = EXCLUDED.value`,
        [connector, key, jsonb(value)],
      );
    },
  };
}
