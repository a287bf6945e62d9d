import { expect, test } from '@playwright/test';
import { modulesOf, peers } from '../src/cli/peers.ts';
import { listChecks } from '../src/cli/suite-process.ts';
import { features, globMatches, requirementsOf, type Condition } from '../src/profiles/plan.ts';
import type { CheckRecord } from '../src/report/assemble.ts';
import { catalogue, findRequirement, requirementIds } from '../src/requirements/catalogue.ts';

const conditions: readonly Condition[] = [
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'dpop',
  'mtls',
  'openid',
  'oauth',
  'authorization_code',
  'client_credentials',
  'plain-request',
  'plain-response',
  'sessions',
  'described',
  ...features,
];

let checks: readonly CheckRecord[] = [];
test.beforeAll(async () => {
  checks = await listChecks(process.env);
});
test.describe.configure({ mode: 'default' });

const repeated = (list: readonly string[]): readonly string[] =>
  list.filter((each, at) => list.indexOf(each) !== at);

test('the suites hold at least 60 checks over 25 requirements', () => {
  expect(checks.length).toBeGreaterThanOrEqual(60);
  expect(new Set(checks.flatMap(({ requirements }) => requirements)).size).toBeGreaterThanOrEqual(25);
});

test('checks have ids of their own, of folder, file and title', () => {
  expect(repeated(checks.map(({ id }) => id))).toEqual([]);
  const odd = checks.filter(
    ({ id }) => !/^(?:authorization-server|resource-server|client|credentials)(?:\/[a-z0-9-]+){2}$/u.test(id),
  );
  expect(odd.map(({ id }) => id)).toEqual([]);
});

test('titles are unique within a file, short, and state what is so', () => {
  expect(repeated(checks.map(({ file, title }) => `${file}: ${title}`))).toEqual([]);
  const titles = checks.map(({ title }) => title);
  expect(titles.filter((title) => title.length >= 70)).toEqual([]);
  expect(titles.filter((title) => /\b(?:should|shall|must|may)\b|^[A-Z]|\.$/u.test(title))).toEqual([]);
});

test('each check names known requirements, each once', () => {
  for (const { id, requirements } of checks) {
    expect(requirements.length, id).toBeGreaterThan(0);
    expect(repeated(requirements), id).toEqual([]);
    expect(
      requirements.filter((each) => findRequirement(each) === undefined),
      id,
    ).toEqual([]);
  }
});

test('each check stands in the folder of a role that its requirements speak to', () => {
  for (const { id, requirements } of checks) {
    const role = id.split('/')[0];
    if (role !== 'authorization-server' && role !== 'resource-server' && role !== 'client') continue;
    const spoken = requirementsOf({
      edition: role === 'client' ? 'fapi2-clients-1' : 'fapi2-servers-1',
      roles: [role],
    });
    expect(
      requirements.filter((each) => !spoken.includes(each)),
      id,
    ).toEqual([]);
  }
});

test('a requirement has checks, or the reason why it has none', () => {
  const exercised = new Set(checks.flatMap(({ requirements }) => requirements));
  for (const id of requirementIds)
    expect(catalogue[id].untested === undefined, `${id} is tested, or says why not`).toBe(exercised.has(id));
});

for (const peer of peers)
  test(`each module of ${peer} is covered by checks that exist, or the reason is named`, () => {
    const modules = Object.entries(modulesOf(peer));
    expect(modules.length).toBeGreaterThan(0);
    for (const [module, { checks: globs = [], reason }] of modules) {
      expect(globs.length > 0, module).toBe(reason === undefined);
      for (const glob of globs)
        expect(
          checks.some(({ id }) => globMatches(glob, id)),
          `${module}: ${glob}`,
        ).toBe(true);
    }
  });

test('conditions are known', () => {
  for (const check of checks)
    expect(
      check.conditions.flat().filter((each) => !conditions.includes(each)),
      check.id,
    ).toEqual([]);
});
