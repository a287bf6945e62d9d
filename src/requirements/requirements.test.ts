import { expect, test } from '@playwright/test';
import { catalogue, findRequirement, requirementIds } from './catalogue.ts';
import { fixFor } from './fixes.ts';
import { speaksTo, type Party, type Role } from './specification.ts';

/** Where each specification is published, and what its ids and anchors look like. */
const specifications: readonly {
  readonly ids: RegExp;
  readonly page: string;
  readonly anchor: (clause: string, position: string) => string;
}[] = [
  // These pages anchor items, not what is nested within them.
  ...(
    [
      [/^fapi2-sp\/5\.[234](?:\.\d+)*-\d+(?:\.\d+)?$/u, 'fapi-security-profile-2_0-final.html'],
      [/^fapi2-ms\/5\.[3456]\.[12]-\d$/u, 'fapi-message-signing-2_0-final.html'],
    ] as const
  ).map(([ids, page]) => ({
    ids,
    page: `https://openid.net/specs/${page}`,
    anchor: (clause: string, position: string) => `section-${clause}-2.${position.replace(/\..*/u, '')}`,
  })),
  {
    ids: /^jarm\/\d+(?:\.\d+)*-\d+$/u,
    page: 'https://openid.net/specs/oauth-v2-jarm-final.html',
    anchor: (clause) => `section-${clause}`,
  },
  {
    ids: /^oidc-core\/\d+(?:\.\d+)*-\d+$/u,
    page: 'https://openid.net/specs/openid-connect-core-1_0.html',
    anchor: (clause) => `rfc.section.${clause}`,
  },
  {
    ids: /^openapi\/4\.8\.1[23]-\d+$/u,
    page: 'https://spec.openapis.org/oas/v3.1.0.html',
    anchor: (clause) => (clause === '4.8.12' ? 'parameter-object' : 'request-body-object'),
  },
  {
    ids: /^idempotency-key\/\d+\.\d+-\d+$/u,
    page: 'https://www.ietf.org/archive/id/draft-ietf-httpapi-idempotency-key-header-07.html',
    anchor: (clause) => `section-${clause}`,
  },
  ...[6749, 6750, 7009, 7517, 7519, 7523, 7636, 7662, 8259, 8414, 9110, 9126, 9325, 9449, 9700, 9701].map(
    (rfc) => ({
      ids: new RegExp(`^rfc${rfc}/\\d+(?:\\.\\d+)*-\\d+$`, 'u'),
      page: `https://www.rfc-editor.org/rfc/rfc${rfc}.html`,
      anchor: (clause: string) => `section-${clause}`,
    }),
  ),
];

test('each requirement has an id of its specification, and is linked to its place there', () => {
  for (const id of requirementIds) {
    const of = specifications.find(({ ids }) => ids.test(id));
    const [clause = '', position = ''] = (id.split('/')[1] ?? '').split('-');
    expect(catalogue[id].link, id).toBe(`${of?.page}#${of?.anchor(clause, position)}`);
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

test('each requirement that is tested says what to do when it is broken', () => {
  const tested = requirementIds.filter((id) => catalogue[id].untested === undefined);
  expect(tested.filter((id) => fixFor(id).includes(catalogue[id].text))).toEqual([]);
  for (const id of tested) expect(fixFor(id), id).toMatch(/^[A-Z].*\.$/u);
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
