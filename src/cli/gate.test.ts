import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { sampleAct, sampleResult } from '../certification/sample.ts';
import type { Statement } from '../evidence/statement.ts';
import type { Decision } from '../gate/decision.ts';
import { inHours, sampleEvidence, sampleNow, soundRegistered } from '../gate/sample.ts';
import type { ExitCode } from './exit.ts';
import { gateCommand, type GateOptions } from './gate.ts';
import type { Io } from './io.ts';
import { policyCheckCommand, policyTestCommand } from './policy.ts';

const register = sampleAct({ kind: 'register', registration: soundRegistered }, inHours(-50));
const pass = sampleResult({ finished: inHours(-3), requirements: { 'spec/a': 'pass' } });
const failure = sampleResult({
  finished: inHours(-0.1),
  requirements: { 'spec/a': 'fail', 'spec/b': 'pass' },
});

interface Workplace extends AsyncDisposable {
  readonly directory: string;
  gate(more?: Partial<GateOptions>): Promise<{ code: ExitCode; output: string; notes: string }>;
  say(command: (io: Io) => Promise<ExitCode>): Promise<{ code: ExitCode; output: string; notes: string }>;
}

/** A directory with evidence/ and operator/, as commands find them. */
async function workplace(statements: readonly Statement[]): Promise<Workplace> {
  const evidence = await sampleEvidence(statements);
  const directory = join(evidence.directory, 'work');
  await mkdir(join(directory, 'operator/policy'), { recursive: true });
  await cp(
    new URL('../gate/default.cedar', import.meta.url),
    join(directory, 'operator/policy/default.cedar'),
  );
  await writeFile(join(directory, 'operator/verifiers.json'), JSON.stringify(evidence.verifiers));
  await writeFile(join(directory, 'operator/rules.yaml'), '');
  const say: Workplace['say'] = async (command) => {
    let [output, notes] = ['', ''];
    const code = await command({
      write: (text) => (output += text),
      note: (text) => (notes += text),
      colour: 'off',
      width: 100,
      cwd: directory,
      env: {},
      now: () => sampleNow,
      stop: new AbortController().signal,
    });
    return { code, output, notes };
  };
  return {
    directory,
    say,
    gate: (more = {}) =>
      say((io) =>
        gateCommand(io, {
          integration: 'acme-1',
          environment: 'production',
          action: 'access',
          evidence: '..',
          operator: 'operator',
          retryWhilePending: 0,
          run: 'real',
          format: 'text',
          ...more,
        }),
      ),
    [Symbol.asyncDispose]: () => evidence[Symbol.asyncDispose](),
  };
}

test('what is in force passes, with a table of what was required and what is there', async () => {
  await using place = await workplace([register, pass]);
  const { code, output } = await place.gate();
  expect(code).toBe(0);
  expect(output).toMatch(/^ALLOW {2}access production {2}acme-1 {2}\(production-access, 2026/u);
  expect(output).toMatch(/RULE +REQUIRED +THERE/u);
  expect(output).toMatch(/production\["fapi2-sp-flows-1"\]\.silence_hours <= 26 +met +3\n/u);
  expect(output).toMatch(/production\["fapi2-sp-final"\]\.silence_hours <= 26 +lacks +unknown\n/u);
});

test('what is suspended, unknown or without evidence is denied, with the reason', async () => {
  await using place = await workplace([register, pass, sampleAct({ kind: 'suspend' }, inHours(-1))]);
  expect(await place.gate()).toMatchObject({
    code: 1,
    output: expect.stringMatching(/^DENY .*\(no-rule, .*\n.*suspend by olga \(incident 7\)/u),
  });
  expect(await place.gate({ run: 'dry' })).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^DENY/u),
  });
  expect(await place.gate({ integration: 'nobody', format: 'json' })).toMatchObject({ code: 1 });
  const { output } = await place.gate({ integration: 'nobody', format: 'json' });
  expect(JSON.parse(output)).toMatchObject({ decision: 'deny', rule: 'not-registered' });
});

test('a damaged or forged log is a denial, and says what is wrong', async () => {
  await using place = await workplace([register, pass]);
  const checkpoint = join(place.directory, '../checkpoint');
  const text = await readFile(checkpoint, 'utf8');
  await writeFile(checkpoint, text.replace(/\n3\n/u, '\n2\n'));
  const { code, output } = await place.gate({ format: 'json' });
  const { rule, reasons } = JSON.parse(output) as Decision;
  expect({ code, rule }).toEqual({ code: 1, rule: 'incomplete-log' });
  expect(reasons).toHaveLength(2);
});

