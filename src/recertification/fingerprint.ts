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
import { presentedCertificates } from '../transport/tls.ts';

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
  const origins = new Set(
    [...endpointsIn(metadata), ...value.resources.map(({ url }) => new URL(url))]
      .filter(({ protocol }) => protocol === 'https:')
      .map(({ origin }) => origin),
  );
  const certificates = await Promise.all(
    [...origins].map(async (origin) => [origin, await certificatesAt(origin, session)] as const),
  );
  return {
    metadata: metadataDigest(document),
    keys: await keysAt(metadata.jwks_uri, session),
    certificates: Object.fromEntries(certificates),
    descriptions: await describedBy(value.resources, resolve, session),
    registration: {
      digest: digestOf(canonical(registered(value))),
      clients: value.clients.map(({ id }) => id),
    },
    profile: { edition, digest: editionDigest(edition) },
  };
}

/** `signed_metadata` says the same once more (RFC 8414, section 2.1), and may be signed anew for each request. */
function metadataDigest(document: unknown): string {
  const { signed_metadata: _, ...members } = document as Readonly<Record<string, unknown>>;
  try {
    return digestOf(canonical(wellFormed(members)));
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new MetadataError(`expected metadata that can be compared, but ${error.message}`);
  }
}

async function certificatesAt(origin: string, session: Session): Promise<string[]> {
  const { hostname, port } = new URL(origin);
  const { value, file } = await session.integration();
  const [client] = value.clients;
  const certificate = client && (await clientCertificate(client, dirname(file)));
  // A URL has an IPv6 address in brackets, which no resolver knows.
  const chain = await presentedCertificates(hostname.replaceAll(/[[\]]/gu, ''), Number(port || 443), {
    hosts: value.hosts,
    privateNetwork: session.options.privateNetwork,
    ...(certificate && { certificate }),
  });
  return chain.map(digestOf);
}

async function keysAt(url: unknown, session: Session): Promise<string[]> {
  if (url === undefined) return [];
  if (typeof url !== 'string' || !URL.canParse(url))
    throw new MetadataError(`expected a URL as jwks_uri in the metadata, got ${JSON.stringify(url)}`);
  const transport = await session.transport();
  const reply = await transport.send({ method: 'GET', url, purpose: 'key set request' });
  const { keys } = (reply.body ?? {}) as { readonly keys?: unknown };
  if (reply.status !== 200 || !Array.isArray(keys)) throw FlowError.refused('key set request', reply);
  return thumbprintsOf(keys, url);
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
const registered = ({ issuer, roles, profile, clients, resources, features, scope_names }: Integration) => ({
  issuer,
  roles,
  profile,
  clients: clients.map(({ id, scope, redirect_uri }) => ({ id, scope, redirect_uri })),
  resources,
  features,
  scope_names,
});
