import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { createAuthority } from '../../fixtures/pki/authority.ts';
import { actType, type Act } from '../certification/act.ts';
import { unverifiedStatement } from '../evidence/envelope.ts';
import { openLog } from '../evidence/log.ts';
import { generateKey, readVerifiers } from '../evidence/signer.ts';
import { emptyWorkplace, operatorWorkplace, recordSample, type Said, type Workplace } from './sample.ts';

test.describe.configure({ mode: 'default' });

const edition = 'fapi2-sp-final';
const requirement = 'fapi2-sp/5.3.2.2-5';
const item = ['--requirement', requirement, '--edition', edition];
const olga = ['--key', 'operator/keys/olga.jwk', '--evidence', 'evidence'];
const omar = ['--key', 'operator/keys/omar.jwk', '--evidence', 'evidence'];

const act = (place: Workplace, deed: string, ...more: readonly string[]): Promise<Said> =>
  place.say('act', deed, '--integration', 'acme-1', '--reason', 'incident 7', ...more);

/** The acts in the log, in their order. */
async function acts(place: Workplace): Promise<readonly Act[]> {
  const verifiers = await readVerifiers(place.path('operator/verifiers.json'));
  const log = await openLog(place.path('evidence'), verifiers.log);
  const found: Act[] = [];
  for await (const { entry } of log.entries(0))
    if (entry.predicate === actType)
      found.push(unverifiedStatement(await log.envelope(entry.digest)).predicate as Act);
  return found;
}

test('each deed is signed by who holds the key, and logged', async () => {
  await using place = await operatorWorkplace();
  const authority = await createAuthority({ now: place.clock.now });
  const { certificate } = await authority.issue({
    commonName: 'acme',
    usage: 'client',
    notAfter: new Date('2026-12-24T00:00:00.000Z'),
  });
  await writeFile(place.path('acme.pem'), certificate);
  const production = ['--environment', 'production', ...olga];
  const deeds: readonly (readonly [string, readonly string[]])[] = [
    [
      'register',
      [
        '--partner',
        'acme',
        '--role',
        'client',
        '--client',
        'one',
        '--client',
        'two',
        '--scope',
        'accounts',
      ].concat(['--certificate', 'acme.pem', '--certificate', 'A'.repeat(43), ...production]),
    ],
    ['dispute', [...item, ...production]],
    ['settle-dispute', [...item, ...production]],
    [
      'waive',
      [...item, '--owner', 'maria', '--expires', '2026-12-24', '--environment', 'production', ...omar],
    ],
    ['withdraw-waiver', [...item, ...production]],
    ['break-glass', ['--hours', '1.5', ...production]],
    ['end-break-glass', production],
    ['suspend', olga],
    ['reinstate', olga],
    ['revoke', production],
    ['offboard', production],
  ];
  for (const [at, [deed, args]] of deeds.entries()) {
    const { code, output, notes } = await act(place, deed, ...args);
    expect({ deed, code, notes }).toEqual({ deed, code: 0, notes: '' });
    const holder = deed === 'waive' ? 'Omar' : 'Olga';
    expect(output).toMatch(
      new RegExp(`^${deed} of acme-1 by ${holder}: entry \\d+ of the log, [0-9a-f]{64}\\n`, 'u'),
    );
    expect((await acts(place)).length).toBe(at + 1);
  }
  const { code } = await place.say(
    'act',
    'retire-edition',
    '--integration',
    '*',
    '--reason',
    'superseded',
    '--edition',
    edition,
    ...olga,
  );
  expect(code).toBe(0);

  const logged = await acts(place);
  expect(logged.map(({ deed }) => deed.kind)).toEqual([...deeds.map(([deed]) => deed), 'retire-edition']);
  for (const { at, reason, nonce } of logged.slice(0, -1))
    expect({ at, reason, nonce }).toEqual({
      at: place.clock.now.toISOString(),
      reason: 'incident 7',
      nonce: expect.any(String),
    });
  expect(logged.map(({ actor }) => actor).filter((actor) => actor !== 'Olga')).toEqual(['Omar']);
  expect(logged.map(({ environment }) => environment ?? 'all')).toEqual([
    ...Array.from({ length: 7 }, () => 'production'),
    'all',
    'all',
    'production',
    'production',
    'all',
  ]);
  expect(logged.map(({ deed }) => deed)).toMatchObject([
    {
      registration: {
        partner: 'acme',
        clients: ['one', 'two'],
        certificates: [expect.stringMatching(/^[\w-]{43}$/u), 'A'.repeat(43)],
        // The first end of a certificate that is known.
        credentials_expire: '2026-12-24T00:00:00.000Z',
      },
    },
    { requirement, edition },
    { requirement, edition },
    { owner: 'maria', expires: '2026-12-24T23:59:59.999Z' },
    {},
    { until: '2026-11-20T04:30:00.000Z' },
    ...Array.from({ length: 5 }, () => ({})),
    { edition },
  ]);
});

