import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base } from '@playwright/test';
import { logKey } from '../evidence/checkpoint.ts';
import { envelopeDigest, seal } from '../evidence/envelope.ts';
import { openLogWriter, type LogWriter } from '../evidence/log-writer.ts';
import { openLog } from '../evidence/log.ts';
import { printVerifierKey } from '../evidence/note.ts';
import { generateKey, signerOf } from '../evidence/signer.ts';
import type { Signer } from '../evidence/signing.ts';
import type { Statement } from '../evidence/statement.ts';
import type { Entitlement, Verifiers } from '../evidence/verifiers.ts';
import type { Deed } from './act.ts';
import { CertificationError } from './error.ts';
import { absorb, everyone } from './fold.ts';
import { memoryProjection } from './memory-projection.ts';
import { later } from './next.ts';
import type { Projection } from './projection.ts';
import { readLogged } from './read.ts';
import { openRegister, type Register } from './register.ts';
import { defaultRules } from './rules.ts';
import { sampleAct, sampleEdition as edition, sampleResult, type SampleRun } from './sample.ts';
import { unknownStanding } from './standing.ts';
import { actStatement, transitionStatement } from './transition.ts';

const beginning = '2026-11-01T00:00:00.000Z';
const at = (hours: number): string => later(beginning, hours);
const origin = 'log.example/evidence';

/** Who signs, and what their keys may. */
const people = {
  ci: ['run'],
  olga: ['operate'],
  anna: ['approve'],
  harness: ['transition'],
} as const satisfies Record<string, readonly Entitlement[]>;

const signers = Object.fromEntries(
  Object.keys(people).map((holder) => [holder, signerOf(generateKey('Ed25519'), holder)]),
) as Record<keyof typeof people, Signer>;
const logSigner = signerOf(generateKey('Ed25519'), 'log');
const verifiers: Verifiers = {
  format: 'assay-verifiers/1',
  keys: Object.values(signers).map(({ id, alg, jwk, holder }) => ({
    id,
    alg,
    jwk: { ...jwk },
    holder,
    may: [...people[holder as keyof typeof people]],
    from: beginning,
  })),
  log: { origin, keys: [printVerifierKey(logKey(origin, logSigner))] },
};

interface Office {
  readonly directory: string;
  readonly writer: LogWriter;
  /** A register over the log, an hour being an hour after the beginning. */
  open(hour: number, projection?: Projection): Register;
}

const test = base.extend<{ office: Office }>({
  office: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'register-'));
    const writer = await openLogWriter({ directory, origin, signer: logSigner });
    await use({
      directory,
      writer,
      open: (hour, projection = memoryProjection()) =>
        openRegister({
          writer,
          signer: signers.harness,
          verifiers,
          rules: defaultRules,
          projection,
          now: () => new Date(at(hour)),
        }),
    });
    await writer.close();
    await rm(directory, { recursive: true });
  },
});

const by = (who: keyof typeof people, statement: Statement): Promise<string> =>
  seal(statement, [signers[who]]);
const requirements = { 'spec/a': 'pass' } as const;
const passed = (hours: number, more: Partial<SampleRun> = {}): Promise<string> =>
  by('ci', sampleResult({ finished: at(hours), requirements, ...more }));
const failed = (hours: number): Promise<string> => passed(hours, { requirements: { 'spec/a': 'fail' } });
const acted = (hours: number, deed: Deed, more: Parameters<typeof sampleAct>[2] = {}): Promise<string> =>
  by('olga', sampleAct(deed, at(hours), more));
const register = (clients: readonly string[]): Deed => ({
  kind: 'register',
  registration: { partner: 'acme', roles: ['client'], clients: [...clients], certificates: [], scopes: [] },
});
const retire = (hours: number): Promise<string> => {
  const { environment: _, ...act } = sampleAct({ kind: 'retire-edition', edition }, at(hours)).predicate;
  return by('olga', actStatement({ ...act, integration: everyone }));
};
const predicates = async ({ directory }: Office): Promise<readonly string[]> => {
  const log = await openLog(directory, verifiers.log);
  const found: string[] = [];
  for await (const { entry } of log.entries(0))
    found.push(`${entry.integration} ${entry.predicate.split('/').at(-2)}`);
  return found;
};

