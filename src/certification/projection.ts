import type { Transition } from './act.ts';
import type { Environment } from './certification.ts';
import type { Standing } from './standing.ts';

/** What a gateway or an authorization server knows an integration by, in one environment. */
export interface AccessKey {
  readonly environment: Environment;
  readonly kind: 'client' | 'certificate';
  /** A client_id, or a thumbprint (x5t#S256, base64url). */
  readonly value: string;
}

/** The effect of a run of consecutive log entries. All of it takes effect, or nothing. */
export interface Change {
  /** How many entries were applied before. */
  readonly from: number;
  /** How many are applied with it. */
  readonly upTo: number;
  /** The standings that changed, as they are now, and the index of the last entry that touched each. */
  readonly standings: readonly { readonly standing: Standing; readonly index: number }[];
  readonly transitions: readonly { readonly index: number; readonly transition: Transition }[];
  /** By what each entry is found again: the digest of its envelope, and what makes its statement unique. */
  readonly marks: readonly { readonly mark: string; readonly index: number }[];
}

/** What the log says, made ready to be asked. It is never more than the log: it may be thrown away and made anew. */
export interface Projection {
  /** How many entries of the log it holds. */
  applied(): Promise<number>;
  /** The standing `*` holds what was done to all integrations. It is kept like another, but nothing is decided of it. */
  standing(integration: string): Promise<Standing | undefined>;
  /** Ids of all integrations that have a standing; without `*`. */
  integrations(): Promise<readonly string[]>;
  /** The integration that is registered with a key. */
  holder(key: AccessKey): Promise<string | undefined>;
  /** The index of the first entry with a mark. */
  find(mark: string): Promise<number | undefined>;
  /**
   * Takes a change over, atomically. One that is held already (`upTo` is not beyond `applied()`) changes nothing.
   * @throws CertificationError `gap` when entries are missing between `applied()` and `from`, or the two overlap.
   */
  apply(change: Change): Promise<void>;
}
