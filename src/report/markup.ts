import { visible } from './text.ts';

/** Markup that is safe to insert: made by `html`, or by `trusted` from a constant of ours. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template. Text is escaped, markup is not, lists are joined, undefined is nothing. */
export type Part = string | number | Markup | undefined | readonly Part[];

/** HTML with every inserted text escaped, and with what is invisible in it made visible. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((string, index) => string + render(parts[index])).join(''));
}

/** Markup from a text of our own source, such as a style sheet. Never from a result. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string') return escape(part);
  if (typeof part === 'number') return String(part);
  return part.map((member) => render(member)).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text for the content or a quoted attribute of HTML and XML alike. */
export function escape(text: string): string {
  return visible(text).replaceAll(/[&<>"']/gu, (character) => entities[character] ?? '');
}
