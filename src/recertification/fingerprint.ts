import { readFile } from 'node:fs/promises';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { Session } from '../actors/session.ts';
import { FlowError } from '../actors/flow-error.ts';
import { canonical, digestOf } from '../evidence/canonical.ts';
import type { Fingerprint } from '../evidence/fingerprint.ts';
import { editionDigest } from '../evidence/profile-digest.ts';
import type { Integration } from '../directory/integration.ts';
import type { EditionId } from '../profiles/editions.ts';
import { endpointsIn } from '../protocol/metadata.ts';
import { presentedCertificates } from '../transport/tls.ts';

/**
 * Takes the fingerprint of an integration: what its evidence is about. Only what the software under test is and presents
 * goes into it, nothing that differs between two looks at the same software.
 * @throws TransportError, FlowError, MetadataError when a part cannot be seen: evidence of half a subject would cover less
 * than it says.
 */
export async function takeFingerprint(session: Session, edition: EditionId): Promise<Fingerprint> {
  const { value, resolve } = await session.integration();
  const server = await session.fetchMetadata();
  const metadata = await session.metadata();
  const origins = new Set([
    ...endpointsIn(metadata).map(({ origin }) => origin),
    ...value.resources.map(({ url }) => new URL(url).origin),
  ]);
  const certificates = await Promise.all(
    [...origins].map(async (origin) => [origin, await certificatesAt(origin, session, value)] as const),
  );
  const descriptions = new Set(
    value.resources.map(({ openapi }) => openapi).filter((each) => each !== undefined),
  );
  return {
    metadata: digestOf(canonical(server.body)),
    keys: await keysAt(metadata.jwks_uri, session),
    certificates: Object.fromEntries(certificates),
    descriptions: Object.fromEntries(
      await Promise.all(
        [...descriptions].map(
          async (where) => [where, digestOf(await describedAt(where, resolve, session))] as const,
        ),
      ),
    ),
    registration: {
      digest: digestOf(canonical(registered(value))),
      clients: value.clients.map(({ id }) => id),
    },
    profile: { edition, digest: editionDigest(edition) },
  };
}

async function certificatesAt(origin: string, session: Session, { hosts }: Integration): Promise<string[]> {
  const { hostname, port } = new URL(origin);
  const { privateNetwork } = session.options;
  const chain = await presentedCertificates(hostname, Number(port || 443), { hosts, privateNetwork });
  return chain.map(digestOf);
}

async function keysAt(url: string | undefined, session: Session): Promise<string[]> {
  if (url === undefined) return [];
  const transport = await session.transport();
  const reply = await transport.send({ method: 'GET', url, purpose: 'key set request' });
  const { keys } = (reply.body ?? {}) as { readonly keys?: unknown };
  if (reply.status !== 200 || !Array.isArray(keys)) throw FlowError.refused('key set request', reply);
  const thumbprints = await Promise.all(keys.map((key: JWK) => calculateJwkThumbprint(key)));
  return thumbprints.toSorted();
}

async function describedAt(
  where: string,
  resolve: (path: string) => string,
  session: Session,
): Promise<string | Uint8Array> {
  if (!URL.canParse(where)) return readFile(resolve(where));
  const transport = await session.transport();
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
