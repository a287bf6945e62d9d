import { idPattern } from '../directory/common.ts';

/** Why no integration file was written. */
export type InitCode = 'exists' | 'bad-answer' | 'no-answer';

/** `assay init` did not write a file. The message says what to do. */
export class InitError extends Error {
  override readonly name = 'InitError';
  readonly fault = 'configuration';
  readonly code: InitCode;

  constructor(code: InitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What `assay init` talks to. Without `ask`, options and defaults answer all questions. */
export interface InitIo {
  readonly ask?: ((question: string, fallback: string) => Promise<string>) | undefined;
  readonly write: (text: string) => void;
  readonly fetchMetadata: (url: string) => Promise<unknown>;
  readonly now: Date;
}

/** Why an answer cannot be used; undefined where it can. */
export type Check = (answer: string) => string | undefined;

/** How answers come: from flags, from a person, or from defaults. */
export interface Questions {
  readonly answer: (
    question: string,
    given: string | undefined,
    fallback: string,
    check: Check,
  ) => Promise<string>;
  readonly choose: <T extends string>(
    question: string,
    given: string | undefined,
    choices: readonly T[],
    preferred: T | undefined,
  ) => Promise<T>;
}

/** @throws InitError from each, when an answer is missing or unusable. */
export function questions(io: InitIo): Questions {
  const answer: Questions['answer'] = (question, given, fallback, check) =>
    answered(io, question, given, fallback, check);
  const choose = async <T extends string>(
    question: string,
    given: string | undefined,
    choices: readonly T[],
    preferred: T | undefined,
  ): Promise<T> => {
    const fallback = preferred ?? choices[0] ?? '';
    const text = await answer(`${question} (${choices.join(', ')})`, given, fallback, (chosen) =>
      choices.some((choice) => choice === chosen) ? undefined : `expected one of ${choices.join(', ')}`,
    );
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined)
      throw new InitError('bad-answer', `${question}: expected one of ${choices.join(', ')}`);
    return chosen;
  };

  return { answer, choose };
}

/** An option's value, or the answer to a question, or the default. A bad answer is asked again. */
async function answered(
  { ask, write }: InitIo,
  question: string,
  given: string | undefined,
  fallback: string,
  check: Check,
): Promise<string> {
  const refuse = (reason: string): InitError => new InitError('bad-answer', `${question}: ${reason}`);
  if (given !== undefined || ask === undefined) {
    const answer = given ?? fallback;
    if (answer === '')
      throw new InitError('no-answer', `${question}: give it by its flag, or run on a terminal to be asked`);
    const reason = check(answer);
    if (reason !== undefined) throw refuse(reason);
    return answer;
  }
  let reason = '';
  for (let tries = 0; tries < 5; tries += 1) {
    const answer = (await ask(question, fallback)).trim();
    const wrong = check(answer);
    if (wrong === undefined) return answer;
    reason = wrong;
    write(`${reason}\n`);
  }
  throw refuse(reason);
}

/** Any text. */
export const something: Check = (answer) => (answer === '' ? 'expected some text' : undefined);

/** An absolute https URL. */
export const httpsUrl: Check = (answer) =>
  answer.startsWith('https://') && URL.canParse(answer) ? undefined : 'expected an absolute https URL';

/** The id of an integration. */
export const identifier: Check = (id) =>
  new RegExp(idPattern, 'u').test(id) ? undefined : 'expected lower case letters, digits and hyphens';

/** A text as an id. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-|-$/gu, '')
    .slice(0, 63);
}
