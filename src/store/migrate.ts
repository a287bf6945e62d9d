import { createHash } from 'node:crypto';
import type { Database, Queries } from './database.ts';
import { StoreError } from './error.ts';
import { migrations as all } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';

/** Any number, as long as nobody else takes it: it stands for "Assay migrates" in this database. */
const advisoryLock = 4_702_189_351;

/**
 * Brings the tables of a database to those of this version, one transaction a migration. Processes that start at the same
 * time wait for each other.
 * @returns How many migrations were needed.
 * @throws StoreError `migration` where the database was made by a newer version, or by other migrations than these.
 */
export async function migrate(database: Database, migrations: readonly Migration[] = all): Promise<number> {
  for (let count = 0; ; count += 1) {
    const next = await database.transaction((queries) => applyNext(queries, migrations));
    if (next === 'up-to-date') return count;
  }
}

async function applyNext(
  queries: Queries,
  migrations: readonly Migration[],
): Promise<'applied' | 'up-to-date'> {
  // A serializable transaction would go on with what it saw before it waited for the lock.
  await queries.query('set transaction isolation level read committed');
  await queries.query('select pg_advisory_xact_lock($1)', [advisoryLock]);
  await queries.query(`create table if not exists migration (
    number int primary key,
    name text not null,
    checksum text not null,
    applied timestamptz not null default now()
  )`);
  const applied = await queries.query<Applied>(
    'select number, name, checksum from migration order by number',
  );
  refuseOthers(applied, migrations);
  const migration = migrations[applied.length];
  if (migration === undefined) return 'up-to-date';
  for (const statement of migration.statements) await queries.query(statement);
  await queries.query('insert into migration (number, name, checksum) values ($1, $2, $3)', [
    applied.length + 1,
    migration.name,
    checksumOf(migration),
  ]);
  return 'applied';
}

type Applied = { readonly number: number; readonly name: string; readonly checksum: string };

function refuseOthers(applied: readonly Applied[], migrations: readonly Migration[]): void {
  const advice =
    'Use the version of Assay that made it, or an empty database: what the log says is put into it again';
  for (const [index, { number, name, checksum }] of applied.entries()) {
    const migration = migrations[index];
    if (migration === undefined)
      throw new StoreError(
        'migration',
        `the database is newer than this version of Assay: it has migration ${number} (${name}), and ${migrations.length} are known. ${advice}`,
      );
    if (number !== index + 1 || name !== migration.name || checksum !== checksumOf(migration))
      throw new StoreError(
        'migration',
        `the database was made by another migration ${number} (${name}) than the one of this version of Assay. ${advice}`,
      );
  }
}

const checksumOf = ({ statements }: Migration): string =>
  createHash('sha256').update(JSON.stringify(statements)).digest('hex');
