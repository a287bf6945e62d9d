import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { loadIntegration } from '../directory/load.ts';
import type { Fault } from '../verdict/verdict.ts';
import { exit, type ExitCode } from './exit.ts';
import { renderFindings } from './findings.ts';
import type { Io } from './io.ts';
import { testedIn } from './tested.ts';

const codes: Readonly<Record<Fault, ExitCode>> = {
  subject: exit.fail,
  configuration: exit.configuration,
  environment: exit.environment,
  harness: exit.environment,
};

/** Looks at everything that a run needs, and says of each finding whose it is and what to do. */
export async function doctorCommand(
  io: Io,
  file: string,
  {
    format,
    privateNetwork,
  }: { readonly format: 'text' | 'json'; readonly privateNetwork: 'allowed' | 'refused' },
): Promise<ExitCode> {
  const salt = randomBytes(16).toString('base64url');
  const loaded = await loadIntegration(resolve(io.cwd, file), io.now());
  const findings = await testedIn(loaded, {
    privateNetwork,
    salt,
    env: io.env,
    note: (text) => io.note(text),
  }).examine();
  const problem = findings.find(({ state }) => state === 'problem');
  if (format === 'json') io.write(`${JSON.stringify(findings, undefined, 2)}\n`);
  else
    io.write(
      `${renderFindings(findings, io.colour)}\n${problem ? `Not ready: ${problem.what}.` : 'Ready: `assay run` can judge this integration.'}\n`,
    );
  return problem ? codes[problem.fault ?? 'harness'] : exit.pass;
}
