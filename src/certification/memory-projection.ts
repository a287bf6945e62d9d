import { CertificationError } from './error.ts';
import { everyone } from './fold.ts';
import type { AccessKey, Projection } from './projection.ts';
import type { Standing } from './standing.ts';

/** A projection that lasts as long as the process: for a log without a database. */
export function memoryProjection(): Projection {
  let size = 0;
  const standings = new Map<string, Standing>();
  const marked = new Map<string, number>();
  return {
    applied: () => Promise.resolve(size),
    standing: (integration) => Promise.resolve(standings.get(integration)),
    integrations: () => Promise.resolve([...standings.keys()].filter((id) => id !== everyone).toSorted()),
    holder: (key) =>
      Promise.resolve(
        [...standings.values()].find((standing) => isRegisteredWith(standing, key))?.integration,
      ),
    find: (mark) => Promise.resolve(marked.get(mark)),
    async apply(change) {
      if (change.upTo <= size) return;
      if (change.from !== size)
        throw new CertificationError(
          'gap',
          `expected a change that continues at entry ${size}, got one from ${change.from} up to ${change.upTo}`,
        );
      for (const { standing } of change.standings) standings.set(standing.integration, standing);
      for (const { mark, index } of change.marks) if (!marked.has(mark)) marked.set(mark, index);
      size = change.upTo;
    },
  };
}

/** Whether an integration is registered with a key. */
const isRegisteredWith = ({ registrations }: Standing, { environment, kind, value }: AccessKey): boolean =>
  registrations.some(
    (each) =>
      each.environment === environment &&
      each.registration[kind === 'client' ? 'clients' : 'certificates'].includes(value),
  );
