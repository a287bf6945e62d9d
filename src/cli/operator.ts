import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { defaultRules } from '../certification/rules.ts';
import { logKey } from '../evidence/checkpoint.ts';
import { printVerifierKey } from '../evidence/note.ts';
import {
  generateKey,
  publicJwk,
  readVerifiers,
  signerOf,
  verifierKey,
  type PrivateJwk,
} from '../evidence/signer.ts';
import type { Signing } from '../evidence/signing.ts';
import type { Entitlement, Verifiers, VerifierKey } from '../evidence/verifiers.ts';
import { writeAtomically } from '../files/atomic.ts';
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
} as const;

const defaultPolicy = new URL('../gate/default.cedar', import.meta.url);

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
  const present = existsSync(directory) ? await readdir(directory) : [];
  if (present.length > 0)
    throw new UsageError(
      `expected ${relative(io.cwd, directory) || '.'} to be empty or absent, found ${present.slice(0, 3).join(', ')}; name another directory by --operator`,
    );
  const at = (name: string): string => join(directory, name);
  await mkdir(at(operatorFiles.keys), { recursive: true });
  await mkdir(at(operatorFiles.policy));
  const from = io.now().toISOString();
  const harness = await newKey(directory, 'harness');
  const log = await newKey(directory, 'log');
  const person = await newKey(directory, slug(options.holder));
  const verifiers: Verifiers = {
    format: 'assay-verifiers/1',
    keys: [
      verifierKey(publicJwk(harness), { holder: 'harness', may: ['run', 'transition'], from }),
      verifierKey(publicJwk(person), { holder: options.holder, may: ['operate', 'approve'], from }),
    ],
    log: { origin: options.origin, keys: [printVerifierKey(logKey(options.origin, signerOf(log, 'log')))] },
  };
  const signing: Signing = {
    holder: 'harness',
    statements: { file: 'keys/harness.jwk' },
    log: { origin: options.origin, key: { file: 'keys/log.jwk' } },
    validity_hours: 720,
  };
  await writeAtomically(at(operatorFiles.verifiers), json(verifiers));
  await writeAtomically(at(operatorFiles.signing), `${comments.signing}${stringify(signing)}`);
  await writeAtomically(at(operatorFiles.rules), `${comments.rules}${stringify(defaultRules)}`);
  await writeAtomically(at(operatorFiles.connectors), `${comments.connectors}[]\n`);
  await copyFile(defaultPolicy, join(at(operatorFiles.policy), 'default.cedar'));
  const shown = relative(io.cwd, directory) || '.';
  io.write(
    [
      `${shown}/signing.yaml    with what the harness signs; keys may be a file, a variable, or a command of a KMS`,
      `${shown}/verifiers.json  whose signatures count; give it to everybody who reads evidence`,
      `${shown}/rules.yaml      how certifications move`,
      `${shown}/policy/         what opens access, in Cedar`,
      `${shown}/connectors.yaml where decisions take effect`,
      `${shown}/keys/           private keys: keep them out of version control, and the key of ${options.holder} off the harness`,
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
  }: { readonly directory: string; readonly holder: string; readonly may: readonly Entitlement[] },
): Promise<ExitCode> {
  const path = resolve(io.cwd, directory);
  const key = await newKey(path, slug(holder));
  const entry = verifierKey(publicJwk(key), { holder, may: [...may], from: io.now().toISOString() });
  await changeKeys(path, (keys) => [...keys, entry]);
  io.write(`${entry.id}  ${holder}, may ${may.join(', ')}; private key in keys/${slug(holder)}.jwk\n`);
  return exit.pass;
}

/** Ends what a key may sign. What it signed up to now goes on to count. */
export async function operatorRetireCommand(
  io: Io,
  { directory, id }: { readonly directory: string; readonly id: string },
): Promise<ExitCode> {
  const until = io.now().toISOString();
  await changeKeys(resolve(io.cwd, directory), (keys) => {
    const known = keys.find((key) => key.id === id);
    if (known === undefined)
      throw new UsageError(
        `expected the id of a key in verifiers.json, got ${id}; it has ${keys.map((key) => key.id).join(', ')}`,
      );
    return keys.map((key) => (key.id === id ? { ...key, until: key.until ?? until } : key));
  });
  io.write(`${id} signs nothing that counts after ${until}\n`);
  return exit.pass;
}

async function changeKeys(
  directory: string,
  change: (keys: readonly VerifierKey[]) => readonly VerifierKey[],
): Promise<void> {
  const path = join(directory, operatorFiles.verifiers);
  const verifiers = await readVerifiers(path);
  await writeAtomically(path, json({ ...verifiers, keys: [...change(verifiers.keys)] }));
}

/** Writes a new private key that only its owner can read; one that is there stays. */
async function newKey(directory: string, name: string): Promise<PrivateJwk> {
  const path = join(directory, operatorFiles.keys, `${name}.jwk`);
  const key = generateKey('Ed25519');
  await writeFile(path, json(key), { flag: 'wx', mode: 0o600 }).catch((cause: unknown) => {
    throw new UsageError(`expected no file ${path}; name another holder, or move the file`, { cause });
  });
  return key;
}

/** The private key of a person, from a file. */
export async function readKey(path: string): Promise<PrivateJwk> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(`expected a private key as JWK in ${path}`, { cause });
  }
  if (typeof value !== 'object' || value === null || !('d' in value))
    throw new UsageError(`expected a private key as JWK in ${path}, got something else`);
  return value as PrivateJwk;
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

const slug = (holder: string): string =>
  holder
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, '-')
    .replace(/^-|-$/gu, '') || 'operator';

const comments = {
  signing:
    '# With what the harness signs. A key is {file: …}, {env: …}, or {command: [program, argument], jwk: {public key}}.\n',
  rules: '# How certifications move. What opens access from there is the policy.\n',
  connectors: '# Where decisions take effect. Gateways ask the gate; these systems are told.\n',
};
