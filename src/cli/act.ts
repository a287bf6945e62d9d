import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { actType, type Act, type Deed } from '../certification/act.ts';
import type { Environment } from '../certification/certification.ts';
import { digestOf, canonical } from '../evidence/canonical.ts';
import { seal } from '../evidence/envelope.ts';
import { keyId, publicJwk, readVerifiers, signerOf } from '../evidence/signer.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { operatorFiles, readKey } from './operator.ts';
import { openSink, type SinkOptions } from './sink.ts';

/** What every act has. */
export interface ActOptions extends SinkOptions {
  readonly integration: string;
  readonly environment?: Environment;
  readonly reason: string;
  /** File with the private key of the person who acts. */
  readonly key: string;
  readonly format: 'text' | 'json';
}

/** Signs what an operator does and hands it in. */
export async function actCommand(io: Io, deed: Deed, options: ActOptions): Promise<ExitCode> {
  const key = await readKey(resolve(io.cwd, options.key));
  const id = keyId(publicJwk(key));
  const verifiers = await readVerifiers(join(resolve(io.cwd, options.operator), operatorFiles.verifiers));
  const known = verifiers.keys.find((each) => each.id === id);
  if (known === undefined)
    throw new UsageError(
      `expected a key of verifiers.json in ${options.key}, got ${id}; \`assay operator key\` makes one that counts`,
    );
  const act: Act = {
    integration: options.integration,
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    deed,
    actor: known.holder,
    reason: options.reason,
    at: io.now().toISOString(),
    nonce: randomUUID(),
  };
  const envelope = await seal(
    {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: options.integration, digest: { sha256: digestOf(canonical(act)) } }],
      predicateType: actType,
      predicate: act,
    },
    [signerOf(key, known.holder)],
  );
  const sink = await openSink(io, options);
  try {
    const settled = await sink.settle(envelope);
    if (options.format === 'json') io.write(`${JSON.stringify(settled, undefined, 2)}\n`);
    else {
      io.write(
        `${deed.kind} of ${options.integration} by ${known.holder}: entry ${settled.index} of the log, ${settled.digest}\n`,
      );
      for (const { from, certification, because } of settled.transitions)
        io.write(
          `  ${certification.environment} ${certification.edition}: ${from} -> ${certification.state}${certification.stale ? ' (stale)' : ''}. ${because}\n`,
        );
    }
  } finally {
    await sink.close();
  }
  return exit.pass;
}
