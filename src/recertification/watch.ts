import { ClientSession } from '../actors/client-session.ts';
import type { Session } from '../actors/session.ts';
import type { EditionId } from '../profiles/editions.ts';
import { drift, type Observation } from './drift.ts';
import type { Change, Part } from './drift-change.ts';
import { seeClient, seeServer, type Sight, type Unseen } from './watch-parts.ts';
import { revalidating, type Cost, type Memory } from './watch-request.ts';

/** Since when and until when a part was seen as it is, ISO 8601. */
interface Seen {
  readonly first: string;
  readonly last: string;
}

/** What one look leaves for the next. Plain JSON, and bounded. */
export interface Snapshot extends Observation {
  readonly seen: Readonly<Record<Part, Seen>>;
  readonly memory: Memory;
}

/** A change, and between which looks it came. */
export interface Drift extends Change {
  readonly lastUnchanged: string;
  readonly firstSeen: string;
}

/** What a look at an integration found. */
export interface Look {
  /**
   * `first`: there was nothing to compare with. Where nothing changed in what could be seen, `unreachable`: something could
   * not be seen for reasons of the moment; `unreadable`: it answers with what nobody can work with, or may not be called.
   */
  readonly outcome: 'first' | 'unchanged' | 'changed' | 'unreachable' | 'unreadable';
  readonly changes: readonly Drift[];
  readonly unseen: readonly Unseen[];
  /** To be kept for the next look; absent where a first look could not see everything. */
  readonly snapshot?: Snapshot;
  readonly cost: Cost;
}

/**
 * Looks whether an integration is still what it was: metadata, keys, certificates, API descriptions and registration. It
 * asks only for what has changed since the previous look, and judges nobody: what cannot be seen is no change.
 * @param session One of its own, as a session fetches everything once.
 * @throws IntegrationError when the integration file cannot be used.
 */
export async function look(
  session: Session | ClientSession,
  edition: EditionId,
  previous?: Snapshot,
): Promise<Look> {
  const now = session.options.clock();
  const asking = revalidating(await session.transport(), previous?.memory ?? {}, now);
  const { observation, unseen, handshakes } = await (session instanceof ClientSession
    ? seeClient({ session, edition, asking, previous })
    : seeServer({ session, edition, asking, previous }));
  const cost = { ...asking.cost(), handshakes };
  if (observation === undefined) return { outcome: missing(unseen), changes: [], unseen, cost };

  const at = new Date(now).toISOString();
  const changes =
    previous === undefined
      ? []
      : drift(previous, observation).map((change) => ({
          ...change,
          lastUnchanged: previous.seen[change.part].last,
          firstSeen: at,
        }));
  const seen = (part: Part): Seen => {
    const before = previous?.seen[part];
    if (before === undefined || changes.some((change) => change.part === part))
      return { first: at, last: at };
    return unseen.some((each) => each.part === part) ? before : { ...before, last: at };
  };
  const outcome =
    previous === undefined
      ? 'first'
      : changes.length > 0
        ? 'changed'
        : unseen.length > 0
          ? missing(unseen)
          : 'unchanged';
  const snapshot = {
    ...observation,
    seen: {
      metadata: seen('metadata'),
      keys: seen('keys'),
      certificates: seen('certificates'),
      descriptions: seen('descriptions'),
      registration: seen('registration'),
      profile: seen('profile'),
    },
    memory: asking.memory(),
  };
  return { outcome, changes, unseen, snapshot, cost };
}

const missing = (unseen: Sight['unseen']): 'unreachable' | 'unreadable' =>
  unseen.some(({ fault }) => fault === 'environment') ? 'unreachable' : 'unreadable';
