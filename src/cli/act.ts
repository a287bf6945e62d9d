import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Deed } from '../certification/act.ts';
import type { Environment } from '../certification/certification.ts';
import { actStatement } from '../certification/transition.ts';
import { seal } from '../evidence/envelope.ts';
import { openSigner, readVerifiers } from '../evidence/signer.ts';
import { visible } from '../report/text.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { operatorFiles } from './operator.ts';
import { openSink, renderTransitions, type SinkOptions } from './sink.ts';

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
  const { integration, environment, reason } = options;
  if (reason.trim() === '') throw new UsageError('expected why as --reason, got nothing');
  const verifiers = await readVerifiers(join(resolve(io.cwd, options.operator), operatorFiles.verifiers));
  // Whose key it is, the verifiers say.
  const signer = await openSigner({ file: options.key }, '', io.cwd);
  const known = verifiers.keys.find(({ id }) => id === signer.id);
  if (known === undefined)
    throw new UsageError(
      `expected a key of verifiers.json in ${options.key}, got ${signer.id}; \`assay operator key\` makes one that counts`,
    );
  const { holder } = known;
  const statement = actStatement({
    integration,
    ...(environment === undefined ? {} : { environment }),
    deed,
    actor: holder,
    reason,
    at: io.now().toISOString(),
    nonce: randomUUID(),
  });
  const envelope = await seal(statement, [{ ...signer, holder }]);
  const sink = await openSink(io, options);
  try {
    const settled = await sink.settle(envelope);
    const { digest, index, transitions } = settled;
    io.write(
      options.format === 'json'
        ? `${JSON.stringify(settled, undefined, 2)}\n`
        : `${visible(`${deed.kind} of ${integration} by ${holder}`)}: entry ${index} of the log, ${digest}\n${renderTransitions(transitions)}`,
    );
  } finally {
    await sink.close();
  }
  return exit.pass;
}
