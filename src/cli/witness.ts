import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cosign } from '../evidence/cosignature.ts';
import { openLog } from '../evidence/log.ts';
import { noteKey, parseNote, parseSignature, parseVerifierKey, printVerifierKey } from '../evidence/note.ts';
import { remember } from '../evidence/seen.ts';
import { generateKey, openSigner, publicJwk, readVerifiers } from '../evidence/signer.ts';
import { WriteError } from '../files/atomic.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { operatorFiles } from './operator.ts';
import { openOperator, openOwnLog } from './sink.ts';
import { textOf } from './verify.ts';

/** Who witnesses: a name like a URL without its scheme, and a file with an Ed25519 key that is used for nothing else. */
export interface WitnessKey {
  readonly name: string;
  readonly key: string;
}

/** Makes the key of a witness, and tells the verifier key by which others know it. */
export async function witnessKeyCommand(io: Io, { name, key: file }: WitnessKey): Promise<ExitCode> {
  const key = generateKey('Ed25519');
  const known = noteKey('witness', name, Buffer.from(publicJwk(key)['x'] ?? '', 'base64url'));
  const path = resolve(io.cwd, file);
  try {
    await writeFile(path, `${JSON.stringify(key, undefined, 2)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'))
      throw new WriteError(path, cause);
    throw new UsageError(`expected no file ${file}; name another --key, or move the file`, { cause });
  }
  io.write(`${printVerifierKey(known)}\n`);
  return exit.pass;
}

/**
 * Cosigns the checkpoint of a log that extends what the witness saw of it before, and writes the signature line. A copy of
 * the log is enough, and the better one: a witness is somebody else than who writes it.
 */
export async function cosignCommand(
  io: Io,
  {
    name,
    key,
    evidence,
    verifiers: path,
    seen,
  }: WitnessKey & {
    readonly evidence: string;
    readonly verifiers: string;
    /** File that remembers what the witness has seen. */
    readonly seen: string;
  },
): Promise<ExitCode> {
  const verifiers = await readVerifiers(resolve(io.cwd, path));
  const signer = await openSigner({ file: key }, name, io.cwd);
  const log = await openLog(resolve(io.cwd, evidence), verifiers.log);
  // Remembered before it is signed: a witness that forgets could be shown another history, and sign that as well.
  const how = await remember(resolve(io.cwd, seen), log);
  const line = await cosign(
    parseNote(log.checkpoint).text,
    { name, signer },
    Math.floor(io.now().getTime() / 1000),
  );
  io.note(
    how === 'first-seen'
      ? `${log.size} entries, the first that this witness sees of ${log.origin}\n`
      : `${log.size} entries of ${log.origin}, which extend what this witness saw before\n`,
  );
  io.write(line);
  return exit.pass;
}

/** Adds a witness's signature line to the checkpoint of the own log. */
export async function endorseCommand(
  io: Io,
  file: string,
  { evidence, operator: path }: { readonly evidence: string; readonly operator: string },
): Promise<ExitCode> {
  const operator = await openOperator(io, path);
  const line = await textOf(io, file);
  const { name, id } = parseSignature(line.replace(/\n$/u, ''));
  const keys = operator.verifiers.witnesses?.keys ?? [];
  const key = keys.find((each) => {
    const known = parseVerifierKey(each, 'witness');
    return known.name === name && known.id === id;
  });
  if (key === undefined)
    throw new UsageError(
      `expected a signature of a witness in ${join(path, operatorFiles.verifiers)}, got one of ${name}+${id}; enter its verifier key under \`witnesses\``,
    );
  const writer = await openOwnLog(operator, resolve(io.cwd, evidence));
  try {
    await writer.endorse(line, key);
  } finally {
    await writer.close();
  }
  io.write(`${name} has cosigned the checkpoint; \`assay submit\` renews the proofs of bundles with it\n`);
  return exit.pass;
}
