import type { FastifyInstance } from 'fastify';
import type { Snapshot, StandingSource } from '../gate/live.ts';

/** Something that may fail again and again, and is told of once. */
export interface Watched {
  readonly failed: (error: unknown) => void;
  readonly worked: () => void;
}

/** Tells that something fails, that it fails otherwise, and that it works again: a line each, however often it is tried. */
export function watched(what: string, tell: (line: string) => void): Watched {
  let said: string | undefined;
  return {
    failed: (error) => {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== said) tell(`${what}: ${message}`);
      said = message;
    },
    worked: () => {
      if (said !== undefined) tell(`${what}: works again`);
      said = undefined;
    },
  };
}

/** A source that knows when it answered last. */
export interface FollowedSource extends StandingSource {
  /** How many entries of the log it had then. */
  position(): number;
  /** Whether that was a short while ago. */
  health(): 'ok' | 'unavailable';
}

/** Milliseconds for which an answer of the store counts as recent: half of the gate's patience, so that it is known before. */
const recent = 5_000;

/** Follows how a source answers; `worked` is called when it does. */
export function follow(source: StandingSource, now: () => Date, worked: () => void): FollowedSource {
  let answered = -Infinity;
  let position = 0;
  return {
    watch: (onChange) => source.watch(onChange),
    async changedSince(from): Promise<Snapshot> {
      const asked = now().getTime();
      const snapshot = await source.changedSince(from);
      answered = asked;
      ({ position } = snapshot);
      worked();
      return snapshot;
    },
    position: () => position,
    // Whichever way the clock was set meanwhile.
    health: () => (Math.abs(now().getTime() - answered) <= recent ? 'ok' : 'unavailable'),
  };
}

/** `/health`, for who restarts or balances: 200 while the store answers, else 503. */
export function addHealth(server: FastifyInstance, { health }: Pick<FollowedSource, 'health'>): void {
  server.get('/health', async (_request, reply) => {
    const status = health();
    return reply.code(status === 'ok' ? 200 : 503).send({ status });
  });
}
