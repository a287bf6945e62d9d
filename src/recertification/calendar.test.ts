import { expect, test } from '@playwright/test';
import { day, hour, minute, offsetAt, openFrom, shareOf, slotAfter, type Closure } from './calendar.ts';

const at = (text: string): number => Date.parse(text);
const iso = (instant: number): string => new Date(instant).toISOString();

test('a share is below 1, even over many words, and decided by them alone', () => {
  const shares = Array.from({ length: 2000 }, (_, index) => shareOf('seed', String(index)));
  for (const tenth of Array.from({ length: 10 }, (_, index) => index)) {
    const within = shares.filter((share) => Math.floor(share * 10) === tenth).length;
    expect(within).toBeGreaterThan(140);
    expect(within).toBeLessThan(260);
  }
  expect(shareOf('a', 'b')).toBe(shareOf('a', 'b'));
  expect(shareOf('a', 'b')).not.toBe(shareOf('ab'));
});

for (const [zone, instant, hours] of [
  ['UTC', '2026-07-01T00:00:00.000Z', 0],
  ['Europe/Lisbon', '2026-03-29T00:59:59.999Z', 0],
  ['Europe/Lisbon', '2026-03-29T01:00:00.000Z', 1],
  ['Europe/Lisbon', '2026-10-25T00:59:59.999Z', 1],
  ['Europe/Lisbon', '2026-10-25T01:00:00.000Z', 0],
  ['America/New_York', '2026-11-01T05:59:59.999Z', -4],
  ['America/New_York', '2026-11-01T06:00:00.000Z', -5],
  ['America/Sao_Paulo', '2026-11-01T06:00:00.000Z', -3],
  ['Asia/Kathmandu', '2026-11-01T06:00:00.000Z', 5.75],
  ['Australia/Lord_Howe', '2026-10-03T15:29:59.999Z', 10.5],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00.000Z', 11],
] as const)
  test(`clocks in ${zone} at ${instant} are ${hours} h ahead`, () => {
    expect(offsetAt(zone, at(instant)) / hour).toBe(hours);
  });

test('an unknown time zone is an error', () => {
  expect(() => offsetAt('Europe/Atlantis', 0)).toThrow(RangeError);
});

/** The slots of many integrations in the first night after an instant lie in it and reach from end to end. */
for (const [what, stretch, after, start, end] of [
  [
    'a plain night',
    ['Europe/Lisbon', '01:00', '05:00'],
    '2026-07-01T12:00',
    '2026-07-02T00:00',
    '2026-07-02T04:00',
  ],
  [
    'over midnight',
    ['America/Sao_Paulo', '22:00', '02:00'],
    '2026-07-01T12:00',
    '2026-07-02T01:00',
    '2026-07-02T05:00',
  ],
  // 01:00 to 02:00 do not exist.
  [
    'set forward at its start',
    ['Europe/Lisbon', '01:00', '05:00'],
    '2026-03-28T12:00',
    '2026-03-29T01:00',
    '2026-03-29T04:00',
  ],
  [
    'set forward within',
    ['Europe/Berlin', '01:00', '05:00'],
    '2026-03-28T12:00',
    '2026-03-29T00:00',
    '2026-03-29T03:00',
  ],
  [
    'set forward over its end',
    ['Europe/Berlin', '01:00', '02:30'],
    '2026-03-28T12:00',
    '2026-03-29T00:00',
    '2026-03-29T01:00',
  ],
  // 01:00 to 02:00 are twice, and so is each minute of them.
  [
    'set back within',
    ['Europe/Lisbon', '01:00', '05:00'],
    '2026-10-24T12:00',
    '2026-10-25T00:00',
    '2026-10-25T05:00',
  ],
  [
    'set back at its end',
    ['Europe/Lisbon', '00:30', '01:30'],
    '2026-10-24T12:00',
    '2026-10-24T23:30',
    '2026-10-25T01:30',
  ],
  [
    'set back in New York',
    ['America/New_York', '00:00', '04:00'],
    '2026-10-31T12:00',
    '2026-11-01T04:00',
    '2026-11-01T09:00',
  ],
] as const)
  test(`nightly slots lie within the night: ${what}`, () => {
    const [time_zone, from, to] = stretch;
    const night = { nights: 1, from, to, time_zone };
    const [begins, ends] = [at(`${start}:00.000Z`), at(`${end}:00.000Z`)];
    const slots = Array.from({ length: 300 }, (_, index) =>
      slotAfter(at(`${after}:00.000Z`), night, ['seed', String(index)]),
    );
    expect(Math.min(...slots)).toBeGreaterThanOrEqual(begins);
    expect(Math.max(...slots)).toBeLessThan(ends);
    expect(Math.min(...slots) - begins).toBeLessThan((ends - begins) / 20);
    expect(ends - Math.max(...slots)).toBeLessThan((ends - begins) / 20);
  });

