import { ConnectorError, type Desired, type Memory, type Observed } from '../connector.ts';

/**
 * Does all of it, so that one client's trouble keeps no other open.
 * @throws ConnectorError the first that can be tried again, or else the first.
 */
export async function every(work: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: ConnectorError[] = [];
  for (const each of work)
    try {
      await each();
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      errors.push(error);
    }
  const worst = errors.find(({ code }) => code === 'temporary') ?? errors[0];
  if (worst !== undefined) throw worst;
}

/** What several clients are together: as desired only when each is. */
export function together(found: readonly Observed[], access: Desired['access']): Observed {
  if (found.every((each) => each === 'absent')) return 'absent';
  if (access === 'closed') return found.includes('open') ? 'open' : 'closed';
  return found.find((each) => each !== 'open') ?? 'open';
}

/** Which clients a connector governs for an integration: one that it no longer has must not stay open unasked for. */
export interface Governed {
  /** Those that the integration had before. */
  readonly left: readonly string[];
  /** To be called when those are closed. */
  readonly forget: () => Promise<void>;
}

/** Notes the clients of an integration before anything is opened for them, and finds those that it no longer has. */
export async function govern(desired: Desired, memory: Memory): Promise<Governed> {
  const key = `clients/${desired.integration}/${desired.environment}`;
  const note: unknown = await memory.get(key);
  const before: readonly string[] = Array.isArray(note) ? note.filter((id) => typeof id === 'string') : [];
  const left = before.filter((id) => !desired.clients.includes(id));
  if (desired.clients.some((id) => !before.includes(id)))
    await memory.set(key, [...left, ...desired.clients]);
  return {
    left,
    forget: async () => {
      if (left.length > 0) await memory.set(key, desired.clients);
    },
  };
}
