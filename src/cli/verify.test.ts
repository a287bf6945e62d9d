import { copyFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { parseBundle, printBundle, type Bundle } from '../evidence/bundle.ts';
import { canonical } from '../evidence/canonical.ts';
import { openEnvelope, seal } from '../evidence/envelope.ts';
import { generateKey, loadSigning, openSigner, readVerifiers, signerOf } from '../evidence/signer.ts';
import type { Statement, TestResult } from '../evidence/statement.ts';
import type { Signer } from '../evidence/signing.ts';
import type { Claim } from '../evidence/verify.ts';
import { operatorWorkplace, recordSample, type RecordedRun, type Workplace } from './sample.ts';

test.describe.configure({ mode: 'default' });

let place: Workplace;
let run: RecordedRun;
let bundle: Bundle;
let statement: Statement<TestResult>;
let harness: Signer;

test.beforeAll(async () => {
  place = await operatorWorkplace();
  run = await recordSample(place);
  bundle = parseBundle(await readFile(run.bundle, 'utf8'));
  const verifiers = await readVerifiers(place.path('operator/verifiers.json'));
  statement = openEnvelope(bundle.envelope, verifiers).statement as Statement<TestResult>;
  const { statements } = await loadSigning(place.path('operator/signing.yaml'));
  harness = await openSigner(statements, 'harness', place.path('operator'));
});

test.afterAll(() => place[Symbol.asyncDispose]());

test.afterEach(() => {
  place.clock.now = new Date('2026-11-20T03:00:00.000Z');
});

interface Told {
  readonly file: string;
  readonly outcome: string;
  readonly claims: readonly Claim[];
  readonly statement?: Statement<TestResult>;
  readonly not_proven: readonly string[];
}

/** Verifies as a program would: the exit code, and what is told of the first file. */
async function verify(...args: readonly string[]): Promise<{ code: number; told: Told; refuted: string }> {
  const { code, output } = await place.say('verify', ...args, '--json');
  const [told] = JSON.parse(output) as [Told];
  const refuted = told.claims.filter(({ state }) => state === 'refuted');
  return { code, told, refuted: refuted.map(({ claim }) => claim).join(' ') };
}

/** Writes another bundle, and verifies that. */
async function verifyText(text: string, ...args: readonly string[]): ReturnType<typeof verify> {
  await writeFile(place.path('other.json'), text);
  return verify('other.json', ...args);
}

const claimOf = ({ claims }: Told, name: Claim['claim']) => claims.find(({ claim }) => claim === name);

/** The bundle with another statement, signed by the harness or by somebody else. */
const resealed = async (change: (predicate: TestResult) => unknown, signer = harness): Promise<string> =>
  printBundle({
    ...bundle,
    envelope: await seal({ ...statement, predicate: change(statement.predicate) }, [signer]),
  });

test.describe('evidence that holds', () => {
  test('is verified, and says what it proves and what it does not', async () => {
    const { code, output, notes } = await place.say('verify', run.bundle);
    expect({ code, notes }).toEqual({ code: 0, notes: '' });
    expect(output.split('\n')[0]).toBe(`VERIFIED  ${run.bundle}`);
    for (const line of [
      /^ {2}proven +form +canonical; the envelope is [0-9a-f]{64}$/mu,
      /^ {2}proven +signature +signed by harness with Ed25519, key \S{43}$/mu,
      /^ {2}proven +subject +about northbank\/accounts-as\/sandbox [0-9a-f]{64}$/mu,
      /^ {2}proven +profile +fapi2-sp-final is the edition/mu,
      /^ {2}proven +expiry +valid until 2026-12-20T02:00:11\.840Z$/mu,
      /^ {2}proven +log +entry 0 of \d+ in the log log\.example\/assay$/mu,
      /^ {2}open +witnesses +no witness cosigned/mu,
      /^ {2}open +consistency /mu,
      /^ {2}says +fail of northbank\/accounts-as in sandbox under fapi2-sp-final, run 20261120T020000Z-k3v9/mu,
    ])
      expect(output).toMatch(line);
    expect(output.match(/^ {2}not shown /gmu)).toHaveLength(3);
  });

  test('is told to programs with the statement', async () => {
    const { code, told } = await verify(run.bundle);
    expect(code).toBe(0);
    expect(told).toMatchObject({ file: run.bundle, outcome: 'verified', statement });
    expect(told.not_proven).toHaveLength(3);
  });

  test('needs nothing but the bundle and the verifiers', async () => {
    await using elsewhere = await operatorWorkplace();
    await rm(elsewhere.path('operator'), { recursive: true });
    await copyFile(run.bundle, elsewhere.path('evidence.json'));
    await copyFile(place.path('operator/verifiers.json'), elsewhere.path('trusted.json'));
    expect(await elsewhere.say('verify', 'evidence.json', '--verifiers', 'trusted.json')).toMatchObject({
      code: 0,
    });
  });

  test('may end with a line end, as editors leave it', async () => {
    expect(await verifyText(`${printBundle(bundle)}\n`)).toMatchObject({ code: 0 });
  });

  test('goes on to count when its key is retired', async () => {
    await cp(place.path('operator'), place.path('retiring'), { recursive: true });
    await place.say('operator', 'retire', harness.id, '--operator', 'retiring');
    expect(await verify(run.bundle, '--verifiers', 'retiring/verifiers.json')).toMatchObject({ code: 0 });
  });
});

test.describe('evidence that was tampered with is refuted', () => {
  for (const [what, claim, alter] of [
    ['a changed payload', 'signature', () => printBundle(bundle).replace('"payload":"eyJ', '"payload":"eyK')],
    ['another spelling', 'form', () => printBundle(bundle).replace(':', ': ')],
    ['no JSON', 'form', () => 'evidence'],
    ['another member', 'form', () => canonical({ ...JSON.parse(printBundle(bundle)), zone: 1 })],
    [
      'a better verdict',
      'signature',
      () => resealed((p) => ({ ...p, verdict: 'pass' }), signerOf(generateKey('Ed25519'), 'mallory')),
    ],
    ['a key that may not tell of runs', 'signature', async () => resealed((p) => p, await olga())],
    [
      'a run before the key counted',
      'signature',
      () => resealed((p) => ({ ...p, run: { ...p.run, finished: '2026-11-18T00:00:00.000Z' } })),
    ],
    ['a predicate that is no test result', 'form', () => resealed(() => ({ verdict: 'pass' }))],
    [
      'an integration that is not the subject',
      'subject log',
      () => resealed((p) => ({ ...p, integration: 'other' })),
    ],
    [
      'another edition digest',
      'profile log',
      () => resealed((p) => ({ ...p, profile: { ...p.profile, digest: 'a'.repeat(64) } })),
    ],
    [
      'another fingerprint',
      'subject',
      () =>
        printBundle({
          ...bundle,
          ...(bundle.fingerprint && { fingerprint: { ...bundle.fingerprint, keys: [] } }),
        }),
    ],
    [
      'the proof of another index',
      'log',
      () => printBundle({ ...bundle, proof: (bundle.proof ?? '').replace('index 0', 'index 1') }),
    ],
    ['a proof that is none', 'log', () => printBundle({ ...bundle, proof: 'entry 0' })],
    [
      'a checkpoint of another size',
      'log',
      () => printBundle({ ...bundle, proof: (bundle.proof ?? '').replace(/assay\n\d+\n/u, 'assay\n1\n') }),
    ],
  ] as const)
    test(what, async () => {
      const { code, told, refuted } = await verifyText(await alter());
      expect({ code, outcome: told.outcome }).toEqual({ code: 1, outcome: 'refuted' });
      // A statement that was signed anew is not the one in the log, either.
      expect([claim, `${claim} log`]).toContain(refuted);
    });

  const olga = async (): Promise<Signer> =>
    openSigner({ file: 'keys/olga.jwk' }, 'Olga', place.path('operator'));

  test('and says nothing of what it would have shown', async () => {
    await writeFile(place.path('other.json'), await resealed((p) => ({ ...p, integration: 'other' })));
    const { output } = await place.say('verify', 'other.json');
    expect(output).toContain('REFUTED');
    expect(output).not.toMatch(/^ {2}(?:says|not shown)/mu);
  });
});

test.describe('evidence that shows too little is incomplete', () => {
  test('without a proof of the log', async () => {
    const { proof: _, ...rest } = bundle;
    const { code, told } = await verifyText(printBundle(rest));
    expect({ code, outcome: told.outcome }).toEqual({ code: 4, outcome: 'incomplete' });
    expect(claimOf(told, 'log')).toMatchObject({ state: 'open' });
  });

  test('without the fingerprint that its subject stands for', async () => {
    const { fingerprint: _, ...rest } = bundle;
    const { code, told } = await verifyText(printBundle(rest));
    expect(code).toBe(4);
    expect(claimOf(told, 'subject')).toMatchObject({ state: 'open' });
  });

  test('as a statement of another kind, whose signer’s rights are not examined', async () => {
    const other = {
      ...statement,
      predicateType: 'https://assay.dev/attestation/act/v1',
      predicate: { integration: 'x' },
    };
    const { code, told } = await verifyText(printBundle({ envelope: await seal(other, [harness]) }));
    expect(code).toBe(4);
    expect(claimOf(told, 'signature')).toMatchObject({ state: 'open' });
  });

  test('but an edition that is not known here is only told', async () => {
    const text = await resealed((p) => ({ ...p, profile: { ...p.profile, edition: 'fapi3' } }));
    const { told } = await verifyText(text);
    expect(claimOf(told, 'profile')).toMatchObject({ state: 'open' });
  });
});

test('evidence that has expired is refuted, to the millisecond', async () => {
  place.clock.now = new Date('2026-12-20T02:00:11.840Z');
  expect(await verify(run.bundle)).toMatchObject({ code: 0 });
  place.clock.now = new Date('2026-12-20T02:00:11.841Z');
  expect(await verify(run.bundle)).toMatchObject({ code: 1, refuted: 'expiry' });
});

test('a subject that is demanded must be there, by name and digest', async () => {
  const own = statement.subject[0]?.digest['sha256'] ?? '';
  const name = 'northbank/accounts-as/sandbox';
  expect(await verify(run.bundle, '--subject', `${name}=sha256:${own}`)).toMatchObject({ code: 0 });
  for (const subject of [
    `${name}=sha256:${'0'.repeat(64)}`,
    `northbank/other/sandbox=sha256:${own}`,
    `app=gitCommit:${'12'.repeat(20)}`,
  ])
    expect(await verify(run.bundle, '--subject', subject)).toMatchObject({ code: 1, refuted: 'subject' });
  expect(await place.say('verify', run.bundle, '--subject', 'app')).toMatchObject({
    code: 2,
    notes: expect.stringContaining('expected name=algorithm:digest'),
  });
});

test('several files are verified at once, and the worst decides', async () => {
  await writeFile(place.path('broken.json'), 'evidence');
  const { code, output } = await place.say('verify', run.bundle, 'broken.json');
  expect(code).toBe(1);
  expect(output.match(/^(?:VERIFIED|REFUTED) /gmu)).toEqual(['VERIFIED ', 'REFUTED ']);
});

test('what a bundle says cannot move the cursor of who reads it', async () => {
  await writeFile(
    place.path('other.json'),
    printBundle({
      envelope: await seal(
        { ...statement, subject: [{ name: '\u001B[2J', digest: { sha256: 'ab'.repeat(32) } }] },
        [harness],
      ),
    }),
  );
  const { output } = await place.say('verify', 'other.json');
  expect(output).toContain('⟨U+001B⟩');
  expect(output).not.toContain('\u001B');
});

test.describe('a disclosed exchange', () => {
  const check = 'authorization-server/par/rejects-the-plain-method';

  const disclose = async (...more: readonly string[]) => place.say('disclose', run.id, check, ...more);

  test('is verified beside the bundle of its run', async () => {
    const { code, output } = await disclose('--exchange', '2');
    expect(code).toBe(0);
    await writeFile(place.path('exchange.json'), output);
    const verified = await place.say('verify', 'exchange.json', run.bundle);
    expect(verified.code).toBe(0);
    expect(verified.output).toMatch(
      /VERIFIED {2}exchange\.json\n {2}proven +subject +exchange \d+ of the run: authorization-server\/par\/rejects-the-plain-method, .*POST/u,
    );
  });

  test('is refuted when it was altered, or stands alone', async () => {
    const { output } = await disclose();
    for (const [text, files] of [
      [output.replace(/"status":\d+/u, '"status":400'), ['exchange.json', run.bundle]],
      [output.replace(/"salt":"./u, '"salt":"_'), ['exchange.json', run.bundle]],
      [output.replace(check, 'authorization-server/par/other'), ['exchange.json', run.bundle]],
      [output, ['exchange.json']],
    ] as const) {
      await writeFile(place.path('exchange.json'), text);
      const { code, output: said } = await place.say('verify', ...files);
      expect(code).toBe(1);
      expect(said).toContain('REFUTED  exchange.json');
    }
  });

  for (const [what, args, says] of [
    ['a run that is not there', ['20200101T000000Z-abcdef', check], 'the directory or the id of a run'],
    ['a check that is not there', ['RUN', 'x/y/z'], 'the id of a check with exchanges, got "x/y/z"'],
    ['an exchange that is not there', ['RUN', check, '--exchange', '9'], 'to be one of 1, 2 of'],
    ['half an exchange', ['RUN', check, '--exchange', '1.5'], 'got 1.5'],
  ] as const)
    test(`is not made of ${what}`, async () => {
      const given = args.map((each) => (each === 'RUN' ? run.id : each));
      const { code, notes } = await place.say('disclose', ...given);
      expect({ code, notes }).toEqual({ code: 2, notes: expect.stringContaining(says) });
    });

  for (const [what, file, text, says] of [
    [
      'results that were changed',
      'results.json',
      (before: string) => before.replace('"status":201', '"status":400'),
      'as it was when the run was signed',
    ],
    ['results that are no JSON', 'results.json', () => '{', 'expected JSON'],
    ['results of another form', 'results.json', () => 'null', 'the results of a run'],
    ['a bundle that was changed', 'evidence.json', (before: string) => `${before} `, 'canonical'],
    ['salts that were changed', 'disclosure-salts.json', () => '[]', 'salts'],
  ] as const)
    test(`is not made of ${what}`, async () => {
      const copy = place.path('copied-run');
      await cp(run.directory, copy, { recursive: true });
      const path = join(copy, file);
      await writeFile(path, text(await readFile(path, 'utf8')));
      const { code, output, notes } = await place.say('disclose', copy, check);
      expect({ code, output, notes }).toEqual({ code: 2, output: '', notes: expect.stringContaining(says) });
      await rm(copy, { recursive: true });
    });

  test('is not made of a run without evidence', async () => {
    const copy = place.path('copied-run');
    await cp(run.directory, copy, { recursive: true });
    await rm(join(copy, 'evidence.json'));
    expect(await place.say('disclose', copy, check)).toMatchObject({
      code: 2,
      notes: expect.stringContaining('expected evidence.json in copied-run; only runs with --evidence'),
    });
    await rm(copy, { recursive: true });
  });
});

test.describe('bad input gets one clear error', () => {
  for (const [what, args, says] of [
    [
      'a file that is not there',
      ['none.json'],
      'expected a bundle of evidence in none.json, which cannot be read',
    ],
    ['a directory for a file', ['operator'], 'in operator, which cannot be read'],
    ['verifiers that are not there', ['BUNDLE', '--verifiers', 'none.json'], 'none.json cannot be read'],
    ['verifiers that are none', ['BUNDLE', '--verifiers', 'operator/rules.yaml'], 'expected JSON in'],
    [
      'verifiers that are something else',
      ['BUNDLE', '--verifiers', 'operator/keys/olga.jwk'],
      'the keys that count',
    ],
    [
      'an evidence directory that is no log',
      ['BUNDLE', '--evidence', 'operator'],
      'expected an evidence directory with a checkpoint',
    ],
    [
      'an evidence directory that is not there',
      ['BUNDLE', '--evidence', 'none'],
      'expected an evidence directory with a checkpoint',
    ],
    [
      'a memory that is no checkpoint',
      ['BUNDLE', '--seen', 'operator/rules.yaml'],
      'expected the last checkpoint seen in',
    ],
    ['a memory that is a directory', ['BUNDLE', '--seen', 'operator'], 'which cannot be read'],
  ] as const)
    test(what, async () => {
      const given = args.map((each) => (each === 'BUNDLE' ? run.bundle : each));
      const { code, output, notes } = await place.say('verify', ...given);
      expect({ output, notes }).toEqual({ output: '', notes: expect.stringContaining(says) });
      expect(code).toBe(what.startsWith('an evidence directory') ? 3 : 2);
      expect(notes).not.toMatch(/\n\s+at |defect of Assay/u);
    });
});
