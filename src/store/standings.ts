import type { Transition } from '../certification/act.ts';
import type { AccessKey } from '../certification/projection.ts';
import type { Standing } from '../certification/standing.ts';
import type { Queries } from './database.ts';

/** The standing of the integration that is registered with a client or a certificate in an environment. */
export async function standingByKey(
  queries: Queries,
  { environment, kind, value }: AccessKey,
): Promise<Standing | undefined> {
  const [row] = await queries.query<{ document: Standing }>(
    `select document from access_key join standing using (integration)
      where environment = $1 and kind = $2 and value = $3`,
    [environment, kind, value],
  );
  return row?.document;
}

/** The standings of all integrations, by id. */
export async function standings(queries: Queries): Promise<readonly Standing[]> {
  const rows = await queries.query<{ document: Standing }>(
    "select document from standing where integration <> '*' order by integration",
  );
  return rows.map(({ document }) => document);
}

/** What happened to an integration's certifications, in the order of the log. */
export async function transitionsOf(
  queries: Queries,
  integration: string,
): Promise<readonly { readonly index: number; readonly transition: Transition }[]> {
  const rows = await queries.query<{ log_index: number; document: Transition }>(
    'select log_index, document from transition where integration = $1 order by log_index',
    [integration],
  );
  return rows.map(({ log_index: index, document: transition }) => ({ index, transition }));
}
