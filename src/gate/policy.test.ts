import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { environments } from '../certification/certification.ts';
import { editionIds } from '../profiles/editions.ts';
import type { Path } from './condition.ts';
import { actions } from './decision.ts';
import { GateError } from './error.ts';
import {
  profilesWith,
  soundProfile,
  soundRegistration,
  unknownProfile,
  unknownRegistration,
  type Facts,
} from './facts.ts';
import { compilePolicy, defaultPolicy, evaluate, loadPolicy, type Policy } from './policy.ts';

const sound: Facts = {
  sandbox: profilesWith(Object.fromEntries(editionIds.map((id) => [id, soundProfile]))),
  production: profilesWith(Object.fromEntries(editionIds.map((id) => [id, soundProfile]))),
  ...soundRegistration,
};
const asks = environments.flatMap((environment) =>
  actions.map((action) => ({ integration: 'acme-1', environment, action })),
);
const opened = (policy: Policy, facts: Facts): readonly string[] =>
  asks.flatMap((ask) => evaluate(policy, { ...ask, facts }).allowed?.id ?? []);

const one = (text: string): Policy => compilePolicy([{ file: 'a.cedar', text }]);
const when = (condition: string): string =>
  `@id("x") permit (principal, action, resource) when { ${condition} };`;

function mistakes(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(GateError);
    expect(error).toMatchObject({ fault: 'configuration', code: 'bad-policy' });
    return (error as GateError).message;
  }
  return 'no mistake was found';
}

test('the default policy opens each of what may be asked, but promotion to the sandbox', async () => {
  const policy = await defaultPolicy();
  expect(opened(policy, sound)).toEqual(['sandbox-access', 'promotion-from-sandbox', 'production-access']);
  expect(policy.mode).toEqual({ sandbox: 'enforce', production: 'enforce' });
  for (const { id, reason } of policy.rules) expect(reason, id).toBeTruthy();
});

test('the default policy opens nothing of which nothing is known', async () => {
  const unknown: Facts = {
    sandbox: profilesWith({}),
    production: profilesWith({}),
    ...unknownRegistration,
  };
  const policy = await defaultPolicy();
  expect(opened(policy, unknown)).toEqual([]);
  expect(opened(policy, { ...unknown, ...soundRegistration })).toEqual([]);
});

test('each condition of the default policy is needed', async () => {
  const policies = (await readFile(new URL('default.cedar', import.meta.url), 'utf8'))
    .split(/(?=^@id)/mu)
    .slice(1)
    .map(one);
  const conditions = policies.flatMap((policy) =>
    policy.rules.flatMap((rule) => rule.conditions.map((condition) => ({ policy, rule, ...condition }))),
  );
  expect(conditions.length).toBeGreaterThan(40);
  for (const { policy, rule, text, paths } of conditions) {
    expect(opened(policy, sound)).toEqual([rule.id]);
    expect(opened(policy, without(paths[0] ?? [])), `${rule.id}: ${text}`).toEqual([]);
  }
});

/** Sound facts but for the one at a path. */
function without([where = '', edition = '', name = '']: Path): Facts {
  if (edition === '') return { ...sound, [where]: Reflect.get(unknownRegistration, where) };
  const profile = { ...soundProfile, [name]: Reflect.get(unknownProfile, name) };
  return { ...sound, [where]: profilesWith({ [edition]: profile }) };
}

test('a policy that was cut off anywhere opens no more than the whole', async () => {
  const text = await readFile(new URL('default.cedar', import.meta.url), 'utf8');
  const whole = new Set(opened(await defaultPolicy(), sound));
  let usable = 0;
  for (let length = 0; length < text.length; length += 41) {
    let cut: Policy;
    try {
      cut = one(text.slice(0, length));
    } catch (error) {
      expect(error).toBeInstanceOf(GateError);
      continue;
    }
    usable += 1;
    expect(opened(cut, sound).filter((id) => !whole.has(id) && !id.endsWith('-final'))).toEqual([]);
  }
  expect(usable).toBeGreaterThan(5);
});

