import { digestOf } from '../evidence/canonical.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A stretch of each local day: from a time on the clock up to another, on the next day where that is not later. */
export interface Stretch {
  /** HH:MM */
  readonly from: string;
  /** HH:MM */
  readonly to: string;
  /** An IANA time zone. */
  readonly time_zone: string;
}

/** Milliseconds since 1970 from one instant up to, and without, another. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A number from 0 up to, and without, 1 that only these words decide: what spreads without chance. */
export const shareOf = (...words: readonly string[]): number =>
  Number.parseInt(digestOf(JSON.stringify(words)).slice(0, 12), 16) / 2 ** 48;

interface Zone {
  readonly format: Intl.DateTimeFormat;
  readonly offsets: Map<number, number>;
}
const zones = new Map<string, Zone>();
/** Time zones change their offset at full quarters of an hour only. */
const quarter = 15 * minute;
/** Of one zone: more than a year of quarters is not worth its memory. */
const offsetsKept = 40_000;

/**
 * How far the clocks of a time zone are ahead of UTC, in milliseconds.
 * @throws RangeError for a time zone that nobody knows.
 */
export function offsetAt(name: string, at: number): number {
  let zone = zones.get(name);
  if (zone === undefined) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    zone = { format, offsets: new Map() };
    zones.set(name, zone);
  }
  const key = Math.floor(at / quarter);
  const known = zone.offsets.get(key);
  if (known !== undefined) return known;
  const shown = /GMT(?:(?<sign>[+-])(?<hours>\d\d):(?<minutes>\d\d))?/u.exec(
    zone.format.format(key * quarter),
  );
  const { sign = '+', hours = '0', minutes = '0' } = shown?.groups ?? {};
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * hour + Number(minutes) * minute);
  if (zone.offsets.size >= offsetsKept) zone.offsets.clear();
  zone.offsets.set(key, offset);
  return offset;
}

/** What clocks show, written as if it were UTC. */
const wallAt = (zone: string, at: number): number => at + offsetAt(zone, at);

/** Days since 1970-01-01 on the calendar of a time zone. */
const localDay = (zone: string, at: number): number => Math.floor(wallAt(zone, at) / day);

/** 0 is Sunday. */
const weekdayOf = (local: number): number => (local + 4) % 7;

/**
 * The first and the last instant at which clocks show a time. Clocks that are set back show it twice; those that are
 * set forward over it never, and then it is the instant at which they are.
 */
function instantsOf(zone: string, wall: number): { readonly first: number; readonly last: number } {
  const candidates = [wall - offsetAt(zone, wall - day), wall - offsetAt(zone, wall + day)];
  const shown = candidates.filter((at) => wallAt(zone, at) === wall);
  if (shown.length > 0) return { first: Math.min(...shown), last: Math.max(...shown) };
  let before = Math.min(...candidates);
  let after = Math.max(...candidates);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (wallAt(zone, middle) < wall) before = middle;
    else after = middle;
  }
  return { first: after, last: after };
}

const clock = (text: string): number => {
  const [hours = '0', minutes = '0'] = text.split(':');
  return Number(hours) * hour + Number(minutes) * minute;
};

/** The stretch of one local day. It is empty where clocks are set forward over all of it. */
function spanOn(local: number, { from, to, time_zone }: Stretch): Span {
  const begins = local * day + clock(from);
  const ends = local * day + clock(to) + (clock(to) <= clock(from) ? day : 0);
  return { start: instantsOf(time_zone, begins).first, end: instantsOf(time_zone, ends).last };
}

/**
 * The first slot after an instant: one in every so many nights, at a place of the stretch that differs from night to night,
 * because who knows when it is tested may behave just then.
 * @param words What decides the place, and which of the nights it is.
 */
export function slotAfter(
  after: number,
  { nights, ...stretch }: Stretch & { readonly nights: number },
  words: readonly string[],
): number {
  const phase = Math.floor(shareOf(...words) * nights);
  // A stretch that began yesterday may go on.
  for (let local = localDay(stretch.time_zone, after) - 1; ; local += 1) {
    if ((local + phase) % nights !== 0) continue;
    const { start, end } = spanOn(local, stretch);
    const slot = start + Math.floor(shareOf(...words, String(local)) * (end - start));
    if (slot > after) return slot;
  }
}

/** When nothing may run: on some weekdays (0 is Sunday), or once. */
export type Closure = (Stretch & { readonly weekdays: readonly number[] }) | Span;

/** How many closures in a row are looked through: weeks of them. */
const looked = 200;

/**
 * The first instant, not before `from`, from which so many milliseconds are free of closures. Where closures leave no room for long,
 * it is an instant at which to look again.
 */
export function openFrom(from: number, lasts: number, closures: readonly Closure[]): number {
  let at = from;
  for (let times = 0; times < looked; times += 1) {
    const free = { start: at, end: at + Math.max(lasts, 1) };
    const met = closures.map((closure) => meeting(closure, free)).find((span) => span !== undefined);
    if (met === undefined) return at;
    at = met.end;
  }
  return at;
}

/** Where a closure meets a span; undefined where it does not. */
function meeting(closure: Closure, free: Span): Span | undefined {
  if ('start' in closure) return meets(closure, free) ? closure : undefined;
  const last = localDay(closure.time_zone, free.end);
  for (let local = localDay(closure.time_zone, free.start) - 1; local <= last; local += 1) {
    if (!closure.weekdays.includes(weekdayOf(local))) continue;
    const span = spanOn(local, closure);
    if (meets(span, free)) return span;
  }
  return undefined;
}

const meets = (one: Span, other: Span): boolean => one.start < other.end && other.start < one.end;
