import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fingerprint } from '../evidence/fingerprint.ts';
import { editionDigest } from '../evidence/profile-digest.ts';
import { published } from '../report/publish.ts';
import type { Results } from '../report/results.ts';
import { sampleResults } from '../report/sample.ts';
import type { ExitCode } from './exit.ts';
import type { Io } from './io.ts';
import { program } from './program.ts';
import { openRecorder, recorded } from './record.ts';

/** What a command said. */
export interface Said {
  readonly code: ExitCode;
  readonly output: string;
  readonly notes: string;
}

/** A directory in which commands are given, by a clock that a test moves. */
export interface Workplace extends AsyncDisposable {
  readonly directory: string;
  readonly clock: { now: Date };
  /** Runs `assay` within this process. */
  say(...args: readonly string[]): Promise<Said>;
  /** What a command touches; what it says is forgotten. */
  readonly io: Io;
  path(name: string): string;
  read(name: string): Promise<string>;
}

/** A day before the sample run. */
const beforeRun = new Date('2026-11-19T02:00:00.000Z');

/** An empty directory to work in, which is removed in the end. The clock stands still unless another one is given. */
export async function emptyWorkplace(clock: Workplace['clock'] = { now: beforeRun }): Promise<Workplace> {
  const directory = await mkdtemp(join(tmpdir(), 'assay-cli-'));
  const ioOf = (write: (text: string) => void, note: (text: string) => void): Io => ({
    write,
    note,
    colour: 'off',
    width: 100,
    cwd: directory,
    env: process.env,
    now: () => clock.now,
    stop: new AbortController().signal,
  });
  const path = (name: string): string => join(directory, name);
  return {
    directory,
    clock,
    async say(...args) {
      let [output, notes] = ['', ''];
      const io = ioOf(
        (text) => (output += text),
        (text) => (notes += text),
      );
      return { code: await program(args, io), output, notes };
    },
    io: ioOf(
      () => undefined,
      () => undefined,
    ),
    path,
    read: (name) => readFile(path(name), 'utf8'),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/**
 * The same with operator/, whose harness writes the log in evidence/: Olga may operate and approve, Omar approve. Two days
 * later the time is that of the end of the sample run.
 */
export async function operatorWorkplace(): Promise<Workplace> {
  const place = await emptyWorkplace();
  const made = [
    await place.say('operator', 'init', '--holder', 'Olga', '--origin', 'log.example/assay'),
    await place.say('operator', 'key', '--holder', 'Omar', '--may', 'approve'),
  ];
  const wrong = made.find(({ code }) => code !== 0);
  if (wrong) throw new Error(wrong.notes);
  place.clock.now = new Date('2026-11-20T03:00:00.000Z');
  return place;
}

/** The fingerprint that stands for what the sample run tested. */
export const sampleFingerprint = ({ profile: { edition } }: Results = sampleResults()): Fingerprint => ({
  metadata: 'aa'.repeat(32),
  keys: ['thumbprint'],
  certificates: {},
  descriptions: {},
  registration: { digest: 'cc'.repeat(32), clients: ['assay-1'] },
  profile: { edition, digest: editionDigest(edition) },
});

/** A run as `assay run` leaves it: its directory, and its bundle. */
export interface RecordedRun {
  readonly id: string;
  readonly directory: string;
  /** Path of the bundle. */
  readonly bundle: string;
}

/** Records the sample run, with another id if one is given, in evidence/. */
export async function recordSample(place: Workplace, id?: string): Promise<RecordedRun> {
  const sample = sampleResults();
  const results = id === undefined ? sample : { ...sample, run: { ...sample.run, id } };
  const directory = place.path(join('reports', results.integration.integration, results.run.id));
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'run.json'), '{}');
  await writeFile(join(directory, published.results), JSON.stringify(results));
  const recorder = await openRecorder(place.io, { operator: 'operator', evidence: 'evidence', subjects: [] });
  const fingerprint = sampleFingerprint(results);
  const code = await recorder.record({ results, directory, before: fingerprint, after: fingerprint });
  await recorder.close();
  if (code !== 0) throw new Error('the sample run was not recorded');
  return { id: results.run.id, directory, bundle: join(directory, recorded.bundle) };
}
