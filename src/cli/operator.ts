import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { Environment } from '../certification/certification.ts';
import { defaultRules } from '../certification/rules.ts';
import { logKey } from '../evidence/checkpoint.ts';
import { printVerifierKey } from '../evidence/note.ts';
import {
  generateKey,
  keyId,
  publicJwk,
  readVerifiers,
  signerOf,
  verifierKey,
  type PrivateJwk,
} from '../evidence/signer.ts';
import type { Signing } from '../evidence/signing.ts';
import type { Entitlement, Verifiers, VerifierKey } from '../evidence/verifiers.ts';
import { WriteError, writeAtomically } from '../files/atomic.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';

/** Names in the operator's directory: the private side of a harness, which is never published. */
export const operatorFiles = {
  signing: 'signing.yaml',
  verifiers: 'verifiers.json',
  rules: 'rules.yaml',
  policy: 'policy',
  connectors: 'connectors.yaml',
  keys: 'keys',
  /** The last checkpoint of the log that was seen, for those who read or write it here. */
  seen: 'seen-checkpoint',
} as const;

/** What `assay operator init` may be told. */
export interface OperatorInitOptions {
  readonly directory: string;
  /** The person who operates, and may sign acts. */
  readonly holder: string;
  /** Origin line of the log: a name like a URL without its scheme. */
  readonly origin: string;
}

/** Writes an operator's directory: keys, whose signatures count, rules and policy. Existing files are never touched. */
export async function operatorInitCommand(io: Io, options: OperatorInitOptions): Promise<ExitCode> {
  const directory = resolve(io.cwd, options.directory);
  const { holder, origin } = options;
  const shown = relative(io.cwd, directory) || '.';
  const present = await readdir(directory).catch((cause: unknown) => {
    if (isError(cause, 'ENOENT')) return [];
    throw new UsageError(`expected a directory, or nothing, at ${shown}; name another one by --operator`, {
      cause,
    });
  });
  if (present.length > 0)
    throw new UsageError(
      `expected ${shown} to be empty or absent, found ${present.slice(0, 3).join(', ')}; name another directory by --operator`,
    );
  const at = (name: string): string => join(directory, name);
  const from = io.now().toISOString();
  const [harness, log, own] = [freshKey(), freshKey(), freshKey()] as const;
  // What is wrong with the names shows before anything is written.
  const verifiers: Verifiers = {
    format: 'assay-verifiers/1',
    keys: [
      verifierKey(publicJwk(harness), { holder: systems.harness, may: ['run', 'transition'], from }),
      verifierKey(publicJwk(own), { holder: person(holder), may: ['operate', 'approve'], from }),
    ],
    log: { origin, keys: [printVerifierKey(logKey(origin, signerOf(log, systems.log)))] },
  };
  const signing: Signing = {
    holder: systems.harness,
    statements: { file: keyFile(systems.harness) },
    log: { origin, key: { file: keyFile(systems.log) } },
    validity_hours: 720,
  };
  await makeDirectory(at(operatorFiles.keys));
  await makeDirectory(at(operatorFiles.policy));
  await writeAtomically(at(`${operatorFiles.keys}/.gitignore`), '*\n');
  await writeKey(directory, systems.harness, harness);
  await writeKey(directory, systems.log, log);
  await writeKey(directory, holder, own);
  await writeAtomically(at(operatorFiles.verifiers), json(verifiers));
  await writeAtomically(at(operatorFiles.signing), `${comments.signing}${stringify(signing)}`);
  await writeAtomically(at(operatorFiles.rules), `${comments.rules}${stringify(defaultRules)}`);
  await writeAtomically(at(operatorFiles.connectors), `${comments.connectors}[]\n`);
  await writeAtomically(
    at(`${operatorFiles.policy}/default.cedar`),
    await readFile(new URL('../gate/default.cedar', import.meta.url), 'utf8'),
  );
  io.write(
    [
      `${shown}/signing.yaml    with what the harness signs; keys may be a file, a variable, or a command of a KMS`,
      `${shown}/verifiers.json  whose signatures count; give it to everybody who reads evidence`,
      `${shown}/rules.yaml      how certifications move`,
      `${shown}/policy/         what opens access, in Cedar`,
      `${shown}/connectors.yaml where decisions take effect`,
      `${shown}/keys/           private keys: keep them out of version control, and ${keyFile(holder)} off the harness`,
      '',
    ].join('\n'),
  );
  return exit.pass;
}

