import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Reference } from './common.ts';

/** Why a reference leads to nothing. */
export type SecretReferenceCode = 'missing-file' | 'unreadable-file' | 'missing-variable' | 'empty';

/** A reference to a secret that leads to nothing. The message names the reference, never a content. */
export class SecretReferenceError extends Error {
  override readonly name = 'SecretReferenceError';
  readonly fault = 'configuration';
  readonly code: SecretReferenceCode;

  constructor(code: SecretReferenceCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Reads what a reference stands for. One line break at the end is dropped.
 * @param base The directory that relative paths start from: the integration file's.
 * @throws SecretReferenceError when there is nothing to read (fault: configuration).
 */
export async function resolveReference(
  reference: Reference,
  base: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const content =
    'env' in reference ? variable(reference.env, environment) : await file(reference.file, base);
  if (content.trim() === '') {
    const what =
      'env' in reference ? `environment variable ${reference.env}` : `file ${resolve(base, reference.file)}`;
    throw new SecretReferenceError(
      'empty',
      `the ${what} is empty; expected the secret that the integration refers to`,
    );
  }
  return content.replace(/\r?\n$/u, '');
}

function variable(name: string, environment: Readonly<Record<string, string | undefined>>): string {
  const content = environment[name];
  if (content === undefined)
    throw new SecretReferenceError(
      'missing-variable',
      `the environment variable ${name} is not set; set it for this run`,
    );
  return content;
}

async function file(path: string, base: string): Promise<string> {
  const absolute = resolve(base, path);
  try {
    return await readFile(absolute, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    throw code === 'ENOENT'
      ? new SecretReferenceError(
          'missing-file',
          `there is no file ${absolute}; paths are relative to the integration file`,
          { cause },
        )
      : new SecretReferenceError('unreadable-file', `the file ${absolute} cannot be read (${String(code)})`, {
          cause,
        });
  }
}
