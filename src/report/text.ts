/** Control, format and line-separator characters: invisible, and able to reorder or hide what stands beside them. */
const unseen = /(?![\n\t])[\p{Cc}\p{Cf}\u{2028}\u{2029}\u{FFFE}\u{FFFF}]/gu;

/**
 * Text from a subject with nothing hidden in it: control characters, bidirectional controls and zero-width
 * characters become their code point in angle brackets, such as ⟨U+202E⟩. Line feeds and tabs stay.
 */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replaceAll(unseen, (character) => `⟨U+${code(character)}⟩`);
}

function code(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

/** The first characters of a text, and how many were left out (0 when it fits). */
export function cut(text: string, limit: number): { shown: string; left: number } {
  if (text.length <= limit) return { shown: text, left: 0 };
  return { shown: text.slice(0, limit), left: text.length - limit };
}

/** A duration in milliseconds as a person reads it: 41 ms, 2.3 s, 4 min 05 s. */
export function duration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** An ISO 8601 instant as date and time to the second, in UTC. What cannot be read is returned as it is. */
export function instant(iso: string): string {
  const time = Date.parse(iso);
  return Number.isNaN(time) ? iso : `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Whole numbers with thin spaces between thousands: 84 000. */
export function amount(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/gu, '\u{202F}');
}

/** A count with its noun: 1 check, 3 checks. */
export function plural(count: number, noun: string): string {
  return `${amount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
