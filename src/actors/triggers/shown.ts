import { replacePem, replaceTokens } from '../../transport/secrets.ts';

/** What a client showed in one flow: its beginning, if that is very much. */
export interface Shown {
  add(text: string): void;
  text(): string;
}

/** Characters that are kept of one flow. */
const most = 262_144;

export function createShown(): Shown {
  const texts: string[] = [];
  let left = most;
  return {
    add(text) {
      if (left <= 0) return;
      texts.push(text.slice(0, left));
      left -= text.length;
    },
    text: () => texts.join(''),
  };
}

/** The beginning of what a client said, on one line, for a message to people; empty for nothing. */
export function quoted(text: string): string {
  const clean = replacePem(
    replaceTokens(text, () => '[token]'),
    () => '[key]',
  );
  const folded = clean.replaceAll(/\s+/gu, ' ').trim();
  return folded === '' ? '' : `: ${folded.length > 200 ? `${folded.slice(0, 200)}…` : folded}`;
}

/** A URL for a message: its query and fragment may hold secrets. */
export const bare = (url: string): string => url.replace(/[?#].*$/su, '');
