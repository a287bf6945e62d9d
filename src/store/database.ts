/** A row, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * One place to run SQL in: the database, or a transaction of it. Parameters are $1, $2, …; an object is given as JSON, a list
 * as an SQL array, and what `jsonb` of values.ts wraps as JSON in any case. bigint is got as a number, timestamptz as a Date.
 */
export interface Queries {
  query<R extends Row>(sql: string, parameters?: readonly unknown[]): Promise<readonly R[]>;
}

/** A PostgreSQL database, embedded or a server's. */
export interface Database extends Queries {
  readonly kind: 'embedded' | 'server';
  /**
   * Runs `work` in one serializable transaction; a serialization failure is tried again, anything else rolls back, as a failed
   * query does even where `work` catches its error.
   */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /** Listens on a channel of NOTIFY; the returned function ends it. Missed notifications are not repeated: poll besides. */
  listen(channel: string, onMessage: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}
