// Makes a checkout ready, before any script of package.json: packages, and what its arguments name: `browser` for a Chromium,
// `nginx` and `postgresql` for the servers that tests start.
// It runs on whatever Node is there (18 or newer), without any package.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ readonly packages?: Readonly<Record<string, { readonly integrity?: string, readonly optional?: boolean }>> }} Lock
 */

/**
 * Whether npm installed what the lockfile says; it notes what it installed in node_modules when all is there.
 * Optional packages are those of other platforms.
 * @param {Lock} wanted package-lock.json
 * @param {Lock | undefined} installed node_modules/.package-lock.json
 */
export function isInstalled(wanted, installed) {
  return Object.entries(wanted.packages ?? {}).every(
    ([path, { integrity, optional }]) =>
      path === '' || optional === true || installed?.packages?.[path]?.integrity === integrity,
  );
}

/**
 * The ways to come by a Chromium, in order.
 * @param {{ readonly uid: number | undefined, readonly has: (command: string) => boolean }} machine
 * @returns {readonly { readonly what: string, readonly commands: readonly (readonly string[])[] }[]}
 */
export function browserSources({ uid, has }) {
  const playwright = {
    what: "Playwright's headless Chromium",
    commands: [['playwright', 'install', '--only-shell', 'chromium']],
  };
  const commands = debianCommands({ uid, has }, 'chromium-headless-shell');
  return commands === undefined
    ? [playwright]
    : [playwright, { what: "Debian's chromium-headless-shell", commands }];
}

/**
 * How a package of Debian is installed; undefined where that cannot be.
 * @param {{ readonly uid: number | undefined, readonly has: (command: string) => boolean }} machine
 * @param {string} name
 * @returns {readonly (readonly string[])[] | undefined}
 */
function debianCommands({ uid, has }, name) {
  if (!has('apt-get') || !(uid === 0 || has('sudo'))) return undefined;
  const root = uid === 0 ? [] : ['sudo', '-n'];
  return [
    [...root, 'apt-get', 'update'],
    [...root, 'apt-get', 'install', '--yes', '--no-install-recommends', name],
  ];
}

/** Servers that tests start, and where they are beside the PATH. */
const servers = {
  nginx: () => has('nginx') || existsSync('/usr/sbin/nginx'),
  postgresql: () =>
    has('initdb') ||
    (existsSync('/usr/lib/postgresql') &&
      readdirSync('/usr/lib/postgresql').some((version) =>
        existsSync(join('/usr/lib/postgresql', version, 'bin', 'initdb')),
      )),
};

/** @param {string} command */
function has(command) {
  return spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;
}

/** @param {keyof typeof servers} name */
async function installServer(name) {
  if (servers[name]()) return;
  const commands = debianCommands({ uid: process.getuid?.(), has }, name);
  if (commands !== undefined)
    await step(`Debian's ${name}`, async () => {
      for (const command of commands) await run(command, 120);
    });
  if (!servers[name]())
    throw new Error(
      `expected ${name} on this machine, for the tests that start one, and found none; install it, and run again`,
    );
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
/** What was found, so that it need not be looked for at each start: the path of a Chromium. */
const memory = join(root, 'node_modules', '.assay-chromium');
const env = {
  ...process.env,
  PATH: `${bin}:${process.env['PATH'] ?? ''}`,
  DEBIAN_FRONTEND: 'noninteractive',
  PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '15000',
};

/**
 * Runs a command; rejects with what it printed where it fails, or where nothing is heard of it for too long.
 * @param {readonly string[]} command
 * @param {number} patience Seconds of silence.
 * @returns {Promise<string>}
 */
function run([file = '', ...args], patience) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const giveUp = () => {
      output += `\nnothing was heard for ${patience} s`;
      child.kill();
    };
    let silence = setTimeout(giveUp, patience * 1000);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += String(chunk);
        clearTimeout(silence);
        silence = setTimeout(giveUp, patience * 1000);
      });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(silence);
      if (code === 0) resolve(output);
      else reject(new Error(output.trim() || `${file} ended with ${code}`));
    });
  });
}

/**
 * Does one step, and says so in one line.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 */
async function step(what, work) {
  const started = Date.now();
  process.stderr.write(`Set-up: ${what} ... `);
  try {
    const result = await work();
    process.stderr.write(`${Math.round((Date.now() - started) / 1000)} s\n`);
    return result;
  } catch (error) {
    process.stderr.write('failed\n');
    throw error;
  }
}

/** @param {string} path */
function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

async function installPackages() {
  const wanted = readJson(join(root, 'package-lock.json'));
  if (isInstalled(wanted, readJson(join(root, 'node_modules', '.package-lock.json')))) return;
  const npm = process.env['npm_execpath'];
  const command = npm === undefined ? ['npm'] : [process.execPath, npm];
  // Not `npm ci`, which demands that the lockfile names the binaries of every platform.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  await step('packages, by npm install', () => run([...command, ...args], 600));
}

/** Launches the Chromium that would be used; its path, or undefined where there is none that starts. */
async function startBrowser() {
  return (await run([join(bin, 'node'), join('src', 'cli', 'try-browser.ts')], 60)).trim();
}

async function installBrowser() {
  const remembered = existsSync(memory) ? readFileSync(memory, 'utf8') : '';
  const named = process.env['ASSAY_CHROMIUM'] ?? '';
  if (remembered !== '' && existsSync(remembered) && (named === '' || named === remembered)) return;
  /** @type {string[]} */
  const failures = [];
  /** @param {string} what */
  const works = async (what) => {
    try {
      writeFileSync(memory, await startBrowser());
      return true;
    } catch (error) {
      failures.push(`${what}: ${messageOf(error)}`);
      return false;
    }
  };
  if (await works('what is there')) return;
  for (const { what, commands } of named === '' ? browserSources({ uid: process.getuid?.(), has }) : []) {
    try {
      await step(what, async () => {
        for (const command of commands) await run(command, 120);
      });
    } catch (error) {
      failures.push(`${what}: ${messageOf(error)}`);
      continue;
    }
    if (await works(what)) return;
  }
  throw new Error(`expected a Chromium that starts, for the tests that look at pages, and found none.
Install one, for example Debian's chromium-headless-shell, or name one by ASSAY_CHROMIUM. What was tried:
${failures.map((each) => `- ${each}`).join('\n')}`);
}

/**
 * The last lines that are not of a stack are those that tell.
 * @param {unknown} error
 */
function messageOf(error) {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n');
  return lines
    .filter((line) => !/^\s*(?:at |$)/u.test(line))
    .slice(-3)
    .join('\n  ');
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  try {
    await installPackages();
    if (process.argv.includes('browser')) await installBrowser();
    if (process.argv.includes('nginx')) await installServer('nginx');
    if (process.argv.includes('postgresql')) await installServer('postgresql');
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
