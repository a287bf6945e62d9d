import type { Reply } from '../transport/transport.ts';
import type { Edit, World } from './draft.ts';
import { FlowError } from './flow-error.ts';

/** What answers told of a server's clock. All times in seconds, ours since 1970, UTC. */
export interface ServerClock {
  /** The latest Date header: whole seconds, as the rest of the second is left open. */
  readonly date: number;
  /** How far the server is ahead of our clock: at least `least`, and less than `most`. */
  readonly least: number;
  readonly most: number;
  /** Our time at the latest answer. */
  readonly at: number;
}

/** A Date header further off than this is not believed. */
const believed = 60;

/** Two clocks come apart by less than a millisecond a second, and ours tells milliseconds. */
const drift = 0.001;
const resolution = 0.002;

const dateOf = ({ headers }: Reply): number => Date.parse(headers['date'] ?? '') / 1000;

/** What is known of a server's clock after one more answer. Where that contradicts what was known, a clock was set. */
export function clockOf(reply: Reply, known?: ServerClock): ServerClock | undefined {
  const date = dateOf(reply);
  const sent = Date.parse(reply.exchange.at) / 1000;
  const at = sent + reply.exchange.duration_ms / 1000;
  const told = { date, least: date - at, most: date + 1 - sent, at };
  if (Number.isNaN(date) || Math.abs(told.least) > believed) return undefined;
  if (known === undefined) return told;
  const lost = drift * Math.max(0, at - known.at);
  const least = Math.max(known.least - lost, told.least);
  const most = Math.min(known.most + lost, told.most);
  return least < most ? { date, least, most, at } : told;
}

/** The whole second that the server's clock has surely reached at one of our times. */
export const reachedAt = (now: number, clock: ServerClock | undefined): number =>
  clock === undefined
    ? Math.floor(now)
    : Math.max(clock.date, Math.floor(now + clock.least - drift * (now - clock.at) - resolution));

/**
 * The whole seconds n by which a time lay ahead when its answer was made, by the Date of that answer: at most n, and more
 * than n - 1. Undefined where the answer has no Date.
 */
export function secondsAhead(time: number, reply: Reply): number | undefined {
  const date = dateOf(reply);
  return Number.isNaN(date) ? undefined : time - date;
}

/**
 * An edit that puts a time exactly so many seconds ahead of the server's clock, to the second. Never more, as `now` of the
 * world is a second that the server has reached; and an answer decides only when its Date shows that it was not less.
 * @param edit Makes the edit that carries the time.
 */
export function ahead(seconds: number, edit: (time: (world: World) => number) => Edit): Edit {
  let time = Number.NaN;
  return {
    ...edit(({ now }) => (time = now + seconds)),
    decides: (reply) => secondsAhead(time, reply) === seconds,
  };
}

type Ask = (...edits: readonly Edit[]) => Promise<Reply>;

const attempts = 5;

/**
 * Asks until the answer decides: on the way of a time that is to be exact, a second may have passed.
 * @throws FlowError when no answer does, as where they have no Date header.
 */
export const timely =
  (ask: Ask): Ask =>
  async (...edits) => {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const reply = await ask(...edits);
      if (edits.every(({ decides }) => decides?.(reply) ?? true)) return reply;
    }
    throw new FlowError(
      'not-given',
      'environment',
      `expected the Date header (RFC 9110, section 6.6.1) to show that a time was exactly as far ahead as it was meant to be; none of ${attempts} answers did`,
    );
  };