/** Makes a key for a person or a system, and lets it count from now on. */
export async function operatorKeyCommand(
  io: Io,
  {
    directory,
    holder,
    may,
    integrations,
    environments,
  }: {
    readonly directory: string;
    readonly holder: string;
    readonly may: readonly Entitlement[];
    /** What it counts for; empty for everything. */
    readonly integrations: readonly string[];
    readonly environments: readonly Environment[];
  },
): Promise<ExitCode> {
  const path = resolve(io.cwd, directory);
  const verifiers = await readVerifiers(join(path, operatorFiles.verifiers));
  const key = freshKey();
  const entry = verifierKey(publicJwk(key), {
    holder: named(holder),
    may: [...new Set(may)],
    ...(integrations.length > 0 ? { integrations: [...new Set(integrations)] } : {}),
    ...(environments.length > 0 ? { environments: [...new Set(environments)] } : {}),
    from: io.now().toISOString(),
  });
  // The key first: one that counts, and that nobody has, would be worse than one that does not count.
  await writeKey(path, holder, key);
  await writeKeys(path, verifiers, [...verifiers.keys, entry]);
  io.write(`${entry.id}  ${holder}, may ${entry.may.join(', ')}; private key in ${keyFile(holder)}\n`);
  return exit.pass;
}

/** Ends what a key may sign. What it signed up to now goes on to count. */
export async function operatorRetireCommand(
  io: Io,
  { directory, id }: { readonly directory: string; readonly id: string },
): Promise<ExitCode> {
  const path = resolve(io.cwd, directory);
  const verifiers = await readVerifiers(join(path, operatorFiles.verifiers));
  const known = verifiers.keys.find((key) => key.id === id);
  if (known === undefined)
    throw new UsageError(
      `expected the id of a key in verifiers.json, got ${JSON.stringify(id)}; it has ${verifiers.keys.map((key) => `${key.id} (${key.holder})`).join(', ')}`,
    );
  const until = known.until ?? io.now().toISOString();
  await writeKeys(
    path,
    verifiers,
    verifiers.keys.map((key) => (key === known ? { ...key, until } : key)),
  );
  io.write(`${id} of ${known.holder} signs nothing that counts after ${until}\n`);
  return exit.pass;
}

const writeKeys = (directory: string, verifiers: Verifiers, keys: readonly VerifierKey[]): Promise<void> =>
  writeAtomically(join(directory, operatorFiles.verifiers), json({ ...verifiers, keys: [...keys] }));

/** A key whose id can be an argument: one of 64 begins like an option. */
function freshKey(): PrivateJwk {
  for (;;) {
    const key = generateKey('Ed25519');
    if (!keyId(key).startsWith('-')) return key;
  }
}

/** Writes a new private key that only its owner can read; one that is there stays. */
async function writeKey(directory: string, holder: string, key: PrivateJwk): Promise<void> {
  const path = join(directory, keyFile(holder));
  await makeDirectory(dirname(path));
  try {
    await writeFile(path, json(key), { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    if (!isError(cause, 'EEXIST')) throw new WriteError(path, cause);
    throw new UsageError(`expected no file ${path}; name another holder, or move the file`, { cause });
  }
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    throw new WriteError(path, cause);
  });
}

/** A name that people can tell from others. */
function named(holder: string): string {
  if (holder.trim() !== '') return holder;
  throw new UsageError('expected the name of a person or a system as --holder, got nothing');
}

/** A person whose key does not take the place of a system's. */
function person(holder: string): string {
  const taken = Object.values(systems).find((each) => keyFile(each) === keyFile(holder));
  if (taken === undefined) return named(holder);
  throw new UsageError(
    `expected the name of a person as --holder, got that of the ${taken}; name another holder`,
  );
}

/** Where the private key of a holder lies below the operator's directory. */
const keyFile = (holder: string): string =>
  `${operatorFiles.keys}/${
    holder
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/gu, '-')
      .replaceAll(/^-|-$/gu, '') || 'operator'
  }.jwk`;

const isError = (cause: unknown, code: string): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === code;

/** Holders of keys that no person holds. */
const systems = { harness: 'harness', log: 'log' } as const;

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

const comments = {
  signing:
    '# With what the harness signs. A key is {file: …}, {env: …}, or {command: [program, argument], jwk: {public key}}.\n',
  rules: '# How certifications move. What opens access from there is the policy.\n',
  connectors: '# Where decisions take effect. Gateways ask the gate; these systems are told.\n',
};
