import type { TestInfo } from '@playwright/test';
import type { Exchange } from '../transport/exchange.ts';
import { faults, type Fault } from '../verdict/verdict.ts';
import type { Ending } from '../verdict/judge.ts';
import type { KeptPicture } from './pictures.ts';
import type { Measurement } from './results.ts';

/** The subject was seen to do something else than a check states. */
export class Contradiction extends Error {
  override readonly name = 'Contradiction';
  readonly expected: string;
  readonly actual: string;

  constructor(expected: string, actual: string) {
    super(`expected ${expected}; got ${actual}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** A page that was shown to the user. */
export interface ShownPage {
  readonly title: string;
  readonly url: string;
  readonly text: string;
  readonly picture?: Pick<KeptPicture, 'type' | 'base64'>;
}

/** How many pictures one check leaves behind: the last, as consent comes after the login. */
const mostPictures = 3;

/** What a check leaves behind for its verdict, secrets redacted. */
export interface Evidence {
  readonly ending: Ending;
  readonly exercised: number;
  readonly exchanges: readonly Exchange[];
  readonly measured?: readonly Measurement[];
  readonly pictures?: readonly KeptPicture[];
  readonly expected?: string;
  readonly actual?: string;
  readonly stack?: string;
}

/** Keeps, while a check runs, what its verdict will need. */
export class Ledger {
  /** How often the check put its question to the subject. */
  exercised = 0;
  readonly exchanges: Exchange[] = [];
  readonly measured: Measurement[] = [];
  /** Pages that the check judges. */
  readonly pages: ShownPage[] = [];
  readonly #errors: Error[] = [];
  #thrown: { error: Error | undefined; message: string; stack: string } | undefined;

  /** Remembers an error, as the test runner keeps only its text. */
  note<E extends Error>(error: E): E {
    this.#errors.push(error);
    return error;
  }

  /** Remembers the error of a promise. */
  async noting<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      if (error instanceof Error) this.note(error);
      throw error;
    }
  }

  /** The same object, but errors of its asynchronous methods are remembered. */
  watch<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: readonly unknown[]): unknown => {
          const result: unknown = Reflect.apply(member, target, args);
          return result instanceof Promise ? this.noting(result) : result;
        };
      },
    });
  }

  /** The error behind a text of the test runner. */
  find(message: string, stack: string): Error | undefined {
    const error = this.#errors.find((each) => each.message !== '' && message.includes(each.message));
    this.#thrown = { error, message, stack };
    return error;
  }

  /** All of it as a value, with every secret scrubbed from its texts. */
  evidence(ending: Ending, scrub: (text: string) => string): Evidence {
    const seen =
      this.#thrown &&
      (this.#thrown.error instanceof Contradiction ? this.#thrown.error : comparison(this.#thrown.message));
    const pictures = pictured(this.pages, scrub);
    return {
      ending: 'reason' in ending ? { ...ending, reason: scrub(ending.reason) } : ending,
      exercised: this.exercised,
      exchanges: this.exchanges
        .toSorted((one, other) => one.id - other.id)
        .map((exchange, at) => ({ ...exchange, id: at + 1 })),
      ...(this.measured.length === 0 ? {} : { measured: this.measured }),
      ...(pictures.length === 0 ? {} : { pictures }),
      ...(seen ? { expected: scrub(seen.expected), actual: scrub(seen.actual) } : {}),
      ...(this.#thrown ? { stack: scrub(this.#thrown.stack) } : {}),
    };
  }
}

/** The pictures of pages. In a picture nothing can be redacted: a page that shows a secret has none. */
function pictured(pages: readonly ShownPage[], scrub: (text: string) => string): KeptPicture[] {
  return pages
    .flatMap(({ title, url, text, picture }) =>
      picture && scrub(text) === text ? [{ title: scrub(title), url: scrub(url), ...picture }] : [],
    )
    .slice(-mostPictures);
}

/**
 * How a check ended, from what the test runner says and what the ledger remembers.
 * An assertion that did not hold contradicts; an error that knows its fault prevents; any other is the harness's own.
 */
export function endingOf({ status, error }: Pick<TestInfo, 'status' | 'error'>, ledger: Ledger): Ending {
  if (status === 'passed') return { end: 'completed' };
  if (status === 'timedOut')
    return { end: 'prevented', fault: 'environment', reason: 'The check did not end in time.' };
  const message = plain(error?.message ?? `the check ended as ${status ?? 'unknown'}`);
  const thrown = ledger.find(message, plain(error?.stack ?? ''));
  if (thrown instanceof Contradiction || comparison(message))
    return { end: 'contradicted', reason: sentence(thrown?.message ?? message) };
  return { end: 'prevented', fault: faultOf(thrown), reason: sentence(thrown?.message ?? message) };
}

/** The expected and the received value in the text of an assertion of Playwright's `expect`. */
function comparison(message: string): { expected: string; actual: string } | undefined {
  if (!/\bexpect\(.*\)\.(?:resolves\.|rejects\.)?(?:not\.)?to/su.test(message)) return undefined;
  const line = (label: string): string | undefined =>
    new RegExp(`^${label}[^:\\n]*:\\s*(.*)$`, 'mu').exec(message)?.[1];
  // The legend of a difference counts its lines: `- Expected  - 1`.
  const difference = message
    .split('\n')
    .filter((each) => /^\s*[-+] /u.test(each) && !/^[-+] (?:Expected|Received) +[-+] +\d+$/u.test(each));
  const side = (sign: string): string =>
    difference.filter((each) => each.trimStart().startsWith(sign)).join('\n');
  return { expected: line('Expected') ?? side('-'), actual: line('Received') ?? side('+') };
}

function faultOf(error: Error | undefined): Fault {
  const fault = error && 'fault' in error ? error.fault : undefined;
  return faults.find((each) => each === fault) ?? 'harness';
}

// oxlint-disable-next-line no-control-regex -- these are the control characters that colour a terminal
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/gu, '');

/** The first paragraph, as a sentence. */
function sentence(message: string): string {
  const first =
    message
      .replace(/^\w*Error: /u, '')
      .split('\n\n')[0]
      ?.trim() ?? '';
  const capital = first.charAt(0).toUpperCase() + first.slice(1);
  return /[.!?]$/u.test(capital) ? capital : `${capital}.`;
}