test('a run is logged with what it causes, and projected', async ({ office }) => {
  const office1 = office.open(10);
  const settled = await office1.settle(await passed(1));
  expect(settled).toMatchObject({
    index: 0,
    transitions: [{ from: 'uncertified', event: 'passed', actor: 'harness', evidence: settled.digest }],
  });
  expect(await predicates(office)).toEqual(['acme-1 test-result', 'acme-1 transition']);
  expect((await office1.standing('acme-1')).certifications).toMatchObject([{ state: 'certified' }]);
});

test('the same envelope again has the same index, and changes nothing', async ({ office }) => {
  const envelope = await passed(1);
  const first = await office.open(10).settle(envelope);
  const again = { digest: first.digest, index: 0, transitions: [] };
  expect(await office.open(10).settle(envelope)).toEqual(again);
  const twice = office.open(10);
  expect(await Promise.all([twice.settle(envelope), twice.settle(envelope)])).toEqual([again, again]);
  expect(await predicates(office)).toHaveLength(2);
});

test('the same act or run in another envelope is refused', async ({ office }) => {
  const other = signerOf(generateKey('ES256'), 'ci');
  const key = { id: other.id, alg: other.alg, jwk: { ...other.jwk }, holder: 'ci', from: beginning };
  const both = openRegister({
    writer: office.writer,
    signer: signers.harness,
    verifiers: { ...verifiers, keys: [...verifiers.keys, { ...key, may: ['run'] }] },
    rules: defaultRules,
    projection: memoryProjection(),
    now: () => new Date(at(10)),
  });
  await both.settle(await passed(1));
  const resealed = await seal(sampleResult({ finished: at(1), requirements }), [other]);
  await expect(both.settle(resealed)).rejects.toMatchObject({ code: 'duplicate' });
  await both.settle(await acted(1, { kind: 'suspend' }, { nonce: 'n' }));
  await expect(both.settle(await acted(2, { kind: 'reinstate' }, { nonce: 'n' }))).rejects.toMatchObject({
    code: 'duplicate',
  });
});

test('what is not believed leaves no trace', async ({ office }) => {
  const cases: readonly (readonly [string, string | Promise<string>, string])[] = [
    ['no envelope', '{}', 'malformed'],
    ['a foreign key', seal(sampleResult({ finished: at(1), requirements }), [logSigner]), 'unknown-key'],
    ['a run by an operator', by('olga', sampleResult({ finished: at(1), requirements })), 'key-not-entitled'],
    ['a run before the key', passed(-1), 'key-not-entitled'],
    ['a run of tomorrow', passed(34), 'from-the-future'],
    ['a run that ended before it began', passed(1, { started: at(2) }), 'malformed'],
    [
      'an act by a runner',
      by('ci', sampleAct({ kind: 'revoke' }, at(1), { actor: 'ci' })),
      'key-not-entitled',
    ],
    ["an act in another's name", acted(1, { kind: 'revoke' }, { actor: 'anna' }), 'key-not-entitled'],
    ['an act on all', acted(1, { kind: 'revoke' }, { integration: everyone }), 'malformed'],
    ['a transition', by('harness', transitionStatement(transitionOf())), 'not-accepted'],
    ['a transition by an operator', by('olga', transitionStatement(transitionOf())), 'key-not-entitled'],
    [
      'a day that no calendar has',
      acted(1, { kind: 'break-glass', until: '2026-02-31T00:00:00.000Z' }),
      'malformed',
    ],
    [
      'another subject',
      by('olga', { ...sampleAct({ kind: 'revoke' }, at(1)), subject: [{ name: 'x', digest: {} }] }),
      'wrong-subject',
    ],
  ];
  for (const [what, envelope, code] of cases)
    await expect(office.open(10).settle(await envelope), what).rejects.toMatchObject({ code });
  expect(await predicates(office)).toEqual([]);
});

