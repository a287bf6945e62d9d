import { minute } from './calendar.ts';
import type { Planned } from './due.ts';
import type { Schedule } from './schedule.ts';

type Budget = Schedule['budget'];

/** What is under way, and what was started lately. */
export interface Load {
  readonly running: readonly Pick<Planned, 'integration' | 'hosts'>[];
  /** When runs started; those of the last minute count. */
  readonly starts: readonly string[];
}

/**
 * The runs that may start now of those that are due, in their order: on each host at most one at a time, at most one of each integration,
 * and no more within a minute, and at once, than the budget has. One that must wait for its host holds no other up.
 * @param now ISO 8601 in UTC.
 */
export function admitted(
  due: readonly Planned[],
  load: Load,
  budget: Budget,
  now: string,
): readonly Planned[] {
  const room = Math.min(
    budget.starts_per_minute - recent(load, now).length,
    budget.concurrent - load.running.length,
  );
  return free(due, load).slice(0, Math.max(0, room));
}

/**
 * When the next of the waiting runs may start by the budget; undefined while only the end of a run makes room.
 * @param now ISO 8601 in UTC.
 */
export function release(
  waiting: readonly Planned[],
  load: Load,
  budget: Budget,
  now: string,
): string | undefined {
  if (free(waiting, load).length === 0 || load.running.length >= budget.concurrent) return undefined;
  const starts = recent(load, now).toSorted();
  const last = starts[starts.length - budget.starts_per_minute];
  return last === undefined ? now : new Date(Date.parse(last) + minute).toISOString();
}

/** Of those that wait, which have hosts and integration for themselves. */
function free(waiting: readonly Planned[], { running }: Load): readonly Planned[] {
  const hosts = new Set(running.flatMap((each) => each.hosts));
  const integrations = new Set(running.map(({ integration }) => integration));
  return waiting.filter((each) => {
    if (integrations.has(each.integration) || each.hosts.some((host) => hosts.has(host))) return false;
    integrations.add(each.integration);
    for (const host of each.hosts) hosts.add(host);
    return true;
  });
}

/** Starts within the last minute; one of exactly a minute ago no longer counts. */
function recent({ starts }: Load, now: string): readonly string[] {
  const from = new Date(Date.parse(now) - minute).toISOString();
  return starts.filter((at) => at > from);
}
