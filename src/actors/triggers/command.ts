import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Network } from './network.ts';
import { toldNothing, type Over, type Patience } from './patience.ts';
import { createShown, quoted, type Shown } from './shown.ts';
import { createTab } from './tab.ts';
import { TriggerError, type Outcome, type Start, type Trigger } from './trigger.ts';
import { createWatchdog } from './watchdog.ts';

export interface CommandOptions {
  /** Program and arguments. */
  readonly run: readonly string[];
  /** Environment variables of the integration file, resolved. */
  readonly env: Readonly<Record<string, string>>;
  /** Directory that it is started in. */
  readonly base: string;
  /** Path of the PEM file with the authority that the client must trust. */
  readonly authorityFile: string;
  readonly network: Network;
  readonly patience: Patience;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Characters of a line that is read. */
const longestLine = 65_536;

/** Milliseconds: from asking a program to end to ending it, and for its last words when it has ended. */
const grace = { end: 2000, words: 1000 };

// By name: this process knows secrets, and not all names that begin with NODE_ are harmless (NODE_AUTH_TOKEN).
const inherited = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'NODE_ENV',
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_EXTRA_CA_CERTS',
  'NODE_COMPILE_CACHE',
];

/** The trigger of a program that goes through one flow each time that it is started. */
export function createCommandTrigger(options: CommandOptions): Trigger {
  const { network, patience } = options;
  const watchdog = createWatchdog();

  async function run(start: Start, over: Promise<Over>): Promise<Outcome> {
    const shown = createShown();
    const child = await started(options, environment(options, start));
    const group = child.pid ?? 0;
    watchdog.watch(group);
    const exit = once(child, 'exit');
    const closed = once(child, 'close');
    const tab = createTab(network.of(start, shown));
    const visits: Promise<unknown>[] = [];
    const last = { out: '', error: '' };
    // A program that prints where its user has to go waits for the response itself, as native apps do (RFC 8252, section 7.3).
    eachLine(child.stdout, shown, (line) => {
      last.out = line;
      if (isAuthorization(line, start))
        visits.push(tab.go({ url: line, site: 'none', hops: [] }).catch(() => undefined));
    });
    eachLine(child.stderr, shown, (line) => {
      last.error = line;
    });
    const why = await Promise.race([exit.then(() => undefined), over]);
    if (why === 'late') {
      signal(group, 'SIGTERM');
      await atMost(grace.end, exit);
    }
    // What the program started, and left behind.
    signal(group, 'SIGKILL');
    await exit;
    watchdog.release(group);
    await atMost(grace.words, Promise.all([closed, ...visits]));
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
    const words = quoted(last.error || last.out);
    const told =
      why === undefined
        ? toldBy(child, words)
        : { end: 'unknown' as const, told: `${toldNothing(why, patience)}${words}` };
    return { ...told, shown: shown.text() };
  }

  return {
    run: (start) => patience.within((over) => run(start, over)),
    async close() {
      await patience.close();
      watchdog.close();
    },
  };
}

function environment({ env, authorityFile }: CommandOptions, start: Start): Record<string, string> {
  return {
    ...Object.fromEntries(
      inherited.flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value] as const];
      }),
    ),
    ...env,
    ASSAY_ISSUER: start.issuer,
    ASSAY_API: start.api,
    ASSAY_CLIENT_ID: start.clientId,
    ...(start.redirectUri !== undefined && { ASSAY_REDIRECT_URI: start.redirectUri }),
    ASSAY_CA_FILE: authorityFile,
    ASSAY_SCENARIO: start.scenario,
  };
}

async function started({ run, base }: CommandOptions, env: Record<string, string>): Promise<Child> {
  const [program = '', ...args] = run;
  const child = spawn(program, args, {
    cwd: base,
    env,
    // A process group of its own, so that what it starts can be ended with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) return child;
  const [error] = (await once(child, 'error')) as [unknown];
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  throw new TriggerError(
    'not-started',
    'configuration',
    `the command ${program} could not be started in ${base} (${code}); check trigger.run in the integration file`,
    { cause: error },
  );
}

/** Calls back for each line, without its surrounding white space; what is longer than a line of text can be is passed over. */
function eachLine(stream: Readable, shown: Shown, onLine: (line: string) => void): void {
  let rest = '';
  const tell = (line: string) => line.trim() !== '' && onLine(line.trim());
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    shown.add(text);
    const lines = `${rest}${text}`.split('\n');
    rest = (lines.pop() ?? '').slice(0, longestLine);
    for (const line of lines) tell(line);
  });
  stream.on('end', () => tell(rest));
  stream.on('error', () => undefined);
}

/** Whether a line is an authorization request to the issuer and nothing else. */
const isAuthorization = (line: string, { issuer }: Start): boolean =>
  line.startsWith(`${issuer.replace(/\/$/u, '')}/`) &&
  (URL.parse(line)?.searchParams.has('client_id') ?? false);

function signal(group: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-group, name);
  } catch {
    // Nobody is left in it.
  }
}

/** Waits, but no longer than the milliseconds. */
async function atMost(milliseconds: number, waiting: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([waiting, late]);
  clearTimeout(timer);
}

function toldBy({ exitCode, signalCode }: Child, words: string): Pick<Outcome, 'end' | 'told'> {
  if (exitCode === null)
    return { end: 'unknown', told: `the command was ended by ${String(signalCode)}${words}` };
  return exitCode === 0
    ? { end: 'completed', told: 'the command exited with code 0' }
    : { end: 'failed', told: `the command exited with code ${exitCode}${words}` };
}