test('a night that clocks are set forward over is not left out', () => {
  const skipped = { nights: 1, from: '01:10', to: '01:50', time_zone: 'Europe/Lisbon' };
  expect(iso(slotAfter(at('2026-03-28T12:00:00.000Z'), skipped, ['x']))).toBe('2026-03-29T01:00:00.000Z');
});

test('each night of a year has one slot, at another place than the night before', () => {
  const night = { nights: 1, from: '23:00', to: '03:00', time_zone: 'Europe/Lisbon' };
  const slots: number[] = [];
  for (let from = at('2026-01-01T12:00:00.000Z'); slots.length < 365; from = slots.at(-1) ?? 0)
    slots.push(slotAfter(from, night, ['x']));
  const gaps = slots.slice(1).map((slot, index) => slot - (slots[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(day - 5 * hour);
  expect(Math.max(...gaps)).toBeLessThan(day + 5 * hour);
  expect(new Set(gaps).size).toBeGreaterThan(300);
  expect(iso(slots.at(-1) ?? 0)).toMatch(/^2026-12-31|^2027-01-01/u);
});

test('of seven nights each integration has the same, and all together have all', () => {
  const weekly = { nights: 7, from: '01:00', to: '05:00', time_zone: 'UTC' };
  const from = at('2026-07-01T12:00:00.000Z');
  const nights = Array.from({ length: 70 }, (_, index) => {
    const first = slotAfter(from, weekly, [String(index)]);
    const second = slotAfter(first, weekly, [String(index)]);
    expect(Math.floor(second / day) - Math.floor(first / day)).toBe(7);
    return Math.floor(first / day);
  });
  expect(new Set(nights).size).toBe(7);
});

const weekend: Closure = { from: '22:00', to: '06:00', time_zone: 'Europe/Lisbon', weekdays: [6] };
const once: Closure = { start: at('2026-07-01T12:00:00.000Z'), end: at('2026-07-01T18:00:00.000Z') };
for (const [what, from, closures, opens] of [
  ['nothing is closed', '2026-07-01T12:00', [], '2026-07-01T12:00'],
  ['within a closure', '2026-07-01T13:00', [once], '2026-07-01T18:00'],
  ['too late to end before a closure', '2026-07-01T11:31', [once], '2026-07-01T18:00'],
  ['just in time to end before it', '2026-07-01T11:30', [once], '2026-07-01T11:30'],
  ['at its end', '2026-07-01T18:00', [once], '2026-07-01T18:00'],
  // 2026-07-04 is a Saturday; clocks in Lisbon are an hour ahead.
  ['in a night that began on its weekday', '2026-07-05T01:00', [weekend], '2026-07-05T05:00'],
  ['in the night after', '2026-07-06T01:00', [weekend], '2026-07-06T01:00'],
  ['in a night an hour longer', '2026-10-25T05:59', [weekend], '2026-10-25T06:00'],
  [
    'two closures that leave too little between them',
    '2026-07-01T11:45',
    [{ start: at('2026-07-01T18:20:00.000Z'), end: at('2026-07-01T19:00:00.000Z') }, once],
    '2026-07-01T19:00',
  ],
] as const)
  test(`open for half an hour from: ${what}`, () => {
    expect(iso(openFrom(at(`${from}:00.000Z`), 30 * minute, closures))).toBe(`${opens}:00.000Z`);
  });

test('closures that leave no room give an instant to look again at, never one within them now', () => {
  const always: Closure = { from: '00:00', to: '00:00', time_zone: 'UTC', weekdays: [0, 1, 2, 3, 4, 5, 6] };
  const from = at('2026-07-01T12:00:00.000Z');
  expect(openFrom(from, minute, [always])).toBeGreaterThan(from + 30 * day);
});
