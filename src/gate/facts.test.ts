import { checkParseContext, type CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';
import { expect, test } from '@playwright/test';
import type { Certification } from '../certification/certification.ts';
import { unknownStanding, type SignedWaiver, type Standing } from '../certification/standing.ts';
import { editionIds } from '../profiles/editions.ts';
import { factsOf, schema, shortfall, unknownProfile, unknownRegistration, type Facts } from './facts.ts';
import { inHours, sampleNow, soundCertification, soundRegistered, soundStanding } from './sample.ts';

const edition = soundCertification.edition;
const { basis } = soundCertification;
if (basis === undefined) throw new Error('the sample has a basis');

const waiver: SignedWaiver = {
  environment: 'production',
  edition,
  requirement: 'spec/a',
  reason: 'vendor fix in May',
  owner: 'maria',
  approver: 'omar',
  expires: inHours(1),
  statement: 'c'.repeat(64),
};
const waived: Certification = { ...soundCertification, basis: { ...basis, waived: ['spec/a'] } };

const of = (standing: Standing): Facts => factsOf(standing, 'production', sampleNow);
const profile = (certification: Certification, more: Partial<Standing> = {}) =>
  of({ ...soundStanding, ...more, certifications: [certification] }).production[edition];

test('of an unknown integration every fact is the worst', () => {
  const unknown = Object.fromEntries(editionIds.map((id) => [id, unknownProfile]));
  expect(of(unknownStanding('nobody'))).toEqual({
    sandbox: unknown,
    production: unknown,
    ...unknownRegistration,
  });
});

test('a sound standing shows what it shows, and nothing of other editions or environments', () => {
  const facts = of(soundStanding);
  expect(facts.production[edition]).toEqual({
    in_force: true,
    certified: true,
    conditional: false,
    unsuspected: true,
    evidence_hours: 3,
    silence_hours: 3,
    inconclusive_hours: 0,
    waived: 0,
    waivers: [],
    in_revision: 0,
  });
  expect(facts.production['fapi2-sp-final']).toEqual(unknownProfile);
  expect(facts.sandbox[edition]).toEqual(unknownProfile);
  expect(facts).toMatchObject({ credentials_days: 200, unheld: true, scopes: ['openid', 'accounts'] });
});

test('the registration of another environment does not count', () => {
  expect(factsOf(soundStanding, 'sandbox', sampleNow)).toMatchObject(unknownRegistration);
});

for (const [what, certification, says] of [
  ['uncertified', { state: 'uncertified' }, /^uncertified since/u],
  ['suspended', { state: 'suspended' }, /^suspended since/u],
  ['revoked', { state: 'revoked' }, /^revoked since/u],
  ['without a basis', { basis: undefined }, /no run shows it/u],
  ['stale', { stale: { because: 'fingerprint-changed', since: inHours(-1) } }, /fingerprint-changed/u],
  [
    'held',
    { held: { act: 'suspend', actor: 'olga', reason: 'incident 7', since: inHours(-1) } },
    /olga \(incident 7\)/u,
  ],
  ['expired and not brought up to now', { basis: { ...basis, expires: inHours(0) } }, /expired/u],
  ['dated in the future', { basis: { ...basis, finished: inHours(0.1) } }, /future/u],
  ['conditional after its deadline', { state: 'conditional', deadline: inHours(0) }, /deadline passed/u],
  ['conditional without a deadline', { state: 'conditional' }, /deadline passed/u],
  [
    'suspected for too long',
    {
      suspicion: {
        since: inHours(-2),
        until: inHours(0),
        failed: [],
        passed: [],
        requirements: ['spec/a'],
      },
    },
    /neither confirmed nor refuted/u,
  ],
  ['waived without a waiver', { basis: { ...basis, waived: ['spec/a'] } }, /no living waiver/u],
  ['of another partner', { basis: { ...basis, partner: 'other' } }, /registered as acme's/u],
  ['tested as less than it is', { basis: { ...basis, roles: [] } }, /not tested as authorization-server/u],
  ['dated unreadably', { basis: { ...basis, expires: 'soon' } }, /expired/u],
] satisfies readonly (readonly [string, { [name in keyof Certification]?: unknown }, RegExp])[])
  test(`a certification that is ${what} is not in force`, () => {
    const changed = { ...soundCertification, ...certification } as Certification;
    expect(shortfall(changed, { waivers: [], registration: soundRegistered }, sampleNow)).toMatch(says);
    expect(profile(changed)).toMatchObject({ in_force: false, certified: false, conditional: false });
  });

test('a conditional certification is in force until its deadline', () => {
  expect(profile({ ...soundCertification, state: 'conditional', deadline: inHours(1) })).toMatchObject({
    in_force: true,
    certified: false,
    conditional: true,
  });
});

test('a waiver covers only its own environment, edition, requirement and time', () => {
  const living = (change: Partial<SignedWaiver>): unknown =>
    profile(waived, { waivers: [{ ...waiver, ...change }] })?.in_force;
  expect(living({})).toBe(true);
  expect(profile(waived, { waivers: [waiver] })).toMatchObject({ waived: 1, waivers: ['spec/a'] });
  for (const change of [
    { environment: 'sandbox' },
    { edition: 'fapi2-sp-final' },
    { requirement: 'spec/b' },
    { expires: inHours(0) },
  ] as const)
    expect(living(change), JSON.stringify(change)).toBe(false);
});

test('hours are begun hours, and are told apart by who was silent', () => {
  const aged = { ...basis, finished: inHours(-30.1) };
  expect(profile({ ...soundCertification, basis: aged })).toMatchObject({
    evidence_hours: 31,
    silence_hours: 31,
    inconclusive_hours: 0,
  });
  expect(profile({ ...soundCertification, basis: aged, inconclusive_since: inHours(-6.5) })).toMatchObject({
    evidence_hours: 31,
    silence_hours: 24,
    inconclusive_hours: 7,
  });
});

test('a clock that is a minute ahead makes nothing unknown', () => {
  expect(profile({ ...soundCertification, basis: { ...basis, finished: inHours(1 / 60) } })).toMatchObject({
    in_force: true,
    evidence_hours: 0,
  });
});

test('credentials count in whole days that are left, and are unknown where nothing is said', () => {
  const days = (credentials_expire: string | undefined): number => {
    const { credentials_expire: _, ...rest } = soundRegistered;
    const registration = credentials_expire === undefined ? rest : { ...rest, credentials_expire };
    return of({ ...soundStanding, registrations: [{ environment: 'production', registration }] })
      .credentials_days;
  };
  expect(days(inHours(47))).toBe(1);
  expect(days(inHours(-1))).toBe(-1);
  expect(days(undefined)).toBe(unknownRegistration.credentials_days);
});

test('an operator who closes an environment holds it until the hold ends', () => {
  const held = (ended?: string) =>
    of({
      ...soundStanding,
      holds: [
        {
          environment: 'production',
          act: 'suspend',
          actor: 'olga',
          reason: 'incident 7',
          since: inHours(-9),
          ...(ended === undefined ? {} : { ended }),
        },
      ],
    }).unheld;
  expect([held(), held(inHours(-1))]).toEqual([false, true]);
});

test('the facts are of the schema that policies are validated against', () => {
  for (const facts of [of(soundStanding), of(unknownStanding('nobody'))])
    for (const id of ['access', 'promote']) {
      const answer = checkParseContext({
        context: facts as unknown as Record<string, CedarValueJson>,
        schema,
        action: { type: 'Action', id },
      });
      expect(answer).toEqual({ type: 'success' });
    }
});
