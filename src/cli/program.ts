import yargs from 'yargs';
import { editionIds } from '../profiles/editions.ts';
import { version } from '../report/version.ts';
import { doctorCommand } from './doctor.ts';
import { exit, type ExitCode } from './exit.ts';
import { explainCommand } from './explain.ts';
import { initFromArguments, initOptions } from './init-arguments.ts';
import { UsageError, type Io } from './io.ts';
import { listCommand, topics } from './list.ts';
import { peers } from './peers.ts';
import { json, sinkOptions } from './options.ts';
import { addEvidenceCommands, subjectOption, subjectsOf } from './program-evidence.ts';
import { addGateCommands } from './program-gate.ts';
import { addOperatorCommands } from './program-operator.ts';
import { replayCommand } from './replay.ts';
import { runCommand, type RunOptions } from './run.ts';
import { addSandboxCommand } from './sandbox.ts';

const privateNetwork = {
  'allow-private-network': {
    type: 'boolean',
    default: false,
    describe: 'Permit loopback, private and link-local addresses',
  },
} as const;

const network = (allowed: boolean): 'allowed' | 'refused' => (allowed ? 'allowed' : 'refused');
const format = (asJson: boolean): 'json' | 'text' => (asJson ? 'json' : 'text');

/** `assay`: the command line as a function of its arguments and what it may touch. */
export async function program(args: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = exit.pass;
  const commands = yargs([...args])
    .scriptName('assay')
    .usage('$0 <command>\n\nConformance tests for API partner integrations.')
    .command(
      'run <file..>',
      'Run the checks against integrations and judge them',
      (command) =>
        command
          .positional('file', {
            type: 'string',
            array: true,
            demandOption: true,
            describe: 'Integration files',
          })
          .options({
            profile: { choices: editionIds, describe: "Another profile edition than the file's" },
            only: {
              type: 'string',
              array: true,
              nargs: 1,
              default: [],
              describe: 'Requirement or check, id or glob',
            },
            grep: { type: 'string', describe: 'Regular expression that titles of checks must match' },
            workers: {
              type: 'number',
              describe: 'Checks at once; by default as many as processors, at most 4',
            },
            out: { type: 'string', default: 'reports', describe: 'Directory for the reports' },
            tier: {
              choices: ['fast', 'full'] as const,
              default: 'full' as const,
              describe: 'fast leaves out checks that must wait',
            },
            ...sinkOptions,
            ...subjectOption,
            ...json,
            ...privateNetwork,
          }),
      async ({
        file,
        profile,
        only,
        grep,
        workers,
        out,
        tier,
        json: asJson,
        allowPrivateNetwork,
        ...rest
      }) => {
        if (grep !== undefined) patternOf(grep);
        if (workers !== undefined && !(Number.isInteger(workers) && workers > 0))
          throw new UsageError(`expected --workers to be a whole number from 1, got ${String(workers)}`);
        code = await runCommand(io, file, {
          ...(profile === undefined ? {} : { profile }),
          only,
          ...(grep === undefined ? {} : { grep }),
          ...(workers === undefined ? {} : { workers }),
          format: format(asJson),
          out,
          tier,
          privateNetwork: network(allowPrivateNetwork),
          ...evidenceOf(rest),
        });
      },
    )
    .command(
      'doctor <file>',
      'Look at credentials, reachability, metadata and one flow before a run',
      (command) =>
        command
          .positional('file', { type: 'string', demandOption: true })
          .options({ ...json, ...privateNetwork }),
      async ({ file, json: asJson, allowPrivateNetwork }) => {
        code = await doctorCommand(io, file, {
          format: format(asJson),
          privateNetwork: network(allowPrivateNetwork),
        });
      },
    )
    .command(
      'init',
      'Write a commented integration file, by asking or from options',
      (command) => command.options({ ...initOptions, ...privateNetwork }),
      async ({ allowPrivateNetwork, ...options }) => {
        code = await initFromArguments(io, options, network(allowPrivateNetwork));
      },
    )
    .command(
      'explain <id>',
      'Tell what a requirement or a check demands, why, how it is tested, and what proves it',
      (command) => command.positional('id', { type: 'string', demandOption: true }).options(json),
      async ({ id, json: asJson }) => {
        code = await explainCommand(io, id, format(asJson));
      },
    )
    .command(
      'list <topic>',
      'List requirements, checks, mutants, profiles, or coverage',
      (command) =>
        command
          .positional('topic', { choices: topics, demandOption: true })
          .option('peer', {
            choices: peers,
            describe: 'coverage: by the modules of another test suite, instead of by requirements',
          })
          .check(({ topic, peer }) => {
            if (peer === undefined || topic === 'coverage') return true;
            throw new UsageError('--peer belongs to coverage: `assay list coverage --peer oidf`');
          })
          .options(json),
      async ({ topic, json: asJson, peer }) => {
        code = await listCommand(io, topic, {
          format: format(asJson),
          ...(peer === undefined ? {} : { peer }),
        });
      },
    )
    .command(
      'replay <run> <check>',
      'Run one check again and show expected, actual and the exchanges',
      (command) =>
        command
          .positional('run', { type: 'string', demandOption: true, describe: 'Directory or id of the run' })
          .positional('check', { type: 'string', demandOption: true, describe: 'Id of the check' })
          .options({
            out: { type: 'string', default: 'reports', describe: 'Directory of the reports' },
            ...json,
          }),
      async ({ run, check, out, json: asJson }) => {
        code = await replayCommand(io, run, check, { out, format: format(asJson) });
      },
    );
  const ended = (result: ExitCode): void => {
    code = result;
  };
  const parser = addSandboxCommand(
    addOperatorCommands(addGateCommands(addEvidenceCommands(commands, io, ended), io, ended), io, ended),
    io,
    ended,
  )
    .epilogue(
      'Exit codes: 0 pass, 1 the subject failed, 2 configuration, 3 environment or harness, 4 inconclusive.',
    )
    .demandCommand(1, 'expected a command; `assay --help` lists them')
    .strict()
    .recommendCommands()
    .version(version)
    .help()
    .wrap(Math.min(110, io.width))
    .exitProcess(false)
    .fail((message, error) => {
      throw (
        error ?? new UsageError(message.startsWith('Did you mean') ? `unknown command; ${message}` : message)
      );
    });
  try {
    await parser.parseAsync(args, {}, (_error, _argv, output) => {
      if (output !== '') io.write(`${output}\n`);
    });
  } catch (error) {
    return failed(error, io);
  }
  return code;
}

