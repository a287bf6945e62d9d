import { absorb, everyone } from '../certification/fold.ts';
import { readLogged } from '../certification/read.ts';
import { unknownStanding, type Standing } from '../certification/standing.ts';
import { entryOf, printEntry, type Entry } from '../evidence/entry.ts';
import { EvidenceError } from '../evidence/error.ts';
import type { Log } from '../evidence/log.ts';
import type { Verifiers } from '../evidence/verifiers.ts';

/** What a log says of an integration, as far as it can be believed. */
export interface LoggedStanding {
  /** Not yet with what time has done to it (`effective`). */
  readonly standing: Standing;
  readonly completeness: 'complete' | 'incomplete';
  /** What is missing, altered or not believable: why it is incomplete. */
  readonly problems: readonly string[];
}

/**
 * Replays all that a log holds of an integration, from the files alone. Whatever is missing or not to be believed makes the
 * outcome incomplete, and the gate denies: it may be what closed access.
 * @throws EvidenceError only `unusable-directory`
 */
export async function standingFrom(
  log: Pick<Log, 'entries' | 'envelope'>,
  verifiers: Verifiers,
  integration: string,
): Promise<LoggedStanding> {
  let standing = unknownStanding(integration);
  const problems: string[] = [];
  const tell = (error: unknown, where: string): void => {
    if (!(error instanceof EvidenceError) || error.code === 'unusable-directory') throw error;
    problems.push(`${where}: ${error.message}`);
  };
  try {
    for await (const { index, entry } of log.entries(0)) {
      if (entry.integration !== integration && entry.integration !== everyone) continue;
      try {
        const text = await log.envelope(entry.digest);
        checkEntry(entry, text);
        standing = absorb(standing, readLogged(text, verifiers));
      } catch (error) {
        tell(error, `entry ${index}`);
      }
    }
  } catch (error) {
    tell(error, 'the log');
  }
  return { standing, completeness: problems.length === 0 ? 'complete' : 'incomplete', problems };
}

/** An entry that names another integration would hide a statement from all who look for it. */
function checkEntry(entry: Entry, envelope: string): void {
  const expected = printEntry(entryOf(envelope));
  if (printEntry(entry) !== expected)
    throw new EvidenceError(
      'inconsistent',
      `expected the entry ${expected} for its envelope, got ${printEntry(entry)}`,
    );
}
