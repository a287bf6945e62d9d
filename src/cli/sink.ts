import { join, resolve } from 'node:path';
import { request } from 'undici';
import type { Transition } from '../certification/act.ts';
import { loadRules } from '../certification/load-rules.ts';
import { memoryProjection } from '../certification/memory-projection.ts';
import { openRegister } from '../certification/register.ts';
import { openLogWriter } from '../evidence/log-writer.ts';
import { openLog } from '../evidence/log.ts';
import { loadSigning, openSigner, readVerifiers } from '../evidence/signer.ts';
import type { Signer } from '../evidence/signing.ts';
import type { Verifiers } from '../evidence/verifiers.ts';
import { operatorFiles } from './operator.ts';
import { UsageError, type Io } from './io.ts';

/** What became of an envelope that was handed in. */
export interface Settled {
  readonly digest: string;
  readonly index: number;
  readonly transitions: readonly Transition[];
  /** C2SP tlog-proof of the envelope. */
  readonly proof: string;
}

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
  if (options.server !== undefined) return serverSink(options.server);
  if (options.evidence === undefined)
    throw new UsageError('expected --evidence DIR or --server URL: where the evidence goes');
  const operator = await openOperator(io, options.operator);
  return directorySink(io, operator, resolve(io.cwd, options.evidence));
}

async function directorySink(io: Io, operator: Operator, directory: string): Promise<Sink> {
  if (operator.log === undefined)
    throw new UsageError(
      `expected a key for the log under \`log\` in ${join(operator.directory, operatorFiles.signing)}`,
    );
  const writer = await openLogWriter({ directory, ...operator.log });
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
      const log = await openLog(directory, operator.verifiers.log);
      return { ...settled, proof: await log.proof(settled.index) };
    },
    close: () => writer.close(),
  };
}

function serverSink(base: string): Sink {
  const url = `${base.replace(/\/$/u, '')}/log/v1/statements`;
  return {
    async settle(envelope) {
      const reply = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/vnd.dsse+json' },
        body: envelope,
      }).catch((cause: unknown) => {
        throw new SinkError(
          'environment',
          `${url} does not answer; start \`assay serve\`, or name another --server`,
          cause,
        );
      });
      const text = await reply.body.text();
      if (reply.statusCode === 200) return JSON.parse(text) as Settled;
      throw new SinkError(
        reply.statusCode < 500 ? 'configuration' : 'environment',
        `expected ${url} to take the statement, got ${reply.statusCode}: ${text.slice(0, 500)}`,
      );
    },
    close: async () => {},
  };
}

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
