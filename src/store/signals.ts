import type { Database, Queries } from './database.ts';
import { jsonb } from './values.ts';

/** A security event token on its way. */
export interface Signal {
  readonly jti: string;
  /** The token itself, signed (RFC 8417). */
  readonly event: string;
}

/** Why a receiver did not accept a token (RFC 8935, section 2.3; RFC 8936, section 2.6). */
export interface Refusal {
  readonly err: string;
  readonly description: string;
}

/** What a receiver has answered for a token. */
export type Answered = 'nothing' | 'accepted' | Refusal;

/** The tokens of one stream, oldest first. */
export interface SignalQueue {
  /** Puts tokens at the end, in place of older ones, in one transaction. A token that is there already stays as it is. */
  put(signals: readonly (Signal & { readonly created: Date })[], instead: readonly string[]): Promise<void>;
  /** The tokens that the receiver has not answered for: `limit` of them, and whether there are more. */
  waiting(limit: number): Promise<{ readonly signals: readonly Signal[]; readonly rest: 'some' | 'none' }>;
  /** Of tokens by their jti, with what was answered; those that are not there are left out. */
  find(jtis: readonly string[]): Promise<readonly (Signal & { readonly answered: Answered })[]>;
  /** Notes what the receiver answered. Tokens of other streams, and those that are gone, are left alone. */
  answer(accepted: readonly string[], refused: ReadonlyMap<string, Refusal>, at: Date): Promise<void>;
  /** Offers refused tokens once more. */
  offerAgain(jtis: readonly string[]): Promise<void>;
}

/** The channel on which a stream is named when something was put into it. */
export const signalChannel = 'assay_signal';

/** The queue of a stream. */
export function signalQueue(database: Database, stream: string): SignalQueue {
  return {
    async put(signals, instead) {
      await database.transaction(async (queries) => {
        for (const { jti, event, created } of signals)
          await queries.query(
            `insert into signal (stream, jti, event, created) values ($1, $2, $3, $4) on conflict (jti) do nothing`,
            [stream, jti, event, created],
          );
        await queries.query(`delete from signal where stream = $1 and jti = any($2::text[])`, [
          stream,
          instead,
        ]);
        await forget(queries, stream, instead);
        await queries.query(`select pg_notify($1, $2)`, [signalChannel, stream]);
      });
    },
    async waiting(limit) {
      const found = await database.query<{ jti: string; event: string }>(
        `select jti, event from signal where stream = $1 and acknowledged is null order by id limit $2`,
        [stream, limit + 1],
      );
      return { signals: found.slice(0, limit), rest: found.length > limit ? 'some' : 'none' };
    },
    async find(jtis) {
      const found = await database.query<{
        jti: string;
        event: string;
        accepted: boolean;
        refusal: Refusal | null;
      }>(
        `select jti, event, acknowledged is not null as accepted, value as refusal
           from signal left join memory on connector = stream and key = 'refusal/' || jti
          where stream = $1 and jti = any($2::text[]) order by id`,
        [stream, jtis],
      );
      return found.map(({ jti, event, accepted, refusal }) => ({
        jti,
        event,
        answered: refusal ?? (accepted ? 'accepted' : 'nothing'),
      }));
    },
    async answer(accepted, refused, at) {
      await database.transaction(async (queries) => {
        const known = await queries.query<{ jti: string }>(
          `update signal set acknowledged = $3
            where stream = $1 and acknowledged is null and jti = any($2::text[]) returning jti`,
          [stream, [...accepted, ...refused.keys()], at],
        );
        for (const { jti } of known) {
          const refusal = refused.get(jti);
          if (refusal !== undefined)
            await queries.query(
              `insert into memory (connector, key, value) values ($1, 'refusal/' || $2::text, $3)
                on conflict (connector, key) do update set value = excluded.value`,
              [stream, jti, jsonb(refusal)],
            );
        }
      });
    },
    async offerAgain(jtis) {
      await database.transaction(async (queries) => {
        await queries.query(
          `update signal set acknowledged = null
            where stream = $1 and jti = any($2::text[])
              and exists (select from memory where connector = stream and key = 'refusal/' || jti)`,
          [stream, jtis],
        );
        await forget(queries, stream, jtis);
        await queries.query(`select pg_notify($1, $2)`, [signalChannel, stream]);
      });
    },
  };
}

async function forget(queries: Queries, stream: string, jtis: readonly string[]): Promise<void> {
  await queries.query(`delete from memory where connector = $1 and key = any($2::text[])`, [
    stream,
    jtis.map((jti) => `refusal/${jti}`),
  ]);
}
