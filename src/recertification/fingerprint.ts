import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { FlowError } from '../actors/flow-error.ts';
import { clientCertificate, type Session } from '../actors/session.ts';
import type { Integration } from '../directory/integration.ts';
import { canonical, digestOf, wellFormed } from '../evidence/canonical.ts';
import { EvidenceError } from '../evidence/error.ts';
import type { Fingerprint } from '../evidence/fingerprint.ts';
import { editionDigest } from '../evidence/profile-digest.ts';
import type { EditionId } from '../profiles/editions.ts';
import { endpointsIn, MetadataError } from '../protocol/metadata.ts';
import { presentation, type Presentation } from '../transport/tls.ts';

/**
 * Takes the fingerprint of an integration: what its evidence is about. Only what the software under test is and presents
 * goes into it, nothing that differs between two looks at the same software.
 * @throws TransportError, FlowError, MetadataError when a part cannot be seen: evidence of half a subject would cover less
 * than it says. EvidenceError when the integration file holds what JSON cannot.
 */
export async function takeFingerprint(session: Session, edition: EditionId): Promise<Fingerprint> {
  const { value, resolve } = await session.integration();
  const document = (await session.fetchMetadata()).body;
  const metadata = await session.metadata();
  const certificates = await Promise.all(
    originsOf(metadata, value.resources).map(async (origin) => {
      const { chain } = await presentedAt(origin, session);
      return [origin, chain.map(digestOf)] as const;
    }),
  );
  return {
    metadata: metadataDigest(document),
    keys: await thumbprintsOf(await keysAt(metadata.jwks_uri, session.transport), metadata.jwks_uri ?? ''),
    certificates: Object.fromEntries(certificates),
    descriptions: await describedBy(value.resources, resolve, session),
    registration: {
      digest: digestOf(canonical(registered(value))),
      clients: value.clients.map(({ id }) => id),
    },
    profile: { edition, digest: editionDigest(edition) },
  };
}

/** The origins that a server is called at over TLS: of its endpoints and of the declared calls. */
export function originsOf(metadata: unknown, calls: Integration['resources']): readonly string[] {
  const urls = [...endpointsIn(metadata), ...calls.map(({ url }) => new URL(url))];
  return [...new Set(urls.filter(({ protocol }) => protocol === 'https:').map(({ origin }) => origin))];
}

/** `signed_metadata` says the same once more (RFC 8414, section 2.1), and may be signed anew for each request. */
export function metadataDigest(document: unknown): string {
  const { signed_metadata: _, ...members } = document as Readonly<Record<string, unknown>>;
  try {
    return digestOf(canonical(wellFormed(members)));
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new MetadataError(`expected metadata that can be compared, but ${error.message}`);
  }
}

/**
 * What a server shows of who it is at one of its origins.
 * @param trust PEM texts of authorities that are trusted besides, where it matters whether the server would be refused:
 * to read them, and those of Node, takes longer than the handshake.
 * @throws TransportError
 */
export async function presentedAt(
  origin: string,
  session: Session,
  trust?: readonly string[],
): Promise<Presentation> {
  const { hostname, port } = new URL(origin);
  const { value, file } = await session.integration();
  const [client] = value.clients;
  const certificate = client && (await clientCertificate(client, dirname(file)));
  // A URL has an IPv6 address in brackets, which no resolver knows.
  return presentation(hostname.replaceAll(/[[\]]/gu, ''), Number(port || 443), {
    hosts: value.hosts,
    privateNetwork: session.options.privateNetwork,
    ...(trust && { trust }),
    ...(certificate && { certificate }),
  });
}

/**
 * The keys that a server publishes; none where it names no place for them.
 * @throws MetadataError, FlowError, TransportError
 */
export async function keysAt(url: unknown, open: Session['transport']): Promise<readonly JWK[]> {
  if (url === undefined) return [];
  if (typeof url !== 'string' || !URL.canParse(url))
    throw new MetadataError(`expected a URL as jwks_uri in the metadata, got ${JSON.stringify(url)}`);
  const transport = await open();
  const reply = await transport.send({ method: 'GET', url, purpose: 'key set request' });
  const { keys } = (reply.body ?? {}) as { readonly keys?: unknown };
  if (reply.status !== 200 || !Array.isArray(keys)) throw FlowError.refused('key set request', reply);
  return keys;
}

/**
 * The thumbprints of keys, sorted.
 * @param where Where they are from, as an error names it.
 * @throws FlowError
 */
export async function thumbprintsOf(keys: readonly JWK[], where: string): Promise<string[]> {
  const thumbprints = keys.map((key) =>
    calculateJwkThumbprint(key).catch(() => {
      throw new FlowError(
        'no-key',
        'subject',
        `expected keys in the form of RFC 7517 at ${where}, got another`,
      );
    }),
  );
  return (await Promise.all(thumbprints)).toSorted();
}

/** Digests of the descriptions of calls, by path or URL. */
export async function describedBy(
  calls: readonly { readonly openapi?: string }[],
  resolve: (path: string) => string,
  source: Pick<Session, 'transport'>,
): Promise<Record<string, string>> {
  const descriptions = new Set(calls.flatMap(({ openapi }) => openapi ?? []));
  const digests = [...descriptions].map(
    async (where) => [where, digestOf(await describedAt(where, resolve, source))] as const,
  );
  return Object.fromEntries(await Promise.all(digests));
}

async function describedAt(
  where: string,
  resolve: (path: string) => string,
  source: Pick<Session, 'transport'>,
): Promise<string | Uint8Array> {
  if (!URL.canParse(where)) return readFile(resolve(where));
  const transport = await source.transport();
  const reply = await transport.send({ method: 'GET', url: where, purpose: 'API description request' });
  if (reply.status !== 200) throw FlowError.refused('API description request', reply);
  return reply.bytes;
}

/** What the file says of the subject and how it was asked; the credentials of the test clients may change without it. */
export const registered = ({
  issuer,
  roles,
  profile,
  clients,
  resources,
  features,
  scope_names,
}: Integration) => ({
  issuer,
  roles,
  profile,
  clients: clients.map(({ id, scope, redirect_uri }) => ({ id, scope, redirect_uri })),
  resources,
  features,
  scope_names,
});
