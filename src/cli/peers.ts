import { globMatches } from '../profiles/plan.ts';
import type { CheckRecord } from '../report/assemble.ts';
import { readSuiteData } from './suite-data.ts';

/** Other test suites that ours is compared with. */
export const peers = ['oidf'] as const;
export type Peer = (typeof peers)[number];

/** What of ours covers a module of a peer: ids or globs of checks, or the reason why nothing does. */
export interface PeerModule {
  readonly checks?: readonly string[];
  readonly reason?: string;
}

/** The modules of a peer, by their names. */
export const modulesOf = (peer: Peer): Readonly<Record<string, PeerModule>> =>
  (readSuiteData(`peers/${peer}.json`) ?? {}) as Record<string, PeerModule>;

/** One row for each module of a peer: how many checks of ours cover it, and which. */
export function peerCoverage(peer: Peer, checks: readonly CheckRecord[]) {
  return Object.entries(modulesOf(peer)).map(([module, { checks: globs = [], reason }]) => {
    const covering = checks.filter(({ id }) => globs.some((glob) => globMatches(glob, id)));
    return {
      module,
      checks: covering.length,
      ...(reason === undefined ? {} : { reason }),
      by: covering.map(({ id }) => id),
    };
  });
}
