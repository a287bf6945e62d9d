import { randomBytes } from 'node:crypto';
import type { HostedClient } from '../directory/integration.ts';
import { generateKey, publicJwk, type SigningKey } from '../protocol/keys.ts';
import type { Certificate, Reply } from '../transport/transport.ts';
import type { Client } from './client.ts';
import { FlowError } from './flow-error.ts';
import { openKeyHost, type KeyHost, type Seen } from './key-host.ts';
import { makePinnedCertificate } from './proxy-certificate.ts';

/** A test client whose keys the server fetches from Assay. */
export interface Hosted {
  /** It signs with a key whose kid no other key has. */
  readonly client: Client;
  /** A key of the set whose kid others have, of another type, curve or use. */
  readonly ambiguous: SigningKey;
  readonly host: KeyHost;
  /** What came of the first request, while the host showed a certificate that nobody issued. */
  readonly stranger: { readonly reply: Reply; readonly seen: Seen };
}

/**
 * Publishes new keys and makes the server meet them: first at a host that it must not trust, then at the right one.
 * @param make The client, given its key.
 * @throws FlowError (configuration) when nothing can listen at the port.
 */
export async function openHosted(
  { jwks_uri: uri, listen }: HostedClient,
  certificate: Certificate,
  make: (key: SigningKey) => Promise<Client>,
): Promise<Hosted> {
  const url = new URL(uri);
  const unique = named(generateKey('ES256'));
  const ambiguous = named(generateKey('ES256'));
  const port = listen ?? Number(url.port || 443);
  const host = await openKeyHost({
    path: url.pathname,
    port,
    certificate: makePinnedCertificate(),
    keys: [published(unique), ...decoys(ambiguous), published(ambiguous)],
  }).catch((error: unknown) => {
    throw new FlowError(
      'not-given',
      'configuration',
      `cannot listen at port ${port} for the jwks_uri of hosted_client: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  try {
    const client = await make(unique);
    const reply = await client.push();
    const stranger = { reply, seen: host.seen };
    host.present(certificate);
    return { client, ambiguous, host, stranger };
  } catch (error) {
    await host.close();
    throw error;
  }
}

const named = (key: SigningKey): SigningKey => ({ ...key, kid: randomBytes(16).toString('base64url') });

const published = ({ key, alg, kid }: SigningKey, use: 'sig' | 'enc' = 'sig') => ({
  ...publicJwk(key),
  kid,
  alg: use === 'enc' ? 'ECDH-ES' : alg,
  use,
});

/** Keys of the same kid that are not the one: of another type, of other curves, and for another use. */
const decoys = ({ kid = '' }: SigningKey) => [
  ...(['PS256', 'EdDSA', 'ES384'] as const).map((alg) => published({ ...generateKey(alg), kid })),
  published({ ...generateKey('ES256'), kid }, 'enc'),
];