const transitionOf = () => ({
  integration: 'acme-1',
  from: 'uncertified',
  event: 'passed',
  because: 'I say so.',
  actor: 'harness',
  at: at(1),
  certification: { edition, environment: 'production', state: 'certified', since: at(1) } as const,
});

test('a waiver needs an approver, who is not the owner', async ({ office }) => {
  const deed = (owner: string): Deed => ({
    kind: 'waive',
    requirement: 'spec/a',
    edition,
    owner,
    expires: at(100),
  });
  const waived = (who: 'olga' | 'anna', owner: string): Promise<string> =>
    by(who, sampleAct(deed(owner), at(1), { actor: who }));
  const found = office.open(10);
  await expect(found.settle(await waived('olga', 'otto'))).rejects.toMatchObject({
    code: 'key-not-entitled',
  });
  await expect(found.settle(await waived('anna', ' Anna'))).rejects.toMatchObject({ code: 'malformed' });
  await found.settle(await waived('anna', 'otto'));
  expect((await found.standing('acme-1')).waivers).toMatchObject([{ approver: 'anna' }]);
});

test('a watcher may sign what it saw as a runner or as an operator', async ({ office }) => {
  const observe: Deed = { kind: 'observe', edition, fingerprint: 'ab'.repeat(32) };
  const found = office.open(10);
  await found.settle(await passed(1));
  const { transitions } = await found.settle(await by('ci', sampleAct(observe, at(2), { actor: 'ci' })));
  expect(transitions).toMatchObject([{ event: 'fingerprint-changed' }]);
  await found.settle(await acted(3, observe));
});

test('a client that another integration has cannot be registered', async ({ office }) => {
  const found = office.open(10);
  await found.settle(await acted(1, register(['c-1'])));
  const other = { integration: 'other', nonce: 'o' };
  await expect(found.settle(await acted(2, register(['c-2', 'c-1']), other))).rejects.toMatchObject({
    code: 'key-taken',
    message: expect.stringContaining('acme-1'),
  });
  await found.settle(await acted(2, register(['c-1']), { ...other, environment: 'sandbox' }));
  await found.settle(await acted(3, register(['c-1', 'c-3'])));
  await found.settle(await acted(4, register([])));
  await found.settle(await acted(5, register(['c-1']), { ...other, nonce: 'p' }));
});

test('what time causes is recorded once', async ({ office }) => {
  const found = office.open(1000);
  await found.settle(await passed(1));
  await found.settle(await failed(2));
  const now = new Date(at(1000));
  expect((await found.lapse(now)).map(({ event, at }) => [event, at])).toEqual([
    ['confirmation-lapsed', at(3)],
  ]);
  expect(await found.lapse(now)).toEqual([]);
  expect(await predicates(office)).toHaveLength(5);
});

test('a retired edition concerns all integrations, also those that come later', async ({ office }) => {
  const found = office.open(10);
  await found.settle(await passed(1));
  await found.settle(await passed(1, { integration: 'other' }));
  const { transitions } = await found.settle(await retire(2));
  expect(transitions.map(({ integration }) => integration)).toEqual(['acme-1', 'other']);
  await found.settle(await passed(3, { integration: 'third' }));
  await found.settle(await acted(4, register([]), { integration: 'third' }));
  const replayed = office.open(10);
  await replayed.catchUp();
  for (const each of [found, replayed])
    expect(await each.standing('third')).toMatchObject({ certifications: [], retired: [edition] });
  for (const id of ['acme-1', 'other', 'third'])
    expect(await replayed.standing(id)).toEqual(await found.standing(id));
});

