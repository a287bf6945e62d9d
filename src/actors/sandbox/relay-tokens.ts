import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { RelayError } from './relay-error.ts';

/** Who may register runs, by the SHA-256 of their tokens. */
export type Tokens = ReadonlyMap<string, Buffer>;

/**
 * Reads the file of tokens: `name:sha256` on each line, the digest in hexadecimal. Empty lines and those that begin with # say
 * nothing.
 * @throws RelayError bad-tokens
 */
export async function readTokens(path: string): Promise<Tokens> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new RelayError(
      'bad-tokens',
      `expected a file of tokens at ${path}, which cannot be read; write one line for each holder: name:sha256-of-token`,
      { cause },
    );
  }
  const tokens = new Map<string, Buffer>();
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(?:#|$)/u.test(line)) continue;
    const [, name, digest] = /^\s*([\w.-]+):([0-9a-f]{64})\s*$/iu.exec(line) ?? [];
    if (name === undefined || digest === undefined || tokens.has(name))
      // The line may hold a token by mistake: it is not shown.
      throw new RelayError(
        'bad-tokens',
        `${path}:${index + 1}: expected name:sha256-of-token, 64 hexadecimal digits, and each name once`,
      );
    tokens.set(name, Buffer.from(digest, 'hex'));
  }
  if (tokens.size === 0)
    throw new RelayError('bad-tokens', `expected at least one line name:sha256-of-token in ${path}`);
  return tokens;
}

/** Whose token it is. */
export function holderOf(tokens: Tokens, token: string): string | undefined {
  const digest = digestOf(token);
  return [...tokens].find(([, known]) => timingSafeEqual(known, digest))?.[0];
}

export const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();
