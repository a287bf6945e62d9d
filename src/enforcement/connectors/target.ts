import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Type, type Static } from 'typebox';
import type { Reference } from '../../directory/common.ts';
import { resolveReference, SecretReferenceError } from '../../directory/reference.ts';
import { ConnectorError, type ConnectorContext } from '../connector.ts';
import { openCaller, type Caller } from '../http.ts';

/** What every entry has that calls somebody by HTTP. */
export const targetMembers = {
  name: Type.String({ minLength: 1, description: 'Unique name of the connector.' }),
  trust: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      description: 'PEM files of certificate authorities to trust beside the public ones.',
    }),
  ),
  private_network: Type.Optional(
    Type.Enum(['refused', 'allowed'], {
      description: 'Whether addresses that are not public, and plain http, may be called. Default: refused.',
    }),
  ),
  timeout_seconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 30, description: 'Time for one exchange. Default: 15.' }),
  ),
};
const TargetEntry = Type.Object(targetMembers);

/** Opens the way to an entry's target. @throws ConnectorError `configuration` when a file of `trust` cannot be read. */
export async function callerOf(
  entry: Static<typeof TargetEntry>,
  context: ConnectorContext,
): Promise<Caller> {
  const trust = await Promise.all(
    (entry.trust ?? []).map(async (path) => {
      try {
        return await readFile(resolve(context.base, path), 'utf8');
      } catch (cause) {
        throw new ConnectorError(
          'configuration',
          `${entry.name}: the file ${path} under \`trust\` cannot be read`,
          { cause },
        );
      }
    }),
  );
  return openCaller({
    trust,
    privateNetwork: entry.private_network ?? 'refused',
    patience: (entry.timeout_seconds ?? 15) * 1000,
    now: context.now,
  });
}

/** Reads a secret that an entry refers to. @throws ConnectorError `configuration` */
export async function secretOf(
  reference: Reference,
  entry: { readonly name: string },
  context: ConnectorContext,
): Promise<string> {
  try {
    return await resolveReference(reference, context.base);
  } catch (cause) {
    if (!(cause instanceof SecretReferenceError)) throw cause;
    throw new ConnectorError('configuration', `${entry.name}: ${cause.message}`, { cause });
  }
}
