import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { changed } from '../directory/sample.ts';
import { editions } from '../profiles/editions.ts';
import { catalogue, requirementIds } from '../requirements/catalogue.ts';
import type { ExitCode } from './exit.ts';
import { killTable } from './kill-table.ts';
import { program } from './program.ts';

interface Said {
  readonly code: ExitCode;
  readonly output: string;
  readonly notes: string;
}

/** Runs a command within this process. */
async function say(args: readonly string[], cwd = tmpdir()): Promise<Said> {
  let [output, notes] = ['', ''];
  const code = await program(args, {
    write: (text) => (output += text),
    note: (text) => (notes += text),
    colour: 'off',
    width: 100,
    cwd,
    env: process.env,
    now: () => new Date('2026-11-22T12:00:00Z'),
    stop: new AbortController().signal,
  });
  return { code, output, notes };
}

const json = async (...args: readonly string[]): Promise<unknown> =>
  JSON.parse((await say([...args, '--json'])).output);

test.describe('the command line', () => {
  test('tells its commands and exit codes', async () => {
    const { code, output, notes } = await say(['--help']);
    expect({ code, notes }).toEqual({ code: 0, notes: '' });
    for (const command of ['run', 'doctor', 'init', 'explain', 'list', 'replay'])
      expect(output).toContain(`assay ${command}`);
    expect(output).toContain('Exit codes: 0 pass');
  });

  test('tells the options of a command', async () => {
    const { code, output } = await say(['run', '--help']);
    expect(code).toBe(0);
    for (const option of ['profile', 'only', 'grep', 'workers', 'json', 'out', 'tier'])
      expect(output).toContain(`--${option}`);
  });

  test('tells its version', async () => {
    expect(await say(['--version'])).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^\d+\.\d+\.\d+\n$/u),
    });
  });

  for (const [args, says] of [
    [[], 'expected a command'],
    [['rnu', 'file.yaml'], 'Did you mean run?'],
    [['run'], 'Not enough'],
    [['run', 'file.yaml', '--colour'], 'colour'],
    [['run', 'file.yaml', '--tier', 'slow'], '"fast", "full"'],
    [['run', 'file.yaml', '--workers', 'many'], '--workers'],
    [['run', 'file.yaml', '--workers', '0'], '--workers'],
    [['run', 'file.yaml', '--grep', '('], 'regular expression'],
    [['run', 'file.yaml', '--profile', 'fapi3'], 'fapi2-sp-final'],
    [['list', 'chekcs'], '"checks"'],
    [['run', 'missing.yaml'], 'missing.yaml:1:1  (document)  there is no such file'],
    [['doctor', 'missing.yaml'], 'there is no such file'],
    [['replay', '20261122T120000Z-abcdef', 'x/y/z'], 'id of a run'],
  ] as const)
    test(`names the mistake in \`assay ${args.join(' ')}\``, async () => {
      const { code, output, notes } = await say(args);
      expect({ code, output }).toEqual({ code: 2, output: '' });
      expect(notes).toContain(says);
      expect(notes).not.toMatch(/\n\s+at |defect of Assay/u);
    });
});

test('a file with ten mistakes has all of them named, with their places', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'assay-mistakes-'));
  const text = changed(
    ['environment: sandbox', 'environment: sandbx'],
    ['roles: [authorization-server, resource-server]', 'roles: [authorization-sever]'],
    ['edition: fapi2-sp-flows-1', 'edition: fapi2-sp-flow-1'],
    ['sender_constraint: dpop', 'sender_constrain: dpop'],
    ['issuer: https://as.acme.example', 'issuer: http://as.acme.example'],
    ['redirect_uri: https://client.example/callback', 'redirect_uri: client.example/callback'],
    ['scope: accounts\n', 'scope: acounts\n'],
    ['method: POST', 'method: PSOT'],
    ['features: [refresh-token]', 'features: [refresh-tokens]'],
    ['approver: omar', 'approver: maria'],
  );
  await writeFile(join(directory, 'mistaken.yaml'), text);
  const { code, output, notes } = await say(['run', 'mistaken.yaml'], directory);
  await rm(directory, { recursive: true });
  expect({ code, output }).toEqual({ code: 2, output: '' });
  const lines = notes.split('\n');
  for (const [pointer, says] of [
    ['/environment', 'sandbox'],
    ['/roles/0', 'authorization-server'],
    ['/profile/edition', 'fapi2-sp-flows-1'],
    ['/profile/sender_constrain', 'sender_constraint'],
    ['/issuer', 'https'],
    ['/clients/0/redirect_uri', 'expected'],
    ['/resources/0/scope', 'accounts'],
    ['/resources/1/method', 'POST'],
    ['/features/0', 'refresh-token'],
    ['/waivers/0/approver', 'owner'],
  ] as const) {
    const line = lines.find((each) => each.includes(`  ${pointer}  `));
    expect(line ?? `nothing about ${pointer} in\n${notes}`).toMatch(/mistaken\.yaml:\d+:\d+ {2}/u);
    expect(line).toContain(says);
  }
  // The missing files of the sample are named in the same go.
  expect(notes).toContain('/trust/0');
});

