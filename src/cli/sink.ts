import { join, resolve } from 'node:path';
import { Type, type Static } from 'typebox';
import { request } from 'undici';
import { Transition } from '../certification/act.ts';
import { loadRules } from '../certification/load-rules.ts';
import { memoryProjection } from '../certification/memory-projection.ts';
import { openRegister } from '../certification/register.ts';
import { entryOf } from '../evidence/entry.ts';
import { EvidenceError } from '../evidence/error.ts';
import { openLogWriter, type LogWriter } from '../evidence/log-writer.ts';
import { openLog } from '../evidence/log.ts';
import { remember } from '../evidence/seen.ts';
import { shaped } from '../evidence/shape.ts';
import { loadSigning, openSigner, readVerifiers } from '../evidence/signer.ts';
import type { Signer } from '../evidence/signing.ts';
import { Digest } from '../evidence/statement.ts';
import { verifyProof } from '../evidence/tlog-proof.ts';
import type { Verifiers } from '../evidence/verifiers.ts';
import { visible } from '../report/text.ts';
import { operatorFiles } from './operator.ts';
import { UsageError, type Io } from './io.ts';

/** What a server answers; it may say more. */
const Answer = Type.Object({
  digest: Digest,
  index: Type.Integer({ minimum: 0 }),
  transitions: Type.Array(Transition),
  proof: Type.String({ description: 'C2SP tlog-proof of the envelope.' }),
});

/** What became of an envelope that was handed in. */
export type Settled = Readonly<Omit<Static<typeof Answer>, 'transitions'>> & {
  readonly transitions: readonly Transition[];
};

/** Where evidence is handed in: an evidence directory on this machine, or a running server. */
export interface Sink {
  settle(envelope: string): Promise<Settled>;
  close(): Promise<void>;
}

/** How commands are told where evidence goes. */
export interface SinkOptions {
  readonly operator: string;
  /** An evidence directory; ignored where a server is named. */
  readonly evidence?: string;
  /** Base URL of a server's public address. */
  readonly server?: string;
}

/** The harness's own part of an operator's directory. */
export interface Operator {
  readonly directory: string;
  readonly verifiers: Verifiers;
  readonly signer: Signer;
  /** For who writes the log. */
  readonly log?: { readonly origin: string; readonly signer: Signer };
  readonly validityHours: number;
}

/** Opens keys and verifiers of an operator's directory. */
export async function openOperator(io: Io, path: string): Promise<Operator> {
  const directory = resolve(io.cwd, path);
  const signing = await loadSigning(join(directory, operatorFiles.signing));
  const open = (reference: typeof signing.statements) =>
    openSigner(reference, signing.holder, directory, { environment: io.env });
  return {
    directory,
    verifiers: await readVerifiers(join(directory, operatorFiles.verifiers)),
    signer: await open(signing.statements),
    validityHours: signing.validity_hours ?? 720,
    ...(signing.log === undefined
      ? {}
      : { log: { origin: signing.log.origin, signer: await open(signing.log.key) } }),
  };
}

/** Opens the sink that the options name. */
export async function openSink(io: Io, options: SinkOptions): Promise<Sink> {
  if (options.server !== undefined)
    return serverSink(
      options.server,
      await readVerifiers(join(resolve(io.cwd, options.operator), operatorFiles.verifiers)),
    );
  if (options.evidence === undefined)
    throw new UsageError('expected --evidence DIR or --server URL: where the evidence goes');
  const operator = await openOperator(io, options.operator);
  return directorySink(io, operator, resolve(io.cwd, options.evidence));
}

/** Opens an evidence directory to write its log, with the key that the operator has for it. */
export async function openOwnLog({ log, directory }: Operator, evidence: string): Promise<LogWriter> {
  if (log === undefined)
    throw new UsageError(
      `expected a key for the log under \`log\` in ${join(directory, operatorFiles.signing)}`,
    );
  return openLogWriter({ directory: evidence, ...log });
}

async function directorySink(io: Io, operator: Operator, directory: string): Promise<Sink> {
  const writer = await openOwnLog(operator, directory);
  const seen = join(operator.directory, operatorFiles.seen);
  const log = await openLog(directory, operator.verifiers.log);
  // A log that was put back to an earlier state would be signed anew from there: two histories under one key.
  await remember(seen, log);
  const register = openRegister({
    writer,
    signer: operator.signer,
    verifiers: operator.verifiers,
    rules: await loadRules(join(operator.directory, operatorFiles.rules)),
    projection: memoryProjection(),
    now: () => io.now(),
  });
  return {
    async settle(envelope) {
      const settled = await register.settle(envelope);
      await log.refresh();
      await remember(seen, log);
      return { ...settled, proof: await log.proof(settled.index) };
    },
    close: () => writer.close(),
  };
}

/** Milliseconds that a server may take for an answer. */
const patience = 60_000;

function serverSink(base: string, { log }: Verifiers): Sink {
  if (!/^https?:\/\//u.test(base) || !URL.canParse(base))
    throw new UsageError(`expected --server to be a URL, got ${JSON.stringify(base)}`);
  const url = `${base.replace(/\/$/u, '')}/log/v1/statements`;
  return {
    async settle(envelope) {
      let status: number;
      let text: string;
      try {
        const reply = await request(url, {
          method: 'POST',
          headers: { 'content-type': 'application/vnd.dsse+json' },
          body: envelope,
          headersTimeout: patience,
          bodyTimeout: patience,
        });
        status = reply.statusCode;
        text = await reply.body.text();
      } catch (cause) {
        throw new SinkError(
          'environment',
          `${url} does not answer; start \`assay serve\`, or name another --server`,
          cause,
        );
      }
      if (status !== 200)
        throw new SinkError(
          status < 500 ? 'configuration' : 'environment',
          `expected ${url} to take the statement, got ${status}: ${visible(text.slice(0, 500))}`,
        );
      return settledIn(text, envelope, url, log);
    },
    close: async () => {},
  };
}

/** A server is believed when its log proves that it has the envelope. */
function settledIn(text: string, envelope: string, url: string, log: Verifiers['log']): Settled {
  try {
    const settled = shaped(Answer, JSON.parse(text), 'what became of a statement');
    verifyProof(settled.proof, entryOf(envelope), log);
    return settled;
  } catch (cause) {
    throw new SinkError(
      'environment',
      `expected a proof of ${url} that its log took the statement${cause instanceof EvidenceError ? `: ${cause.message}` : ', got no JSON'}`,
      cause,
    );
  }
}

/** What changed because of a statement, a line each, for people. */
export const renderTransitions = (transitions: readonly Transition[]): string =>
  transitions
    .map(({ from, certification: { environment, edition, state, stale }, because }) =>
      visible(`  ${environment} ${edition}: ${from} -> ${state}${stale ? ' (stale)' : ''}. ${because}\n`),
    )
    .join('');

/** Evidence that could not be handed in. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
  readonly code = 'not-taken';
  readonly fault: 'configuration' | 'environment';

  constructor(fault: SinkError['fault'], message: string, cause?: unknown) {
    super(message, { cause });
    this.fault = fault;
  }
}
