import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { operatorWorkplace, recordSample, type Workplace } from './sample.ts';

test.describe.configure({ mode: 'default' });

let place: Workplace;

const act = async (deed: string, integration: string, ...more: readonly string[]): Promise<void> => {
  const key = deed === 'waive' ? 'omar' : 'olga';
  const common = ['--integration', integration, '--reason', 'incident 7', '--evidence', 'evidence'];
  const { code, notes } = await place.say(
    'act',
    deed,
    ...common,
    '--key',
    `operator/keys/${key}.jwk`,
    ...more,
  );
  if (code !== 0) throw new Error(notes);
};

test.beforeAll(async () => {
  place = await operatorWorkplace();
  const item = ['--requirement', 'fapi2-sp/5.3.2.1-11', '--edition', 'fapi2-sp-final'];
  await recordSample(place);
  await act('waive', 'accounts-as', ...item, '--owner', 'maria', '--expires', '2026-11-21');
  await act(
    'register',
    'acme-1',
    '--partner',
    'acme',
    '--role',
    'authorization-server',
    '--environment',
    'production',
  );
  await act('break-glass', 'acme-1', '--hours', '2', '--environment', 'production');
  await act('revoke', 'acme-2', '--environment', 'sandbox');
  await act(
    'waive',
    'acme-3',
    ...item,
    '--owner',
    'maria',
    '--expires',
    '2026-12-31',
    '--environment',
    'sandbox',
  );
});

test.afterAll(() => place[Symbol.asyncDispose]());

test.afterEach(() => {
  place.clock.now = new Date('2026-11-20T03:00:00.000Z');
});

test('a table of every integration, environment and edition, with what is the matter below', async () => {
  place.clock.now = new Date('2026-11-20T03:10:00.000Z');
  const { code, output, notes } = await place.say('status');
  expect({ code, notes }).toEqual({
    code: 0,
    notes: expect.stringMatching(/^The log log\.example\/assay has \d+ entries\.\n$/u),
  });
  const lines = output.split('\n');
  expect(lines[0]).toMatch(/^INTEGRATION +ENVIRONMENT +EDITION +STATE +SINCE +RUN +AGE$/u);
  expect(output).toMatch(/^accounts-as +sandbox +fapi2-sp-final +\w+ +2026-\S+ \S+ UTC/mu);
  expect(output).toMatch(
    /^ {4}waived fapi2-sp\/5\.3\.2\.1-11 until 2026-11-21 23:59:59 UTC by Omar, owner maria: incident 7$/mu,
  );
  expect(output).toMatch(/^acme-1 +production +uncertified/mu);
  expect(output).toMatch(/^ {4}glass broken by Olga until 2026-11-20 05:00:00 UTC: incident 7$/mu);
  expect(output).toMatch(/^acme-2 +sandbox +uncertified/mu);
  expect(output).toMatch(
    /^acme-3 +sandbox +uncertified\n {4}waived fapi2-sp\/5\.3\.2\.1-11 until 2026-12-31/mu,
  );
  expect(output).toMatch(/^ {4}held by Olga \(revoke\) since 2026-11-20 03:00:00 UTC: incident 7$/mu);
});

test('tells as time goes by', async () => {
  place.clock.now = new Date('2026-11-24T03:10:00.000Z');
  const { output } = await place.say('status');
  expect(output).not.toContain('glass broken');
  expect(output).toContain('the waiver of fapi2-sp/5.3.2.1-11 by Omar ended 2026-11-21 23:59:59 UTC');
});

test('one integration, and all of it for programs', async () => {
  const { output } = await place.say('status', '--integration', 'acme-1', '--json');
  expect(JSON.parse(output)).toEqual({
    at: '2026-11-20T03:00:00.000Z',
    log: { origin: 'log.example/assay', size: expect.any(Number) },
    integrations: [
      expect.objectContaining({
        integration: 'acme-1',
        completeness: 'complete',
        problems: [],
        registrations: [expect.objectContaining({ environment: 'production' })],
        break_glass: [expect.objectContaining({ actor: 'Olga' })],
        certifications: [],
      }),
    ],
  });
  expect(await place.say('status', '--integration', 'acme-9')).toMatchObject({
    code: 2,
    output: '',
    notes: expect.stringContaining('expected the id of an integration in the log, got "acme-9"'),
  });
});

test('an edition that is retired for all is so for those that begin later, too', async () => {
  await using other = await operatorWorkplace();
  const given = ['--key', 'operator/keys/olga.jwk', '--evidence', 'evidence', '--reason', 'old'];
  await other.say('act', 'retire-edition', '--integration', '*', '--edition', 'fapi2-sp-final', ...given);
  await recordSample(other);
  const { output } = await other.say('status', '--json');
  expect(JSON.parse(output)).toMatchObject({
    integrations: [{ integration: 'accounts-as', retired: ['fapi2-sp-final'] }],
  });
});

test('what is missing of an integration is told, and is no success', async () => {
  await using other = await operatorWorkplace();
  await recordSample(other);
  const [name = ''] = await readdir(other.path('evidence/objects'));
  const path = other.path(`evidence/objects/${name}`);
  await writeFile(path, (await readFile(path, 'utf8')).replace('payload', 'Payload'));
  const { code, output } = await other.say('status');
  expect(code).toBe(4);
  expect(output).toMatch(
    /^ {4}incomplete: entry \d+: expected objects\/\S+ to have the digest in its name/mu,
  );
});

test('an empty log, and no log', async () => {
  await using other = await operatorWorkplace();
  expect(await other.say('status')).toMatchObject({
    code: 3,
    notes: expect.stringContaining('expected an evidence directory with a checkpoint in'),
  });
  expect(await other.say('status', '--operator', 'none')).toMatchObject({ code: 2 });
});
