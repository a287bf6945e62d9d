import { createHash } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { findRequirement } from '../requirements/catalogue.ts';
import { editionIds, editions, type EditionId } from './editions.ts';

/**
 * SHA-256 of the sorted ids of an edition, one a line. A released edition never changes, as verdicts are bound to it:
 * when this differs, take the change back and make a new edition.
 */
const released: Readonly<Record<EditionId, string>> = {
  'fapi2-sp-final': 'e7ecc0ac7d1eb7fa28bf60b5ee151ebe9f0ff894f4f7cdd9ab1124bae0fec2b7',
  'fapi2-ms-final': 'de5e9fd4503a6484782370b2a7183a72d1a491368b76e70dbefa9e73213802d7',
  'fapi2-servers-1': '98f24793e602476b11b529288a71377506879e8bf9ef902ef83dd3afc5f5e787',
  'fapi2-clients-1': 'b8a6dfc9ca3e5b143fdbf9933a6cf046c90752a1115c75aa69b561780f51b25e',
  'fapi2-sp-flows-1': 'd6fec2b6c8abae77161fe70a9f2fe5fed58b40c46399290dbd1e43ac2a213459',
};

for (const id of editionIds) {
  const { requirements } = editions[id];

  test(`${id} is as it was released`, () => {
    const sorted = requirements.toSorted((a, b) => (a < b ? -1 : 1));
    const digest = createHash('sha256').update(sorted.join('\n')).digest('hex');
    expect(digest, 'a released edition never changes; make a new one').toBe(released[id]);
  });

  test(`${id} lists known requirements, each once`, () => {
    expect(requirements.filter((each) => findRequirement(each) === undefined)).toEqual([]);
    expect(new Set(requirements).size).toBe(requirements.length);
  });
}

test('the flows are a part of the whole profile', () => {
  const whole: readonly string[] = editions['fapi2-sp-final'].requirements;
  const { requirements } = editions['fapi2-sp-flows-1'];
  expect(requirements.filter((id) => !whole.includes(id))).toEqual([]);
  expect(requirements.length).toBeLessThan(whole.length);
});
