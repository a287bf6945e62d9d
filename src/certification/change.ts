import { absorb, everyone } from './fold.ts';
import type { Change } from './projection.ts';
import type { Read } from './read.ts';
import type { Standing } from './standing.ts';

/** A change that grows entry by entry. */
export class Building {
  readonly #from: number;
  readonly #starting: (integration: string) => Promise<Standing>;
  readonly #standings = new Map<string, Change['standings'][number]>();
  readonly #transitions: Change['transitions'][number][] = [];
  readonly #marks: Change['marks'][number][] = [];
  #size: number;

  /**
   * @param from How many entries were applied before.
   * @param starting The standing of an integration before the change.
   */
  constructor(from: number, starting: (integration: string) => Promise<Standing>) {
    this.#from = from;
    this.#size = from;
    this.#starting = starting;
  }

  /** Adds the next entry, which is about some integrations. */
  async add(index: number, read: Read, integrations: readonly string[]): Promise<void> {
    // Those that began within this change are not projected yet.
    const begun = read.predicate.integration === everyone ? [...this.#standings.keys()] : [];
    for (const id of new Set([...integrations, ...begun])) {
      const before = this.#standings.get(id)?.standing ?? (await this.#start(id));
      const standing = absorb(before, read);
      if (standing !== before) this.#standings.set(id, { standing, index });
    }
    if (read.kind === 'transition') this.#transitions.push({ index, transition: read.predicate });
    for (const mark of marksOf(read)) this.#marks.push({ mark, index });
    this.#size = index + 1;
  }

  async #start(id: string): Promise<Standing> {
    const standing = await this.#starting(id);
    const retired = this.#standings.get(everyone)?.standing.retired ?? [];
    return { ...standing, retired: [...new Set([...standing.retired, ...retired])] };
  }

  done(): Change {
    return {
      from: this.#from,
      upTo: this.#size,
      standings: [...this.#standings.values()],
      transitions: this.#transitions,
      marks: this.#marks,
    };
  }
}

/** By what an entry is found again. */
function marksOf(read: Read): readonly string[] {
  const identity = identityOf(read);
  return identity === undefined ? [read.digest] : [read.digest, identity];
}

/** What makes an act or a run unique, however often it was signed; undefined for a transition. */
export function identityOf(read: Read): string | undefined {
  switch (read.kind) {
    case 'act':
      return `act ${read.predicate.nonce}`;
    case 'test-result': {
      const { integration, environment, profile, run } = read.predicate;
      return `run ${JSON.stringify([integration, environment, profile.edition, run.id])}`;
    }
    case 'transition':
      return undefined;
  }
}
