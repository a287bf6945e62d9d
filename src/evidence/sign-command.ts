import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { EvidenceError } from './error.ts';

/** A raw signature in base64 is 88 characters; what says much more is no signature. */
const longest = 1024;

export interface SignCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Milliseconds until it is killed. */
  readonly patience: number;
}

/**
 * Runs a signing command: gives it the bytes on standard input, and decodes the base64 that it writes to standard output.
 * What it writes to standard error goes to the operator as it is. Its arguments, where a PIN may stand, are in no message.
 * @throws EvidenceError `unusable-key`
 */
export async function signByCommand(command: SignCommand, bytes: Uint8Array): Promise<Uint8Array> {
  const { program, args, cwd, patience } = command;
  const refuse = (what: string): EvidenceError =>
    new EvidenceError(
      'unusable-key',
      `expected the signing command ${basename(program)} to write a signature in base64, but it ${what}`,
    );
  const child = spawn(program, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  let excess: string | undefined;
  const stop = (what: string): void => {
    excess ??= what;
    child.kill('SIGKILL');
    // A process that the command started may hold the pipe open for ever.
    child.stdout.destroy();
    child.stdin.destroy();
  };
  const timer = setTimeout(() => stop(`did not end within ${patience} ms`), patience);
  child.stdout.setEncoding('latin1').on('data', (data: string) => {
    output += data;
    if (output.length > longest) stop(`wrote more than ${longest} characters`);
  });
  // A command may end without reading; its exit code tells.
  child.stdin.on('error', () => undefined);
  child.stdin.end(bytes);
  const [code, signal] = await once(child, 'close')
    .catch((cause: unknown) => {
      throw refuse(`could not be started (${codeOf(cause)})`);
    })
    .finally(() => clearTimeout(timer));
  if (excess !== undefined) throw refuse(excess);
  if (code !== 0)
    throw refuse(signal === null ? `ended with exit code ${String(code)}` : `was ended by ${String(signal)}`);
  const text = output.trim();
  const signature = Buffer.from(text, 'base64');
  if (text === '' || signature.toString('base64') !== text) throw refuse('wrote something else');
  return signature;
}

const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
