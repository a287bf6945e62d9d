/** Why a flow is no longer waited for. */
export type Over = 'late' | 'closed';

/** Bounds how long each flow of a trigger is waited for. */
export interface Patience {
  readonly milliseconds: number;
  /** Does work that learns when it is no longer waited for, and ends then. */
  within<T>(work: (over: Promise<Over>) => Promise<T>): Promise<T>;
  /** Ends all waiting; resolves when all work is over. */
  close(): Promise<void>;
}

export function createPatience(milliseconds: number): Patience {
  const waiting = new Map<(why: Over) => void, Promise<unknown>>();
  let closed = false;
  return {
    milliseconds,
    async within(work) {
      const { promise: over, resolve } = Promise.withResolvers<Over>();
      const timer = setTimeout(resolve, milliseconds, 'late');
      if (closed) resolve('closed');
      const working = work(over);
      waiting.set(resolve, working);
      try {
        return await working;
      } finally {
        clearTimeout(timer);
        waiting.delete(resolve);
      }
    },
    async close() {
      closed = true;
      for (const end of waiting.keys()) end('closed');
      await Promise.allSettled(waiting.values());
    },
  };
}

/** Says that a client did not tell how its flow ended. */
export const toldNothing = (why: Over, { milliseconds }: Pick<Patience, 'milliseconds'>): string =>
  why === 'closed'
    ? 'the run was stopped before the client told how the flow ended'
    : `the client did not tell within ${milliseconds / 1000} s how the flow ended`;