test('tells what an act changed, for people and for programs', async () => {
  await using place = await operatorWorkplace();
  await recordSample(place);
  const { output } = await place.say(
    'act',
    'suspend',
    '--integration',
    'accounts-as',
    '--reason',
    'incident 7',
    ...olga,
  );
  expect(output).toMatch(/\n {2}\w+ \S+: \w+ -> suspended\. Olga suspended it: incident 7\./u);
  const { output: json } = await place.say(
    'act',
    'reinstate',
    '--integration',
    'accounts-as',
    '--reason',
    'over',
    '--json',
    ...olga,
  );
  expect(JSON.parse(json)).toMatchObject({
    digest: expect.stringMatching(/^[0-9a-f]{64}$/u),
    proof: expect.stringContaining('c2sp.org/tlog-proof@v1'),
    transitions: [{ actor: 'Olga', event: 'reinstated', from: 'suspended' }],
  });
});

test.describe('an act that does not count', () => {
  /** In which nothing comes to be. */
  let still: Workplace;

  test.beforeAll(async () => {
    still = await operatorWorkplace();
  });

  test.afterAll(() => still[Symbol.asyncDispose]());

  for (const [what, deed, args, says] of [
    ['of a key that may only approve', 'suspend', omar, 'expected a key that may operate'],
    [
      'that approves the own waiver',
      'waive',
      [...item, '--owner', ' olga ', '--expires', '2026-12-24', ...olga],
      'somebody else than the owner',
    ],
    [
      'that waives what is over',
      'waive',
      [...item, '--owner', 'maria', '--expires', '2026-11-19', ...omar],
      'a waiver that expires after',
    ],
    ['that registers nothing', 'register', olga, 'expected --partner with `assay act register`'],
    ['without a role', 'register', ['--partner', 'acme', ...olga], 'expected --role at least once'],
    [
      'with a certificate that is none',
      'register',
      ['--partner', 'acme', '--role', 'client', '--certificate', 'operator/rules.yaml', ...olga],
      'a PEM file or a SHA-256 thumbprint',
    ],
    ['without its requirement', 'dispute', ['--edition', edition, ...olga], 'expected --requirement with'],
    [
      'with an empty edition',
      'dispute',
      ['--requirement', 'a', '--edition', '', ...olga],
      'expected --edition with',
    ],
    ['without an expiry', 'waive', [...item, '--owner', 'maria', ...omar], 'expected --expires with'],
    ['without hours', 'break-glass', olga, 'expected --hours with `assay act break-glass`'],
    ['for too many hours', 'break-glass', ['--hours', '169', ...olga], 'up to 168, got 169'],
    ['for no hours', 'break-glass', ['--hours', '0', ...olga], 'above 0'],
    ['for hours that are no number', 'break-glass', ['--hours', 'two', ...olga], 'got NaN'],
    [
      'with an option that would not limit it',
      'revoke',
      ['--edition', edition, ...olga],
      '`assay act revoke` takes no --edition; leave it out',
    ],
    [
      'with a date for another deed',
      'suspend',
      ['--credentials-expire', '2027-01-01', ...olga],
      '--credentials-expire',
    ],
    ['on all integrations', 'suspend', ['--integration', '*', ...olga], 'retire-edition'],
    [
      'that retires for one',
      'retire-edition',
      ['--edition', edition, ...olga],
      'expected * as the integration',
    ],
    ['nowhere', 'suspend', ['--key', 'operator/keys/olga.jwk'], 'expected --evidence DIR or --server URL'],
    ['at no URL', 'suspend', ['--key', 'operator/keys/olga.jwk', '--server', 'localhost:1'], 'to be a URL'],
    [
      'of a key that is not there',
      'suspend',
      ['--key', 'none.jwk', '--evidence', 'evidence'],
      'there is no such file',
    ],
    [
      'of a public key',
      'suspend',
      ['--key', 'operator/verifiers.json', '--evidence', 'evidence'],
      'its member d, the private one, is not there',
    ],
  ] as const)
    test(what, async () => {
      const given = args.some((each) => each === '--integration') ? [] : ['--integration', 'acme-1'];
      const { code, output, notes } = await still.say('act', deed, '--reason', 'why', ...given, ...args);
      expect({ code, output, notes }).toEqual({ code: 2, output: '', notes: expect.stringContaining(says) });
      expect(notes).not.toMatch(/\n\s+at |defect of Assay/u);
      expect(await acts(still).catch(() => [])).toEqual([]);
    });

  for (const day of [
    'tomorrow',
    '2026-02-30',
    '2026-13-01',
    '24.12.2026',
    '2026-12-24T10:00',
    '2026-02-30T10:00Z',
    '2026-12-24T25:00Z',
  ])
    test(`that expires ${day}`, async () => {
      const args = [...item, '--owner', 'maria', '--expires', day, ...omar];
      expect(await act(still, 'waive', ...args)).toMatchObject({
        code: 2,
        notes: expect.stringContaining('expected --expires to be a day (YYYY-MM-DD) or an instant'),
      });
    });

  test('of a key that nobody entered, or that was retired', async () => {
    await using place = await operatorWorkplace();
    await writeFile(place.path('own.jwk'), JSON.stringify(generateKey('ES256')));
    expect(await act(place, 'suspend', '--key', 'own.jwk', '--evidence', 'evidence')).toMatchObject({
      code: 2,
      notes: expect.stringMatching(
        /expected a key of verifiers\.json in own\.jwk, got \S{43}; `assay operator key`/u,
      ),
    });
    const { keys } = await readVerifiers(place.path('operator/verifiers.json'));
    expect(await place.say('operator', 'retire', keys[1]?.id ?? '')).toMatchObject({ code: 0 });
    place.clock.now = new Date(place.clock.now.getTime() + 1);
    expect(await act(place, 'suspend', ...olga)).toMatchObject({ code: 2 });
    expect(await acts(place)).toEqual([]);
  });

  test('quotes nothing of a key that cannot be read', async () => {
    await using place = await operatorWorkplace();
    await writeFile(place.path('broken.jwk'), '{"d": "very-secret');
    const { code, notes } = await act(place, 'suspend', '--key', 'broken.jwk', '--evidence', 'evidence');
    expect({ code, notes }).toEqual({ code: 2, notes: expect.stringContaining('it is no JSON') });
    expect(notes).not.toContain('very-secret');
  });

  test('without an operator directory, or with one that says nothing', async () => {
    await using place = await emptyWorkplace();
    expect(await act(place, 'suspend', ...olga)).toMatchObject({
      code: 2,
      notes: expect.stringContaining('operator/verifiers.json cannot be read'),
    });
    await mkdir(place.path('operator'));
    await writeFile(place.path('operator/verifiers.json'), '{');
    expect(await act(place, 'suspend', ...olga)).toMatchObject({
      code: 2,
      notes: expect.stringContaining('expected JSON in'),
    });
  });

  test('without a key for the log', async () => {
    await using place = await operatorWorkplace();
    await writeFile(
      place.path('operator/signing.yaml'),
      'holder: harness\nstatements: {file: keys/harness.jwk}\n',
    );
    expect(await act(place, 'suspend', ...olga)).toMatchObject({
      code: 2,
      notes: expect.stringContaining('expected a key for the log under `log`'),
    });
  });

  test('in a directory whose log is another one’s, or has lost its checkpoint', async () => {
    await using place = await operatorWorkplace();
    await using other = await operatorWorkplace();
    await act(other, 'suspend', ...olga);
    const evidence = ['--key', 'operator/keys/olga.jwk', '--evidence', other.path('evidence')];
    expect(await act(place, 'suspend', ...evidence)).toMatchObject({
      code: 2,
      notes: expect.stringContaining('expected a checkpoint signed by'),
    });
    await writeFile(place.path('file'), '');
    expect(
      await act(place, 'suspend', '--key', 'operator/keys/olga.jwk', '--evidence', 'file'),
    ).toMatchObject({ code: 3, notes: expect.stringContaining('file') });
  });
});

test('what an actor writes cannot move the cursor of who reads it', async () => {
  await using place = await operatorWorkplace();
  await recordSample(place);
  const args = ['--integration', 'accounts-as', '--reason', 'over\u001B[2J', ...olga];
  const { output } = await place.say('act', 'suspend', ...args);
  expect(output).toContain('over⟨U+001B⟩[2J');
  expect(output).not.toContain('\u001B');
});
