import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { schemaFile, schemaId } from '../directory/integration.schema.ts';
import { examine } from '../directory/load.ts';
import { gather, InitError, type InitIo, type InitOptions } from './init-answers.ts';
import { renderIntegration, type Answers } from './integration-template.ts';

export type { InitIo, InitOptions } from './init-answers.ts';

/**
 * Writes a commented integration file from options, from what the issuer's metadata tells, and from answers.
 * @returns The absolute path of the file.
 * @throws InitError when a file is there already, or an answer is missing or unusable.
 */
export async function initCommand(io: InitIo, options: InitOptions): Promise<string> {
  const file = resolve(options.out ?? 'integration.yaml');
  const existing = options.existing ?? 'keep';
  if (existing === 'keep' && (await exists(file))) throw alreadyThere(file);
  const answers = await gather(io, options, schemaFor(file));
  const text = renderIntegration(answers);
  const { problems } = examine(text, file, io.now);
  if (problems.length > 0)
    throw new InitError(
      'bad-answer',
      problems.map(({ pointer, message }) => `${pointer}: ${message}`).join('\n'),
    );
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: existing === 'keep' ? 'wx' : 'w' });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') throw alreadyThere(file, cause);
    throw cause;
  }
  io.write(`${file} is written. What it takes to run:\n${remaining(answers)}`);
  return file;
}

/** Questions on a terminal, or on lines that come from a pipe; an input that ends too early is an InitError. */
export function openQuestions(input: Readable, output: Writable): Questions {
  const lines = createInterface({ input, output });
  // The iterator keeps lines that come before their question.
  const answers = lines[Symbol.asyncIterator]();
  return {
    ask: async (question, fallback) => {
      lines.setPrompt(fallback === '' ? `${question}: ` : `${question} [${fallback}]: `);
      lines.prompt();
      const { done, value } = await answers.next();
      if (done === true)
        throw new InitError('no-answer', 'the input ended before all questions were answered');
      return value.trim() === '' ? fallback : value.trim();
    },
    close: () => lines.close(),
  };
}

interface Questions {
  readonly ask: (question: string, fallback: string) => Promise<string>;
  readonly close: () => void;
}

/** A path where the schema is near the file, as in a project that depends on Assay; else its public name. */
function schemaFor(file: string): string {
  const path = relative(dirname(file), schemaFile).replaceAll('\\', '/');
  const near = path.split('/').filter((part) => part === '..').length <= 3 && !path.includes('_npx');
  return near ? (path.startsWith('.') ? path : `./${path}`) : schemaId;
}

function remaining({ profile, resource, driver }: Answers): string {
  const keys = profile.client_authentication === 'private_key_jwt' ? 'keys' : 'certificates';
  const items = [
    `register two clients alike, and put their ${keys} where the file says`,
    resource.url.startsWith('https://api.example.com/')
      ? 'replace the example call under resources'
      : `see that GET ${resource.url} is the call to test`,
    driver === 'automatic'
      ? "name the server's own switch under user"
      : 'name the fields and buttons of the login and consent pages under user',
    'assay doctor on the file says what is still missing',
  ];
  return items.map((item, index) => `  ${index + 1}. ${item}\n`).join('');
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function alreadyThere(file: string, cause?: unknown): InitError {
  return new InitError('exists', `${file} is there already; give another path, or --force to replace it`, {
    cause,
  });
}
