import { expect, test } from '@playwright/test';
import type { Reply } from '../transport/transport.ts';
import type { Edit } from './draft.ts';
import { ahead, clockOf, reachedAt, secondsAhead, timely } from './server-time.ts';

const noon = Date.UTC(2030, 0, 1, 12) / 1000;

/** An answer whose Date is so many seconds after noon; sent by our clock at `sent` seconds after noon, under way for 0.2 s. */
function answer(date: number | undefined, sent: number): Reply {
  return {
    status: 200,
    headers: date === undefined ? {} : { date: new Date((noon + date) * 1000).toUTCString() },
    list: [],
    bytes: new Uint8Array(),
    text: '',
    body: undefined,
    url: 'https://as.example/token',
    exchange: {
      id: 1,
      at: new Date((noon + sent) * 1000).toISOString(),
      duration_ms: 200,
      purpose: 'token request',
      edits: [],
      request: { method: 'POST', url: 'https://as.example/token', headers: [] },
    },
  };
}

const draft = { purpose: 'token request', method: 'POST', url: 'https://as.example/token', headers: [] };

test('a second counts as reached only when it surely is', () => {
  // The server is 5.5 s ahead: one answer alone leaves a second open.
  const first = clockOf(answer(5, 0), undefined);
  expect(first?.least).toBeCloseTo(4.8);
  expect(first?.most).toBeCloseTo(6);
  expect(reachedAt(noon + 0.3, first)).toBe(noon + 5);
  expect(reachedAt(noon + 0.6, first)).toBe(noon + 5);
  const second = clockOf(answer(6, 0.5), first);
  expect(second?.least).toBeCloseTo(5.3);
  expect(reachedAt(noon + 0.72, second)).toBe(noon + 6);
  expect(reachedAt(noon + 1.8, second)).toBe(noon + 7);
  expect(reachedAt(noon + 0.9, undefined)).toBe(noon);
});

test('a clock that was set is learnt anew, and one that is far off is not believed', () => {
  const first = clockOf(answer(5, 0), undefined);
  expect(clockOf(answer(-20, 1), first)?.least).toBeCloseTo(-21.2);
  expect(clockOf(answer(3600, 0), undefined)).toBeUndefined();
  expect(clockOf(answer(undefined, 0), undefined)).toBeUndefined();
});

test('the Date of the answer tells how far ahead a time was', () => {
  expect(secondsAhead(noon + 61, answer(0, 0))).toBe(61);
  expect(secondsAhead(noon + 61, answer(1, 0))).toBe(60);
  expect(secondsAhead(noon + 61, answer(undefined, 0))).toBeUndefined();
});

test('a question is asked again until its time was exact', async () => {
  const dates = [1, 0, 0];
  const times: string[] = [];
  const ask = timely(async (...edits: readonly Edit[]) => {
    const world = { metadata: { issuer: '', token_endpoint: '' }, now: noon };
    times.push(edits.map(({ apply }) => apply(draft, world).url).join(' '));
    return answer(dates.shift(), 0);
  });
  const edit = ahead(10, (time) => ({
    name: 'issued 10 s ahead',
    apply: (asked, world) => ({ ...asked, url: String(time(world)) }),
  }));
  expect(secondsAhead(noon + 10, await ask(edit))).toBe(10);
  expect(times).toEqual([String(noon + 10), String(noon + 10)]);
  await expect(ask(edit)).resolves.toBeDefined();
  await expect(ask(edit)).rejects.toMatchObject({ code: 'not-given', fault: 'environment' });
});