/** Where evidence of a run goes; nothing where neither a directory nor a server is named. */
function evidenceOf(options: {
  readonly evidence: string | undefined;
  readonly server: string | undefined;
  readonly operator: string;
  readonly subject: readonly string[];
}): Pick<RunOptions, 'evidence'> {
  const { evidence, server, operator, subject } = options;
  if (evidence === undefined && server === undefined) return {};
  return {
    evidence: {
      operator,
      subjects: subjectsOf(subject),
      ...(evidence === undefined ? {} : { evidence }),
      ...(server === undefined ? {} : { server }),
    },
  };
}

function patternOf(text: string): void {
  try {
    RegExp(text, 'u');
  } catch (cause) {
    throw new UsageError(`expected --grep to be a regular expression, got ${JSON.stringify(text)}`, {
      cause,
    });
  }
}

/** Says once what went wrong, and whose it is to mend. */
function failed(error: unknown, io: Io): ExitCode {
  if (!(error instanceof Error)) throw error;
  const fault = 'fault' in error ? error.fault : undefined;
  if (fault === undefined) {
    io.note(`assay: a defect of Assay itself: ${error.stack ?? error.message}\n`);
    return exit.environment;
  }
  io.note(`${error.message}\n`);
  return fault === 'configuration' ? exit.configuration : exit.environment;
}
