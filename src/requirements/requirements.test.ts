import { expect, test } from '@playwright/test';
import { catalogue, findRequirement, requirementIds } from './catalogue.ts';
import { speaksTo, type Party, type Role } from './specification.ts';

test('each requirement has an id of its specification, clause and position', () => {
  const odd = requirementIds.filter((id) => !/^fapi2-sp\/5\.[234](?:\.\d+)*-\d+(?:\.\d+)?$/u.test(id));
  expect(odd).toEqual([]);
});

test('each requirement is linked to its place in the published text', () => {
  const page = 'https://openid.net/specs/fapi-security-profile-2_0-final.html';
  for (const id of requirementIds) {
    const [clause, position = ''] = id.slice('fapi2-sp/'.length).split('-');
    // The page anchors items, not what is nested within them.
    expect(catalogue[id].link).toBe(`${page}#section-${clause}-2.${position.replace(/\..*/u, '')}`);
  }
});

test('each requirement is told in whole sentences', () => {
  for (const id of requirementIds) {
    const { text, why, untested } = catalogue[id];
    // It follows "the server …", or "mend the server so that it …".
    expect(text, id).toMatch(/^[a-z].*[^.\s]$/u);
    expect(why, id).toMatch(/^[A-Z].*\.$/u);
    if (untested !== undefined) expect(untested, id).toMatch(/^[A-Z].*\.$/u);
    expect(`${text} ${why} ${untested ?? ''}`, id).not.toMatch(/\s{2,}\S|\n/u);
  }
});

test('no two requirements say the same', () => {
  const texts = requirementIds.map((id) => `${catalogue[id].party} ${catalogue[id].text}`);
  expect(texts.filter((text, at) => texts.indexOf(text) !== at)).toEqual([]);
});

test('a requirement is found by its id only', () => {
  expect(findRequirement('fapi2-sp/5.3.2.2-5')).toMatchObject({
    level: 'shall',
    party: 'authorization-server',
  });
  for (const id of ['', 'fapi2-sp/5.3.2.2-99', 'toString', '__proto__', 'constructor'])
    expect(findRequirement(id)).toBeUndefined();
});

test('a party includes roles', () => {
  const servers = ['authorization-server', 'resource-server'] as const;
  const roles: readonly Role[] = [...servers, 'client'];
  const rows: readonly (readonly [Party, readonly Role[]])[] = [
    ['authorization-server', ['authorization-server']],
    ['resource-server', ['resource-server']],
    ['client', ['client']],
    ['servers', servers],
    ['all', roles],
  ];
  for (const [party, included] of rows)
    expect(roles.filter((role) => speaksTo(party, role))).toEqual(included);
});
