import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from '../src/transport/exchange.ts';
import type { Reply } from '../src/transport/transport.ts';

/**
 * Milliseconds that a withdrawal may take to reach every node. RFC 7009, section 2 allows a delay, wants it minimal and
 * names no figure; five seconds are enough for a cache to be told, and too few for it to wait for an expiry.
 */
const patience = 5_000;

/** Asks until an answer is as it should be, at most for the time that a withdrawal may take; gives the last answer. */
export async function eventually(
  ask: () => Promise<Reply>,
  holds: (reply: Reply) => boolean,
): Promise<Reply> {
  let pause = 50;
  for (let waited = 0; ; waited += pause, pause = Math.min(2 * pause, 1000)) {
    const reply = await ask();
    if (holds(reply) || waited >= patience) return reply;
    await sleep(pause);
  }
}

/** Milliseconds from the end of one exchange to the end of a later one. */
export const between = (one: Exchange, later: Exchange): number => endOf(later) - endOf(one);

const endOf = ({ at, duration_ms }: Exchange): number => Date.parse(at) + duration_ms;
