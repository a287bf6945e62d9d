import { certificatesIn } from '../actors/client-registration.ts';
import type { ClientSession } from '../actors/client-session.ts';
import type { ClientIntegration } from '../directory/client-integration.ts';
import { canonical, digestOf, wellFormed } from '../evidence/canonical.ts';
import type { Fingerprint } from '../evidence/fingerprint.ts';
import { editionDigest } from '../evidence/profile-digest.ts';
import type { EditionId } from '../profiles/editions.ts';
import { describedBy, thumbprintsOf } from './fingerprint.ts';

/**
 * Takes the fingerprint of a partner's client: how it is registered, its public keys and its certificate, and the version of its
 * software, as it presents nothing else of itself before a flow.
 * @throws TransportError, FlowError when a part cannot be seen. EvidenceError when the integration file holds what JSON
 * cannot.
 */
export async function takeClientFingerprint(
  session: Pick<ClientSession, 'integration' | 'registration' | 'transport'>,
  edition: EditionId,
): Promise<Fingerprint> {
  const { value, resolve } = await session.integration();
  const { keys, certificate } = await session.registration();
  const chain = certificate === undefined ? [] : certificatesIn(certificate, value.client.id);
  return {
    keys: await thumbprintsOf(keys, value.client.jwks_uri ?? value.client.jwks?.file ?? ''),
    certificates: chain.length === 0 ? {} : { [value.client.id]: chain.map(({ raw }) => digestOf(raw)) },
    descriptions: await describedBy(value.resources, resolve, session),
    registration: {
      digest: digestOf(canonical(wellFormed(registeredClient(value)))),
      clients: [value.client.id],
    },
    profile: { edition, digest: editionDigest(edition) },
  };
}

/** What the file says of the client and of how it was asked. Where its keys lie, and how it is started, may change without it. */
export const registeredClient = ({
  roles,
  profile,
  client,
  trigger,
  resources,
  features,
}: ClientIntegration) => ({
  roles,
  profile,
  client: {
    id: client.id,
    redirect_uris: client.redirect_uris,
    scope: client.scope,
    jwks_uri: client.jwks_uri,
    software_version: client.software_version,
  },
  trigger: trigger.driver,
  resources,
  features,
});