for (const [what, text, says] of [
  ['a fraction', when('context.credentials_days < 1.5'), /a\.cedar:1:\d+ {2}expected a whole number/u],
  ['a fraction without its first digit', when('context.credentials_days < .5'), /expected a whole number/u],
  ['a number out of range', when('context.credentials_days < 99999999999999999999'), /18 digits/u],
  ['an unknown fact', when('context.credential_days < 1'), /did you mean `credentials_days`/u],
  ['another type', when('context.credentials_days == "a"'), /./u],
  ['an unknown action', '@id("x") permit (principal, action == Action::"acess", resource);', /access/u],
  [
    'an unknown environment',
    '@id("x") permit (principal, action, resource == Environment::"prod");',
    /"sandbox", "production"/u,
  ],
  ['forbid', '@id("x") forbid (principal, action, resource);', /expected permit, got forbid/u],
  [
    'unless',
    '@id("x") permit (principal, action, resource) unless { context.unheld };',
    /expected when, got unless/u,
  ],
  ['a template', '@id("x") permit (principal == ?principal, action, resource);', /template/u],
  ['no id', 'permit (principal, action, resource);', /expected @id/u],
  ['an id with a space', '@id("a b") permit (principal, action, resource);', /got "a b"/u],
  ['an id that means a denial', '@id("no-rule") permit (principal, action, resource);', /choose another/u],
  ['an id twice', `${when('true')}\n${when('true')}`, /a\.cedar:2:1 {2}the id x .*second time/u],
  ['what can never be met', when('context.unheld && principal has x'), /no request can ever meet/u],
  ['a cut-off policy', when('true').slice(0, -1), /ends too early/u],
  ['single quotes', when("context.scopes.contains('a')"), /double quotes/u],
  ['an open text', when('context.scopes.contains("a)'), /closed/u],
  ['a unicode comment before it', `// ééé\n${when('context.nothing')}`, /a\.cedar:2:54 /u],
] as const)
  test(`names the mistake: ${what}`, () => {
    const message = mistakes(() => one(text));
    expect(message).toMatch(says);
    expect(message).toMatch(/^a\.cedar:\d+:\d+ {2}\S/u);
  });

test('names every mistake of every file at once', () => {
  const sources = [
    { file: 'a.cedar', text: when('context.nothing') },
    { file: 'b.cedar', text: `${when('true')}\n@id("y") forbid (principal, action, resource);` },
  ];
  const settings = { file: 'policy.yaml', text: 'mode:\n  sandbx: shadow\n  production: never\n' };
  expect(mistakes(() => compilePolicy(sources, settings)).split('\n')).toEqual([
    expect.stringContaining('a.cedar:1:'),
    expect.stringContaining('b.cedar:2:1'),
    expect.stringContaining('b.cedar:1:1  the id x'),
    expect.stringMatching(/^policy\.yaml:2:3 .*did you mean sandbox/u),
    expect.stringMatching(/^policy\.yaml:3:\d+ .*enforce, shadow/u),
  ]);
});

test.describe('a directory', () => {
  let directory: string;
  test.beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'assay-policy-'));
  });
  test.afterEach(() => rm(directory, { recursive: true }));

  test('is read in the order of its file names, with its modes', async () => {
    await writeFile(join(directory, 'b.cedar'), when('true'));
    await writeFile(join(directory, 'a.cedar'), when('true').replace('"x"', '"first"'));
    await writeFile(join(directory, 'policy.yaml'), 'mode: { production: shadow }\n');
    const { rules, mode } = await loadPolicy(directory);
    expect(rules.map(({ id }) => id)).toEqual(['first', 'x']);
    expect(mode).toEqual({ sandbox: 'enforce', production: 'shadow' });
  });

  test('without policies is no policy', async () => {
    await expect(loadPolicy(directory)).rejects.toMatchObject({ code: 'no-policy' });
    await expect(loadPolicy(join(directory, 'nowhere'))).rejects.toMatchObject({ code: 'no-policy' });
  });
});

