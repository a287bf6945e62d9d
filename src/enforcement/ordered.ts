import type { Connector } from './connector.ts';

/**
 * The connector, kept from going back: what is older than a revision that it was once given changes nothing. The
 * revision is remembered before it is applied: a worker that was thought dead, and wakes with an older one, must find it.
 */
export function ordered(connector: Connector): Connector {
  return {
    name: connector.name,
    concerns: (desired) => connector.concerns(desired),
    async apply(desired, memory) {
      const key = `revision/${desired.integration}/${desired.environment}`;
      const newest = await memory.get(key);
      if (typeof newest === 'number' && newest > desired.revision) return;
      if (newest !== desired.revision) await memory.set(key, desired.revision);
      await connector.apply(desired, memory);
    },
    observe: (desired, memory) => connector.observe(desired, memory),
    close: () => connector.close(),
  };
}
