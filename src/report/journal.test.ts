import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import type { CheckRecord } from './assemble.ts';
import { journalName, openJournal, readJournal } from './journal.ts';

const record = (title: string): CheckRecord => ({
  id: `authorization-server/par/${title}`,
  title,
  file: 'authorization-server/par.spec.ts',
  line: 7,
  requirements: ['fapi2-sp/5.3.2.2-5'],
  conditions: [],
  tier: 'fast',
});

const executed = (title: string): CheckRecord => ({
  ...record(title),
  evidence: { ending: { end: 'completed' }, exercised: 1, exchanges: [] },
  started: '2026-11-22T12:00:00.000Z',
  duration_ms: 12,
});

test('a journal holds every check from the start, each as it was last written', async ({}, info) => {
  const directory = await made(info.outputPath());
  const journal = openJournal(directory, ['a', 'b', 'c'].map(record));
  expect(readJournal(directory)).toEqual(['a', 'b', 'c'].map(record));
  journal.append(executed('b'));
  // It can be read, and is complete, while the run goes on: nothing is held back.
  expect(readJournal(directory)).toEqual([record('a'), executed('b'), record('c')]);
  journal.append(executed('c'));
  journal.close();
  expect(readJournal(directory)).toEqual([record('a'), executed('b'), executed('c')]);
});

test('a journal that was cut off anywhere in its last line holds all before it', async ({}, info) => {
  const directory = await made(info.outputPath());
  openJournal(directory, ['a', 'b'].map(record)).close();
  const whole = await readFile(join(directory, journalName), 'utf8');
  const line = JSON.stringify(executed('b'));
  for (const length of [1, Math.floor(line.length / 2), line.length]) {
    await writeFile(join(directory, journalName), whole);
    await appendFile(join(directory, journalName), line.slice(0, length));
    expect(readJournal(directory)).toEqual(['a', 'b'].map(record));
  }
});

test('an empty journal, or none at all, holds nothing', async ({}, info) => {
  const directory = await made(info.outputPath());
  expect(readJournal(directory)).toEqual([]);
  openJournal(directory, []).close();
  expect(readJournal(directory)).toEqual([]);
});

test('a new journal takes the place of an old one', async ({}, info) => {
  const directory = await made(info.outputPath());
  openJournal(directory, ['a', 'b'].map(record)).close();
  openJournal(directory, [record('c')]).close();
  expect(readJournal(directory)).toEqual([record('c')]);
});

async function made(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  return directory;
}