test('a rule for one integration opens for no other', () => {
  const policy = one('@id("x") permit (principal == Integration::"acme-1", action, resource);');
  const ask = { environment: 'production', action: 'access', facts: sound } as const;
  expect(evaluate(policy, { ...ask, integration: 'acme-1' }).allowed?.id).toBe('x');
  const { allowed, asked } = evaluate(policy, { ...ask, integration: 'acme-2' });
  expect({ allowed, asked }).toEqual({ allowed: undefined, asked: [] });
});

test('what was answered before is answered again only to the same question', () => {
  const texts = [
    '@id("x") permit (principal == Integration::"acme-1", action, resource);',
    '@id("x") permit (principal in Integration::"acme-1", action, resource);',
    '@id("x") permit (principal, action, resource) when { principal == Integration::"acme-1" };',
    '@id("x") permit (principal, action, resource) when { [Integration::"acme-1"].contains(principal) };',
    '@id("x") permit (principal, action == Action::"access", resource);',
    '@id("x") permit (principal, action, resource == Environment::"production");',
    when('context.unheld'),
    when('context.credentials_days > 3'),
    when('context.production["fapi2-sp-final"].waivers.contains("a")'),
    when('context.scopes.contains("a")'),
  ];
  const waived = { ...soundProfile, waivers: ['a'] };
  const requests = [
    sound,
    { ...sound, unheld: false },
    { ...sound, credentials_days: 3 },
    { ...sound, scopes: ['a'] },
    { ...sound, production: { ...sound.production, 'fapi2-sp-final': waived } },
  ].flatMap((facts) =>
    (['acme-1', 'acme-2'] as const).flatMap((integration) =>
      (['sandbox', 'production'] as const).flatMap((environment) =>
        (['access', 'promote'] as const).map((action) => ({ integration, environment, action, facts })),
      ),
    ),
  );
  for (const text of texts) {
    const asked = one(text);
    // Twice, and each against a policy that was never asked before.
    for (const request of [...requests, ...requests.toReversed()]) {
      const { allowed } = evaluate(asked, request);
      expect(allowed?.id, `${text} ${JSON.stringify(request)}`).toBe(
        evaluate(one(text), request).allowed?.id,
      );
    }
    const found = new Set(requests.map((request) => evaluate(asked, request).allowed?.id));
    expect(found.size, text).toBe(2);
  }
  const policy = one(when('context.unheld'));
  const ask = { environment: 'production', action: 'access', facts: sound } as const;
  const first = evaluate(policy, { ...ask, integration: 'acme-1' });
  expect(evaluate(policy, { ...ask, integration: 'acme-2', facts: structuredClone(sound) })).toBe(first);
});

test('what Cedar cannot work out opens nothing, and is told', () => {
  const policy = one(when('context.credentials_days * 9000000000000000000 > 1'));
  const request = { integration: 'a', environment: 'sandbox', action: 'access', facts: sound } as const;
  const { allowed, errors } = evaluate(policy, request);
  expect(allowed).toBeUndefined();
  expect(errors).toEqual([expect.stringMatching(/^x: .*overflow/u)]);
  const broken = { ...request, facts: { ...sound, credentials_days: Number.NaN } };
  expect(evaluate(policy, broken)).toMatchObject({ allowed: undefined, errors: [expect.any(String)] });
});

test('conditions that are joined by && are told one by one, with the facts that they look at', () => {
  const policy = one(when('(context.unheld && context.scopes.contains("a")) && (context.unheld || false)'));
  expect(
    policy.rules[0]?.conditions.map(({ text, paths }) => [text, paths.map((path) => path.join('.'))]),
  ).toEqual([
    ['context.unheld', ['unheld']],
    ['context.scopes.contains("a")', ['scopes']],
    ['context.unheld || false', ['unheld']],
  ]);
});
