import type { Argv } from 'yargs';
import { environments } from '../certification/certification.ts';
import { parseSubject } from '../evidence/test-result.ts';
import { actCommand } from './act.ts';
import { deedOf, deeds } from './deed.ts';
import type { ExitCode } from './exit.ts';
import { exportCommand, exportFormats } from './export.ts';
import type { Io } from './io.ts';
import { json, sinkOptions } from './options.ts';
import { discloseCommand } from './record.ts';
import { verifyCommand } from './verify.ts';

const list = { type: 'string', array: true, nargs: 1, default: [] as string[] } as const;

export const subjectOption = {
  subject: { ...list, describe: 'What else it is about: name=sha256:DIGEST or name=gitCommit:DIGEST' },
} as const;

export const subjectsOf = (texts: readonly string[]) => texts.map(parseSubject);

/** Adds the commands that read evidence, and that act on it. `ended` takes the exit code of the one that ran. */
export function addEvidenceCommands(parser: Argv, io: Io, ended: (code: ExitCode) => void): Argv {
  return parser
    .command(
      'verify <file..>',
      'Verify evidence offline: bundles, and exchanges that were disclosed of them',
      (command) =>
        command
          .positional('file', {
            type: 'string',
            array: true,
            demandOption: true,
            describe: 'evidence.json of a run',
          })
          .options({
            verifiers: {
              type: 'string',
              default: 'operator/verifiers.json',
              describe: 'Whose signatures count',
            },
            seen: { type: 'string', describe: 'File that remembers the last checkpoint of the log' },
            evidence: {
              type: 'string',
              describe: 'A copy of the evidence directory, to compare the log with',
            },
            ...subjectOption,
            ...json,
          }),
      async ({ file, verifiers, seen, evidence, subject, json: asJson }) => {
        ended(
          await verifyCommand(io, file, {
            verifiers,
            ...(seen === undefined ? {} : { seen }),
            ...(evidence === undefined ? {} : { evidence }),
            subjects: subjectsOf(subject),
            format: asJson ? 'json' : 'text',
          }),
        );
      },
    )
    .command(
      'disclose <run> <check>',
      'Write the document that shows one exchange of a run, and nothing of the others',
      (command) =>
        command
          .positional('run', { type: 'string', demandOption: true, describe: 'Directory or id of the run' })
          .positional('check', { type: 'string', demandOption: true, describe: 'Id of the check' })
          .options({
            exchange: { type: 'number', default: 1, describe: 'Position of the exchange in the check' },
            out: { type: 'string', default: 'reports', describe: 'Directory of the reports' },
          }),
      async ({ run, check, exchange, out }) =>
        ended(await discloseCommand(io, run, check, { exchange, out })),
    )
    .command(
      'act <deed>',
      'Sign and log what an operator does: register, suspend, revoke, reinstate, waive, break glass, and so on',
      (command) =>
        command.positional('deed', { choices: deeds, demandOption: true }).options({
          integration: {
            type: 'string',
            demandOption: true,
            describe: 'Id of the integration; * with retire-edition',
          },
          environment: { choices: environments, describe: 'Without it the act concerns all environments' },
          reason: { type: 'string', demandOption: true, describe: 'Why' },
          key: {
            type: 'string',
            demandOption: true,
            describe: 'File with the private key (JWK) of who acts',
          },
          partner: { type: 'string', describe: 'register: the organisation' },
          role: {
            ...list,
            describe: 'register: what the software is: authorization-server, resource-server or client',
          },
          client: { ...list, describe: 'register: a client_id of its own' },
          certificate: { ...list, describe: 'register: a client certificate, PEM file or thumbprint' },
          scope: { ...list, describe: 'register: a scope that it may be granted' },
          'credentials-expire': { type: 'string', describe: 'register: default from the certificates' },
          requirement: { type: 'string', describe: 'waive, dispute: the requirement' },
          edition: { type: 'string', describe: 'waive, dispute, retire-edition: the profile edition' },
          owner: { type: 'string', describe: 'waive: who will mend it; another person than who signs' },
          expires: { type: 'string', describe: 'waive: last day, or instant' },
          hours: { type: 'number', describe: 'break-glass: for how long' },
          ...sinkOptions,
          ...json,
        }),
      async ({
        deed,
        integration,
        environment,
        reason,
        key,
        evidence,
        server,
        operator,
        json: asJson,
        ...rest
      }) => {
        const { partner, role, client, certificate, scope, credentialsExpire } = rest;
        const { requirement, edition, owner, expires, hours } = rest;
        const registered = { partner, role, client, certificate, scope, credentialsExpire };
        const done = await deedOf(io, deed, { ...registered, requirement, edition, owner, expires, hours });
        ended(
          await actCommand(io, done, {
            integration,
            ...(environment === undefined ? {} : { environment }),
            reason,
            key,
            operator,
            ...(evidence === undefined ? {} : { evidence }),
            ...(server === undefined ? {} : { server }),
            format: asJson ? 'json' : 'text',
          }),
        );
      },
    )
    .command(
      'export <format> <name..>',
      'Write verified evidence for other tools: OSCAL, CTRF, or the fields of a participants directory',
      (command) =>
        command
          .positional('format', { choices: exportFormats, demandOption: true })
          .positional('name', {
            type: 'string',
            array: true,
            demandOption: true,
            describe: 'Bundles of evidence; with participants, ids of integrations',
          })
          .options({
            verifiers: {
              type: 'string',
              default: 'operator/verifiers.json',
              describe: 'Whose signatures count',
            },
            operator: sinkOptions.operator,
            evidence: {
              type: 'string',
              default: 'evidence',
              describe: 'participants: the evidence directory',
            },
            url: { type: 'string', describe: 'participants: where the evidence directory is published' },
          }),
      async ({ format, name, url, ...rest }) =>
        ended(await exportCommand(io, format, name, { ...rest, ...(url === undefined ? {} : { url }) })),
    );
}
