import type { JsonWebKey } from 'node:crypto';
import type { Metadata } from '../protocol/metadata.ts';
import type { Reply, Transport } from '../transport/transport.ts';
import { memberOf } from './answers.ts';

/** A key of a JWK Set (RFC 7517), as it is published. */
export type PublishedKey = JsonWebKey & Readonly<Record<string, unknown>>;

/** Fetches the key set of a server. */
export const fetchKeySet = async (transport: Transport, { jwks_uri: url = '' }: Metadata): Promise<Reply> =>
  transport.send({ method: 'GET', url, purpose: 'key set request' });

/** The keys in a key set; none where it is no key set. */
export function keysIn(reply: Reply): readonly PublishedKey[] {
  const keys = memberOf(reply, 'keys');
  return Array.isArray(keys)
    ? keys.filter((key): key is PublishedKey => typeof key === 'object' && key !== null)
    : [];
}