test.describe('assay explain', () => {
  test('tells what a requirement demands, why, and what tests it', async () => {
    const { code, output } = await say(['explain', 'fapi2-sp/5.3.2.2-5']);
    expect(code).toBe(0);
    const { text, why, link } = catalogue['fapi2-sp/5.3.2.2-5'];
    for (const part of [text, why, link, 'authorization-server/par/rejects-the-plain-method'])
      expect(output).toContain(part);
  });

  test('tells why a requirement is not tested', async () => {
    const { untested = 'none' } = catalogue['fapi2-sp/5.3.3.1-10'];
    expect((await say(['explain', 'fapi2-sp/5.3.3.1-10'])).output).toContain(untested);
  });

  test('tells what a check states, where it is and what it is for', async () => {
    const about = await json('explain', 'authorization-server/par/rejects-the-plain-method');
    expect(about).toMatchObject({
      check: 'authorization-server/par/rejects-the-plain-method',
      states: 'rejects the plain method',
      source: expect.stringMatching(/^suites\/authorization-server\/par\.spec\.ts:\d+$/u),
      requirements: [expect.stringContaining('fapi2-sp/5.3.2.2-5: ')],
      why: [catalogue['fapi2-sp/5.3.2.2-5'].why],
    });
  });

  test('suggests what was meant', async () => {
    for (const [mistyped, meant] of [
      ['fapi2-sp/5.3.2.2.5', 'fapi2-sp/5.3.2.2-5'],
      ['authorization-server/par/rejects-plain-method', 'authorization-server/par/rejects-the-plain-method'],
    ] as const)
      expect(await say(['explain', mistyped])).toMatchObject({
        code: 2,
        output: '',
        notes: expect.stringContaining(`did you mean ${meant}?`),
      });
    expect((await say(['explain', 'toString'])).code).toBe(2);
  });
});

test.describe('assay list', () => {
  test('coverage: each requirement with counts of checks and mutants, or the reason', async () => {
    const rows = await json('list', 'coverage');
    expect(rows).toEqual(
      requirementIds.map((id) => {
        const { party, level, untested } = catalogue[id];
        const row = { id, role: party, level, checks: expect.any(Number), mutants: expect.any(Number) };
        return untested === undefined ? row : { ...row, checks: 0, untested };
      }),
    );
  });

  test('checks: id, title, suite and requirements', async () => {
    const rows = (await json('list', 'checks')) as readonly Readonly<Record<string, unknown>>[];
    expect(rows.length).toBeGreaterThanOrEqual(60);
    for (const row of rows)
      expect(row).toEqual({
        id: expect.stringContaining(`${String(row['suite'])}/`),
        title: expect.any(String),
        suite: expect.stringMatching(/^[a-z-]+\/[a-z-]+$/u),
        requirements: expect.arrayContaining([
          expect.stringMatching(/^(?:fapi2-(?:sp|ms)|rfc\d+|oidc-core|jarm|openapi|idempotency-key)\//u),
        ]),
      });
  });

  test('mutants: name, fixture and what each breaks', async () => {
    const rows = (await json('list', 'mutants')) as readonly unknown[];
    expect(rows).toHaveLength(killTable.length);
    for (const row of rows)
      expect(row).toEqual({
        name: expect.any(String),
        fixture: expect.stringMatching(/^(?:authorization-server|resource-server|client)$/u),
        breaks: expect.arrayContaining([
          expect.stringMatching(/^(?:fapi2-(?:sp|ms)|rfc\d+|oidc-core|jarm|openapi|idempotency-key)\//u),
        ]),
      });
  });

  test('requirements and profiles', async () => {
    expect(await json('list', 'requirements')).toHaveLength(requirementIds.length);
    expect(await json('list', 'profiles')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          id: 'fapi2-servers-1',
          requirements: editions['fapi2-servers-1'].requirements.length,
        }),
      ]),
    );
  });

  test('coverage by the modules of another suite', async () => {
    const rows = await json('list', 'coverage', '--peer', 'oidf');
    expect(rows).toHaveLength(110);
    expect(rows).toContainEqual({
      module: 'fapi2-security-profile-final-par-plain-pkce-rejected',
      checks: 1,
      by: ['authorization-server/par/rejects-the-plain-method'],
    });
    const { code, notes } = await say(['list', 'checks', '--peer', 'oidf']);
    expect({ code, notes }).toEqual({
      code: 2,
      notes: expect.stringContaining('--peer belongs to coverage'),
    });
  });

  test('a table for people', async () => {
    const { code, output } = await say(['list', 'profiles']);
    expect(code).toBe(0);
    expect(output.split('\n')[0]).toMatch(/^id +title +requirements +about$/u);
  });
});
