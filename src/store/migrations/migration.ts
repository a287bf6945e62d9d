/** One step from nothing to today's tables. A released one is never edited: another follows it. */
export interface Migration {
  /** What it does, in a few words. Its number is its place in the list, from 1. */
  readonly name: string;
  /** SQL, each statement by itself; all of them in one transaction. */
  readonly statements: readonly string[];
}
