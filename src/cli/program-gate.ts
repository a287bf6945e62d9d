import type { Argv } from 'yargs';
import { environments } from '../certification/certification.ts';
import { actions } from '../gate/decision.ts';
import type { ExitCode } from './exit.ts';
import { gateCommand } from './gate.ts';
import type { Io } from './io.ts';
import { evidence, json, operator } from './options.ts';
import { policyCheckCommand, policyTestCommand } from './policy.ts';
import { serveCommand } from './serve.ts';

/** Adds the commands that decide, and that serve decisions. `ended` takes the exit code of the one that ran. */
export function addGateCommands(parser: Argv, io: Io, ended: (code: ExitCode) => void): Argv {
  return parser
    .command(
      'gate',
      'Decide from evidence alone whether an integration may go live, or be used',
      (command) =>
        command.options({
          integration: { type: 'string', demandOption: true, describe: 'Id of the integration' },
          environment: { choices: environments, demandOption: true, describe: 'Where it would be used' },
          action: { choices: actions, default: 'promote' as const, describe: 'Go live, or be used now' },
          evidence,
          operator,
          verifiers: {
            type: 'string',
            describe: 'Whose signatures count. Default: verifiers.json of the operator',
          },
          policy: {
            type: 'string',
            describe: "Directory of a policy, or `default`. Default: the operator's",
          },
          seen: { type: 'string', describe: 'File that remembers the last checkpoint of the log' },
          'retry-while-pending': {
            type: 'number',
            default: 0,
            describe: 'Seconds to wait while evidence is on its way, or a failure unconfirmed',
          },
          'dry-run': { type: 'boolean', default: false, describe: 'Tell, and exit with 0' },
          ...json,
        }),
      async ({ integration, environment, action, retryWhilePending, dryRun, json: asJson, ...rest }) => {
        const { verifiers, policy, seen } = rest;
        ended(
          await gateCommand(io, {
            integration,
            environment,
            action,
            evidence: rest.evidence,
            operator: rest.operator,
            ...(verifiers === undefined ? {} : { verifiers }),
            ...(policy === undefined ? {} : { policy }),
            ...(seen === undefined ? {} : { seen }),
            retryWhilePending,
            run: dryRun ? 'dry' : 'real',
            format: asJson ? 'json' : 'text',
          }),
        );
      },
    )
    .command('policy <command>', 'Check a policy, or run its tests', (command) =>
      command
        .command(
          'check [directory]',
          'Look for mistakes, and for facts whose absence would open access',
          (sub) => sub.positional('directory', { type: 'string', default: 'operator/policy' }).options(json),
          async ({ directory, json: asJson }) =>
            ended(await policyCheckCommand(io, directory, asJson ? 'json' : 'text')),
        )
        .command(
          'test [directory]',
          'Run the cases of tests.yaml beside the policy',
          (sub) => sub.positional('directory', { type: 'string', default: 'operator/policy' }).options(json),
          async ({ directory, json: asJson }) =>
            ended(await policyTestCommand(io, directory, asJson ? 'json' : 'text')),
        )
        .demandCommand(1, 'expected check or test; `assay policy --help` tells more'),
    )
    .command(
      'serve',
      'Serve the gate, the log and what is published, and make decisions true at the connectors',
      (command) =>
        command.options({
          operator,
          evidence,
          database: {
            type: 'string',
            default: 'state',
            describe: 'postgres:// URL, or the directory of the embedded database',
          },
          gate: {
            type: 'string',
            default: '127.0.0.1:9411',
            describe: 'Where proxies ask; nobody else may reach it',
          },
          public: {
            type: 'string',
            default: '127.0.0.1:9412',
            describe: 'The log, trust marks, and where evidence is handed in',
          },
        }),
      async (options) => ended(await serveCommand(io, options)),
    );
}