test('a projection that failed, or lags behind another writer, catches up', async ({ office }) => {
  const kept = memoryProjection();
  const failing: Projection = { ...kept, apply: () => Promise.reject(new Error('the database is gone')) };
  const envelope = await passed(1);
  await expect(office.open(10, failing).settle(envelope)).rejects.toThrow('the database is gone');
  expect(await kept.applied()).toBe(0);
  const again = office.open(10, kept);
  expect(await again.settle(envelope)).toEqual({
    digest: envelopeDigest(envelope),
    index: 0,
    transitions: [],
  });
  await office.open(10).settle(await failed(2));
  // The second failure is counted with the one that the other register took.
  expect((await again.settle(await failed(2.5))).transitions).toMatchObject([
    { certification: { state: 'suspended' } },
  ]);
});

test('the standing is a replay of the log', async ({ office }) => {
  const found = office.open(100);
  for (const each of [passed(1), failed(2), failed(2.1), passed(3), acted(4, { kind: 'suspend' })])
    await found.settle(await each);
  const log = await openLog(office.directory, verifiers.log);
  let standing = unknownStanding('acme-1');
  for await (const { entry } of log.entries(0))
    standing = absorb(standing, readLogged(await log.envelope(entry.digest), verifiers));
  expect(await found.standing('acme-1')).toEqual(standing);
  expect(standing.certifications).toMatchObject([{ state: 'suspended', held: { actor: 'olga' } }]);
});

test('a database that is ahead of the log is refused', async ({ office }) => {
  const ahead: Projection = { ...memoryProjection(), applied: () => Promise.resolve(7) };
  await expect(office.open(10, ahead).settle(await passed(1))).rejects.toMatchObject({ code: 'gap' });
});

test('changes of a projection leave no gap, and happen once', async () => {
  const projection = memoryProjection();
  const change = { standings: [], transitions: [], marks: [] };
  await projection.apply({ ...change, from: 0, upTo: 2 });
  await projection.apply({ ...change, from: 0, upTo: 2 });
  await expect(projection.apply({ ...change, from: 3, upTo: 4 })).rejects.toThrow(CertificationError);
  await expect(projection.apply({ ...change, from: 1, upTo: 3 })).rejects.toMatchObject({ code: 'gap' });
  expect(await projection.applied()).toBe(2);
});

test('a key that has ended signs nothing new, and what it signed stays', async ({ office }) => {
  const ended: Verifiers = {
    ...verifiers,
    keys: verifiers.keys.map((key) => (key.holder === 'ci' ? { ...key, until: at(5) } : key)),
  };
  const open = (hour: number): Register =>
    openRegister({
      writer: office.writer,
      signer: signers.harness,
      verifiers: ended,
      rules: defaultRules,
      projection: memoryProjection(),
      now: () => new Date(at(hour)),
    });
  await open(4).settle(await passed(1));
  await expect(open(6).settle(await passed(2))).rejects.toMatchObject({ code: 'key-not-entitled' });
  const later = open(6);
  await later.settle(await acted(6, { kind: 'suspend' }));
  expect((await later.standing('acme-1')).certifications).toMatchObject([
    { state: 'suspended', basis: { finished: at(1) } },
  ]);
});

test('a run of another partner certifies nobody of the same id', async ({ office }) => {
  const found = office.open(10);
  await found.settle(await acted(1, register(['client-1'])));
  const { predicate, ...statement } = sampleResult({ finished: at(2), requirements });
  const foreign = {
    ...statement,
    subject: statement.subject.map((each) => ({ ...each, name: 'evil/acme-1/production' })),
    predicate: { ...predicate, partner: 'evil' },
  };
  await expect(found.settle(await by('ci', foreign))).rejects.toMatchObject({ code: 'not-accepted' });
  expect((await found.settle(await passed(2))).transitions).toMatchObject([{ event: 'passed' }]);
});

