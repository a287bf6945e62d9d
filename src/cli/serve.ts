import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { visible } from '../report/text.ts';
import type { Address } from '../service/http.ts';
import { startService } from '../service/service.ts';
import type { DatabaseLocation } from '../store/open.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { operatorFiles } from './operator.ts';
import { openOperator } from './sink.ts';

/** What `assay serve` may be told. */
export interface ServeOptions {
  readonly operator: string;
  readonly evidence: string;
  /** A postgres:// URL, or the directory of the embedded database. */
  readonly database: string;
  readonly gate: string;
  readonly public: string;
}

/** Serves the gate, the log and what is published, and enforces, until it is told to stop. */
export async function serveCommand(io: Io, options: ServeOptions): Promise<ExitCode> {
  const addresses = {
    gate: addressOf(options.gate, 'gate'),
    public: addressOf(options.public, 'public'),
  };
  const { log, signer, verifiers, directory } = await openOperator(io, options.operator);
  if (log === undefined)
    throw new UsageError(
      `expected a key for the log under \`log\` in ${join(directory, operatorFiles.signing)}`,
    );
  const service = await startService({
    operator: directory,
    evidence: resolve(io.cwd, options.evidence),
    database: locationOf(io, options.database),
    verifiers,
    signer,
    log,
    ...addresses,
    now: () => io.now(),
    random: Math.random,
    // Names come from callers: what they hold must not look like another line.
    tell: (line) => io.note(`${io.now().toISOString()} ${visible(line).replaceAll('\n', ' ')}\n`),
  });
  io.write(`gate    ${service.gateUrl}\npublic  ${service.publicUrl}\n`);
  try {
    if (!io.stop.aborted) await once(io.stop, 'abort');
  } finally {
    await service.close();
  }
  return exit.pass;
}

/** Where a database is, from what an option says. */
export const locationOf = (io: Io, database: string): DatabaseLocation =>
  /^postgres(?:ql)?:\/\//u.test(database)
    ? { kind: 'server', url: database }
    : { kind: 'embedded', directory: resolve(io.cwd, database) };

/** `host:port`; an IPv6 address in brackets. */
export function addressOf(text: string, option: string): Address {
  const {
    v6,
    name,
    port = '',
  } = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:]+)):(?<port>\d{1,5})$/u.exec(text)?.groups ?? {};
  const host = v6 ?? name;
  if (host === undefined || Number(port) > 65_535)
    throw new UsageError(`expected --${option} to be host:port, got ${text}`);
  return { host, port: Number(port) };
}
