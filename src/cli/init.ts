import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { schemaFile, schemaId } from '../directory/integration.schema.ts';
import { examine } from '../directory/load.ts';
import { gatherClient } from './client-answers.ts';
import { renderClientIntegration } from './client-template.ts';
import { gather, type InitOptions } from './init-answers.ts';
import { InitError, type InitIo } from './init-questions.ts';
import { renderIntegration, type Answers } from './integration-template.ts';

export type { InitOptions } from './init-answers.ts';
export type { InitIo } from './init-questions.ts';

/**
 * Writes a commented integration file from options, from what the issuer's metadata tells, and from answers.
 * @returns The absolute path of the file.
 * @throws InitError when a file is there already, or an answer is missing or unusable.
 */
export async function initCommand(io: InitIo, options: InitOptions): Promise<string> {
  const about = options.about ?? 'server';
  const file = resolve(options.out ?? (about === 'client' ? 'client.yaml' : 'integration.yaml'));
  const existing = options.existing ?? 'keep';
  if (existing === 'keep' && (await exists(file))) throw alreadyThere(file);
  const { text, steps } = await (about === 'client' ? clientFile : serverFile)(io, options, schemaFor(file));
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
  const items = steps.map((item, index) => `  ${index + 1}. ${item}\n`).join('');
  io.write(`${file} is written. What it takes to run:\n${items}`);
  return file;
}

/** The text of a file, and what is left to do by its author. */
interface Draft {
  readonly text: string;
  readonly steps: readonly string[];
}

async function serverFile(io: InitIo, options: InitOptions, schema: string): Promise<Draft> {
  const answers = await gather(io, options, schema);
  return { text: renderIntegration(answers), steps: remaining(answers) };
}

async function clientFile(io: InitIo, options: InitOptions, schema: string): Promise<Draft> {
  const answers = await gatherClient(io, options, schema);
  const { profile, trigger } = answers;
  return {
    text: renderClientIntegration(answers),
    steps: [
      ...(profile.client_authentication === 'private_key_jwt'
        ? ["write the client's public keys to jwks.json"]
        : []),
      ...(profile.client_authentication !== 'private_key_jwt' || profile.sender_constraint === 'mtls'
        ? ["write the client's certificate to client.pem"]
        : []),
      trigger.driver === 'command'
        ? `see that \`${trigger.run.join(' ')}\` goes through one flow at ASSAY_ISSUER, and tells by its exit code`
        : 'see that what is under trigger leads through one flow at the issuer that it is told',
      'list the calls that it makes under resources, and what it does besides under features',
      'assay doctor on the file goes through the correct flow, and says what is still missing',
    ],
  };
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

function remaining({ profile, resource, driver }: Answers): readonly string[] {
  const keys = profile.client_authentication === 'private_key_jwt' ? 'keys' : 'certificates';
  return [
    `register two clients alike, and put their ${keys} where the file says`,
    resource.url.startsWith('https://api.example.com/')
      ? 'replace the example call under resources'
      : `see that GET ${resource.url} is the call to test`,
    driver === 'automatic'
      ? "name the server's own switch under user"
      : 'name the fields and buttons of the login and consent pages under user',
    'assay doctor on the file says what is still missing',
  ];
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
