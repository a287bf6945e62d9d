import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ClientIntegration } from '../directory/client-integration.ts';
import type { LoadedIntegration } from '../directory/load.ts';
import type { Transport } from '../transport/transport.ts';
import { FlowError } from './flow-error.ts';
import type { Registration } from './sandbox/world.ts';

/**
 * Reads how the client under test is registered: its public keys, from where the file says, and its certificate.
 * @throws FlowError when they cannot be used; TransportError when the keys cannot be fetched.
 */
export async function readRegistration(
  { value, resolve }: LoadedIntegration<ClientIntegration>,
  transport: () => Promise<Transport>,
): Promise<Registration> {
  const { id, redirect_uris: redirectUris = [], scope, jwks, jwks_uri: uri, certificate } = value.client;
  const keys =
    jwks !== undefined
      ? keysIn(await readFile(resolve(jwks.file), 'utf8'), jwks.file)
      : uri === undefined
        ? []
        : await keysAt(uri, await transport());
  if (certificate === undefined) return { id, redirectUris, scope, keys };
  const text = await readFile(resolve(certificate.file), 'utf8');
  certificatesIn(text, certificate.file);
  return { id, redirectUris, scope, keys, certificate: text };
}

async function keysAt(url: string, transport: Transport): Promise<Registration['keys']> {
  const reply = await transport.send({ method: 'GET', url, purpose: 'key set request' });
  if (reply.status !== 200) throw FlowError.refused('key set request', reply);
  return keysIn(reply.text, url);
}

function keysIn(text: string, where: string): Registration['keys'] {
  const { keys } = (parsed(text) ?? {}) as { readonly keys?: unknown };
  if (Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null)) return keys;
  throw new FlowError(
    'no-key',
    'configuration',
    `expected a JWK Set, { "keys": [ … ] }, with the public keys of the client in ${where}; found something else`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The certificates of a PEM text, in its order.
 * @param where The path that an error names.
 * @throws FlowError when there is none, or one that cannot be read.
 */
export function certificatesIn(text: string, where: string): readonly X509Certificate[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu) ?? [];
  try {
    if (found.length > 0) return found.map((pem) => new X509Certificate(pem));
  } catch {
    // Said below.
  }
  throw new FlowError('no-key', 'configuration', `expected a certificate (PEM) in ${where}, found none`);
}