test('a new key records what was due before it counted', async ({ office }) => {
  const fresh = signerOf(generateKey('Ed25519'), 'harness');
  const { id, alg, jwk, holder } = fresh;
  const rotated: Verifiers = {
    ...verifiers,
    keys: [
      ...verifiers.keys.map((key) => (key.holder === 'harness' ? { ...key, until: at(5) } : key)),
      { id, alg, jwk: { ...jwk }, holder, may: ['transition'], from: at(5) },
    ],
  };
  await office.open(4).settle(await passed(1));
  await office.open(4).settle(await failed(3.5));
  const renewed = openRegister({
    writer: office.writer,
    signer: fresh,
    verifiers: rotated,
    rules: defaultRules,
    projection: memoryProjection(),
    now: () => new Date(at(6)),
  });
  expect(await renewed.lapse(new Date(at(6)))).toMatchObject([{ event: 'confirmation-lapsed', at: at(4.5) }]);
  expect((await renewed.settle(await passed(4.9))).transitions).toMatchObject([{ event: 'passed' }]);
});

for (const until of [at(1), later(at(1), 169), '9999-12-31T23:59:59.999Z'])
  test(`glass is not broken until ${until}`, async ({ office }) => {
    await expect(
      office.open(10).settle(await acted(1, { kind: 'break-glass', until })),
    ).rejects.toMatchObject({ code: 'malformed' });
  });

test('a register needs a key that may transition', ({ office }) => {
  const open = (): Register =>
    openRegister({
      writer: office.writer,
      signer: signers.olga,
      verifiers,
      rules: defaultRules,
      projection: memoryProjection(),
      now: () => new Date(at(1)),
    });
  expect(open).toThrow('may transition');
});

const nul = String.fromCharCode(0);
const long = 'x'.repeat(3000);

for (const [what, statement] of Object.entries({
  'U+0000 in the id of a run': sampleResult({ finished: at(1), requirements, id: `run${nul}` }),
  'U+0000 in a name': sampleResult({ finished: at(1), requirements: { [`spec/${nul}`]: 'pass' } }),
  'U+0000 in a reason': sampleAct({ kind: 'suspend' }, at(1), { reason: nul }),
  'U+0000 in a client_id': sampleAct(register([nul]), at(1)),
  'a run whose id is too long for an index': sampleResult({ finished: at(1), requirements, id: long }),
  'a nonce that is too long': sampleAct({ kind: 'suspend' }, at(1), { nonce: long }),
  'a client_id that is too long': sampleAct(register([long]), at(1)),
}))
  test(`what could not be projected is not logged: ${what}`, async ({ office }) => {
    const text = await by('actor' in (statement.predicate as object) ? 'olga' : 'ci', statement);
    await expect(office.open(10).settle(text)).rejects.toMatchObject({ code: 'malformed' });
    expect(await predicates(office)).toEqual([]);
  });

for (const id of ['*', 'ACME-1', 'acme-1 ', 'acme_1', '\u0430cme-1', '__proto__', 'a'.repeat(64)])
  test(`nothing is logged of an integration that is called ${JSON.stringify(id)}`, async ({ office }) => {
    await expect(office.open(10).settle(await passed(1, { integration: id }))).rejects.toMatchObject({
      code: 'malformed',
    });
    await expect(
      office.open(10).settle(await acted(1, register(['client-1']), { integration: id })),
    ).rejects.toMatchObject({ code: 'malformed' });
    expect(await predicates(office)).toEqual([]);
  });

test('evidence that expired before its run ended is refused: what time made of it would be dated before all keys', async ({
  office,
}) => {
  const statement = sampleResult({ finished: at(1), requirements });
  const predicate = { ...statement.predicate, expires: '0000-01-01T00:00:00.000Z' };
  await expect(office.open(10).settle(await by('ci', { ...statement, predicate }))).rejects.toMatchObject({
    code: 'malformed',
  });
});

test('a stranger is refused while the log is locked, and holds up nobody', async ({ office }) => {
  const stranger = signerOf(generateKey('Ed25519'), 'ci');
  const text = await seal(sampleResult({ finished: at(1), requirements }), [stranger]);
  const office1 = office.open(10);
  await office.writer.exclusively(async () => {
    await expect(office1.settle(text)).rejects.toMatchObject({ code: 'unknown-key' });
    await expect(office1.settle('{}')).rejects.toMatchObject({ code: 'malformed' });
  });
});
