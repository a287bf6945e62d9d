import type { Argv } from 'yargs';
import { environments, type Environment } from '../certification/certification.ts';
import { entitlements } from '../evidence/verifiers.ts';
import type { ExitCode } from './exit.ts';
import type { Io } from './io.ts';
import { operatorInitCommand, operatorKeyCommand, operatorRetireCommand } from './operator.ts';
import { evidence, operator, sinkOptions } from './options.ts';
import { statusCommand } from './status.ts';
import { submitCommand } from './submit.ts';
import { cosignCommand, endorseCommand, witnessKeyCommand } from './witness.ts';

const witness = {
  key: { type: 'string', demandOption: true, describe: "File with the witness's private key (JWK)" },
  name: {
    type: 'string',
    demandOption: true,
    describe: 'Name of the witness, like a URL without its scheme: witness.example.com',
  },
} as const;

/** Adds the commands with which a log is kept, and looked after. `ended` takes the exit code of the one that ran. */
export function addOperatorCommands(parser: Argv, io: Io, ended: (code: ExitCode) => void): Argv {
  return parser
    .command(
      'status',
      'Tell how integrations stand: state, run and age, suspicion, waivers, what an operator did',
      (command) =>
        command.options({
          evidence,
          operator,
          integration: { type: 'string', describe: 'Id of one integration. Default: all' },
          json: { type: 'boolean', default: false, describe: 'Print JSON' },
        }),
      async ({ evidence: directory, operator: base, integration, json }) =>
        ended(
          await statusCommand(io, {
            evidence: directory,
            operator: base,
            ...(integration === undefined ? {} : { integration }),
            format: json ? 'json' : 'text',
          }),
        ),
    )
    .command(
      'submit <file..>',
      'Hand in evidence that nobody took, and renew the proof in it',
      (command) =>
        command
          .positional('file', {
            type: 'string',
            array: true,
            demandOption: true,
            describe: 'evidence.json of a run',
          })
          .options(sinkOptions),
      async ({ file, evidence: directory, server, operator: base }) =>
        ended(
          await submitCommand(io, file, {
            operator: base,
            ...(directory === undefined ? {} : { evidence: directory }),
            ...(server === undefined ? {} : { server }),
          }),
        ),
    )
    .command('witness <command>', 'See that a log only grows, and sign that it did', (command) =>
      command
        .command(
          'key',
          'Make the key of a witness, and tell what to enter under witnesses in verifiers.json',
          (sub) => sub.options(witness),
          async ({ name, key }) => ended(await witnessKeyCommand(io, { name, key })),
        )
        .command(
          'cosign',
          'Write the signature line for the checkpoint of a log that extends what was seen of it',
          (sub) =>
            sub.options({
              ...witness,
              evidence,
              verifiers: {
                type: 'string',
                default: 'operator/verifiers.json',
                describe: 'Whose log it is',
              },
              seen: {
                type: 'string',
                demandOption: true,
                describe: 'File that remembers what the witness has seen',
              },
            }),
          async ({ name, key, evidence: directory, verifiers, seen }) =>
            ended(await cosignCommand(io, { name, key, evidence: directory, verifiers, seen })),
        )
        .command(
          'endorse <file>',
          "Add a witness's signature line to the checkpoint of one's own log",
          (sub) =>
            sub
              .positional('file', {
                type: 'string',
                demandOption: true,
                describe: 'What `assay witness cosign` wrote',
              })
              .options({ evidence, operator }),
          async ({ file, evidence: directory, operator: base }) =>
            ended(await endorseCommand(io, file, { evidence: directory, operator: base })),
        )
        .demandCommand(1, 'expected key, cosign or endorse; `assay witness --help` tells more'),
    )
    .command('operator <command>', "Make and keep an operator's directory", (command) =>
      command
        .command(
          'init',
          'Write keys, verifiers.json, rules, policy and connectors',
          (sub) =>
            sub.options({
              operator,
              holder: { type: 'string', demandOption: true, describe: 'The person who operates' },
              origin: {
                type: 'string',
                demandOption: true,
                describe: 'Name of the log, like a URL without its scheme: assay.example.com/log',
              },
            }),
          async ({ operator: directory, holder, origin }) =>
            ended(await operatorInitCommand(io, { directory, holder, origin })),
        )
        .command(
          'key',
          'Make a key for a person or a system that counts from now on',
          (sub) =>
            sub.options({
              operator,
              holder: { type: 'string', demandOption: true, describe: 'Whose it is' },
              may: {
                type: 'string',
                array: true,
                nargs: 1,
                choices: entitlements,
                demandOption: true,
                describe: 'What it may sign',
              },
              integration: {
                type: 'string',
                array: true,
                nargs: 1,
                default: [] as string[],
                describe: 'It counts for this integration only, as the key of a partner does',
              },
              environment: {
                type: 'string',
                array: true,
                nargs: 1,
                choices: environments,
                default: [] as Environment[],
                describe: 'It counts for this environment only',
              },
            }),
          async ({ operator: directory, holder, may, integration, environment }) =>
            ended(
              await operatorKeyCommand(io, {
                directory,
                holder,
                may,
                integrations: integration,
                environments: environment,
              }),
            ),
        )
        .command(
          'retire <id>',
          'Let a key sign nothing more; what it signed goes on to count',
          (sub) => sub.positional('id', { type: 'string', demandOption: true }).options({ operator }),
          async ({ operator: directory, id }) => ended(await operatorRetireCommand(io, { directory, id })),
        )
        .demandCommand(1, 'expected init, key or retire; `assay operator --help` tells more'),
    );
}
