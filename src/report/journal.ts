import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { CheckRecord } from './assemble.ts';

/** Name of the journal within the directory of a run. */
export const journalName = 'journal.jsonl';

/**
 * Keeps what a run learns as soon as it is known, one line of JSON each: first all checks of the suites, then each check
 * again when it has been executed. A process that is killed leaves its journal, and nothing that it holds is lost.
 */
export interface Journal {
  append(record: CheckRecord): void;
  close(): void;
}

/** Starts the journal of a run. */
export function openJournal(directory: string, checks: readonly CheckRecord[]): Journal {
  const path = join(directory, journalName);
  writeFileSync(path, checks.map((check) => `${JSON.stringify(check)}\n`).join(''));
  const file = openSync(path, 'a');
  return {
    append(record) {
      // Not flushed to the disk: that would cost more than most checks, and a loss of power ends the run anyway.
      appendFileSync(file, `${JSON.stringify(record)}\n`);
    },
    close: () => closeSync(file),
  };
}

/** Removes a journal whose content stands in a complete result document. */
export const removeJournal = (directory: string): void =>
  rmSync(join(directory, journalName), { force: true });

/**
 * The checks of a journal, each as it was last written. A last line that was cut off by a crash is left out; of a run that
 * ended before it had a journal, there are none.
 */
export function readJournal(directory: string): readonly CheckRecord[] {
  const path = join(directory, journalName);
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  const records = lines.map((line) => JSON.parse(line) as CheckRecord);
  return [...new Map(records.map((record) => [record.id, record])).values()];
}