test('a log that was set back behind what was seen is a denial', async () => {
  await using place = await workplace([register, pass]);
  await using earlier = await sampleEvidence([register]);
  expect((await place.gate()).code).toBe(0);
  const seen = join(place.directory, 'operator/seen-checkpoint');
  expect(await readFile(seen, 'utf8')).toBe(await readFile(join(place.directory, '../checkpoint'), 'utf8'));
  await cp(join(earlier.directory, 'checkpoint'), seen);
  expect(await place.gate()).toMatchObject({
    code: 1,
    output: expect.stringMatching(/incomplete-log[^]*Seen before/u),
  });
});

test('a wrong set-up is one error', async () => {
  await using place = await workplace([register, pass]);
  await expect(place.gate({ verifiers: 'nowhere.json' })).rejects.toMatchObject({ fault: 'configuration' });
  await expect(place.gate({ evidence: 'nowhere' })).rejects.toMatchObject({ fault: 'environment' });
  await rm(join(place.directory, 'operator/policy'), { recursive: true });
  await expect(place.gate()).rejects.toMatchObject({ fault: 'configuration', code: 'no-policy' });
  expect(await place.gate({ policy: 'default' })).toMatchObject({ code: 0 });
});

test('shadow mode passes, and says that it would not', async () => {
  await using place = await workplace([register]);
  await writeFile(join(place.directory, 'operator/policy/policy.yaml'), 'mode: { production: shadow }\n');
  expect(await place.gate()).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^DENY .*\(no-evidence, shadow,/u),
    notes: expect.stringContaining('would be denied'),
  });
});

test('what is pending is looked at again until the time is over', async () => {
  await using place = await workplace([register]);
  const { code, notes } = await place.gate({ retryWhilePending: 0.2 });
  expect(code).toBe(1);
  expect(notes).toContain('no run has shown anything of acme-1 yet; looking again');
});

test('a critical failure that waits for reruns does not close access, and holds up promotion', async () => {
  await using place = await workplace([register, pass, failure]);
  expect((await place.gate()).code).toBe(0);
  const { code, notes } = await place.gate({ action: 'promote', retryWhilePending: 0.1 });
  expect(code).toBe(1);
  expect(notes).toContain('a failure under fapi2-sp-flows-1 in production waits for its reruns');
});

test.describe('assay policy', () => {
  test('checks a policy, and names a rule that opens because something is missing', async () => {
    await using place = await workplace([]);
    const check = (format: 'text' | 'json') =>
      place.say((io) => policyCheckCommand(io, 'operator/policy', format));
    expect(await check('text')).toMatchObject({
      code: 0,
      output: expect.stringMatching(/production-access .*default\.cedar:\d+[^]*tried every combination/u),
    });
    await writeFile(
      join(place.directory, 'operator/policy/more.cedar'),
      '@id("lax") permit (principal, action, resource) when { context.credentials_days < 5 };',
    );
    expect(await check('text')).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /lax opens .* because something is missing:[^]*credentials_days is "unknown"/u,
      ),
    });
    expect(JSON.parse((await check('json')).output)).toMatchObject({ counterexample: { rule: 'lax' } });
  });

  test('tests a policy by its cases', async () => {
    await using place = await workplace([]);
    const cases = (expected: string): string =>
      `cases:\n  - name: sound\n    ask: access production\n    facts: { production: { fapi2-sp-flows-1: {} } }\n    expect: ${expected}\n`;
    const run = async (text: string) => {
      await writeFile(join(place.directory, 'operator/policy/tests.yaml'), text);
      return place.say((io) => policyTestCommand(io, 'operator/policy', 'text'));
    };
    expect(await run(cases('allow'))).toMatchObject({ code: 0, output: expect.stringContaining('1 of 1') });
    expect(await run(cases('deny'))).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /tests\.yaml:2 {2}sound\n {2}expected deny, got allow by production-access/u,
      ),
    });
    await expect(run('cases: 5\n')).rejects.toMatchObject({ code: 'bad-tests', fault: 'configuration' });
  });
});
