import { resolve } from 'node:path';
import { findCounterexample, type Counterexample } from '../gate/monotonic.ts';
import { loadPolicyTests, runPolicyTests } from '../gate/policy-tests.ts';
import { loadPolicy, type Policy } from '../gate/policy.ts';
import { exit, type ExitCode } from './exit.ts';
import type { Io } from './io.ts';

type Format = 'text' | 'json';

/** Validates a policy, and looks for a rule that opens because something is missing: exit code 1 when there is one. */
export async function policyCheckCommand(io: Io, directory: string, format: Format): Promise<ExitCode> {
  const policy = await loadPolicy(resolve(io.cwd, directory));
  const { counterexample, tried, extent } = findCounterexample(policy, Math.random);
  if (format === 'json') {
    const { rules, mode, digest } = policy;
    io.write(`${JSON.stringify({ rules, mode, digest, tried, extent, counterexample }, undefined, 2)}\n`);
  } else {
    io.write(describe(policy));
    io.write(
      counterexample === undefined
        ? `No rule opens because something is missing: tried ${extent} combination${extent === 'every' ? '' : 's'} of the values at which conditions change (${tried}).\n`
        : tell(counterexample),
    );
  }
  return counterexample === undefined ? exit.pass : exit.fail;
}

function describe({ rules, mode }: Policy): string {
  const lines = rules.map(
    ({ id, file, line, reason }) => `${id}  ${file}:${line}${reason === undefined ? '' : `  ${reason}`}\n`,
  );
  return `${lines.join('')}sandbox: ${mode.sandbox}, production: ${mode.production}\n`;
}

function tell({ rule, action, environment, denied, allowed, others }: Counterexample): string {
  const list = (facts: Readonly<Record<string, unknown>>): string =>
    Object.entries(facts)
      .map(([name, value]) => `${name} is ${JSON.stringify(value)}`)
      .join(', ');
  return [
    `${rule} opens ${action} in ${environment} because something is missing:`,
    `  denied where ${list(denied)}`,
    `  allowed where ${list(allowed)}`,
    ...(Object.keys(others).length > 0 ? [`  both where ${list(others)}`] : []),
    'Whoever can make the fact disappear is let in. Say what must be the case, not what must not.\n',
  ].join('\n');
}

/** Asks a policy the cases of its tests.yaml: exit code 1 when one is decided otherwise. */
export async function policyTestCommand(io: Io, directory: string, format: Format): Promise<ExitCode> {
  const folder = resolve(io.cwd, directory);
  const policy = await loadPolicy(folder);
  const file = resolve(folder, 'tests.yaml');
  const outcomes = runPolicyTests(policy, await loadPolicyTests(file));
  const failed = outcomes.filter(({ ok }) => !ok);
  if (format === 'json') io.write(`${JSON.stringify({ cases: outcomes }, undefined, 2)}\n`);
  else {
    for (const { name, line, expected, got, because } of failed)
      io.write(
        `${file}:${line}  ${name}\n  expected ${expected}, got ${got}\n${because.map((each) => `  ${each}\n`).join('')}`,
      );
    io.write(`${outcomes.length - failed.length} of ${outcomes.length} cases are decided as expected.\n`);
  }
  return failed.length === 0 ? exit.pass : exit.fail;
}
