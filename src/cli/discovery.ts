import type { Integration } from '../directory/integration.ts';
import { features as knownFeatures, type Feature } from '../profiles/plan.ts';
import { listOf, metadataUrls, urlsIn } from '../protocol/metadata.ts';

type Profile = Integration['profile'];

/** What an authorization server's metadata says about how it can be tested. */
export interface Offer {
  /** Hosts of the issuer and of all endpoints, with a port where it is not 443. */
  readonly hosts: readonly string[];
  /** The methods of FAPI 2.0 among those it offers. */
  readonly clientAuthentication: readonly Profile['client_authentication'][];
  readonly senderConstraint: readonly Profile['sender_constraint'][];
  readonly protocol: Profile['protocol'];
  readonly features: readonly Feature[];
  readonly userinfo: { readonly usual: string | undefined; readonly mtls: string | undefined };
  /** What stands in the way of a FAPI 2.0 test. */
  readonly notes: readonly string[];
}

/** The methods of client authentication of FAPI 2.0 (section 5.3.2.1), the simplest to set up first. */
export const clientAuthentications = [
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
] as const satisfies readonly Profile['client_authentication'][];

/** Reads an offer from a metadata document (RFC 8414, OpenID Connect Discovery 1.0, RFC 8705, RFC 9449). */
export function readOffer(metadata: Readonly<Record<string, unknown>>, issuer: string): Offer {
  const aliases = isObject(metadata['mtls_endpoint_aliases']) ? metadata['mtls_endpoint_aliases'] : {};
  const methods = listOf(metadata, 'token_endpoint_auth_methods_supported');
  const clientAuthentication = clientAuthentications.filter((method) => methods.includes(method));
  const senderConstraint: Profile['sender_constraint'][] = [];
  if (listOf(metadata, 'dpop_signing_alg_values_supported').length > 0) senderConstraint.push('dpop');
  if (metadata['tls_client_certificate_bound_access_tokens'] === true) senderConstraint.push('mtls');
  // OpenID Connect Discovery, section 3 makes this member mandatory; RFC 8414 does not know it.
  const openid = listOf(metadata, 'id_token_signing_alg_values_supported').length > 0;
  const declared: Record<Feature, boolean> = {
    'refresh-token': listOf(metadata, 'grant_types_supported').includes('refresh_token'),
    introspection: isUrl(metadata['introspection_endpoint']),
    revocation: isUrl(metadata['revocation_endpoint']),
    userinfo: openid && isUrl(metadata['userinfo_endpoint']),
    // Whether clients sign is a matter of their registration; what merely is supported is not declared.
    'signed-request': metadata['require_signed_request_object'] === true,
    'signed-response': false,
    'signed-introspection': false,
    'dpop-nonce': false,
    'client-jwks-uri': false,
    'expired-certificate': false,
    'signed-id-token': false,
    'several-issuers': false,
  };
  const notes = [
    ...(metadata['issuer'] === issuer
      ? []
      : ['the metadata does not name this issuer; mend the issuer, or expect the first check to fail']),
    ...(clientAuthentication.length > 0
      ? []
      : ['the metadata offers no client authentication of FAPI 2.0 (private_key_jwt or mutual TLS)']),
    ...(senderConstraint.length > 0 ? [] : ['the metadata offers neither DPoP nor certificate-bound tokens']),
    ...(isUrl(metadata['pushed_authorization_request_endpoint'])
      ? []
      : ['the metadata has no pushed_authorization_request_endpoint, which FAPI 2.0 needs']),
  ];
  return {
    hosts: hostsOf(metadata, aliases, issuer),
    clientAuthentication,
    senderConstraint,
    protocol: openid ? 'openid' : 'oauth',
    features: knownFeatures.filter((feature) => declared[feature]),
    userinfo: {
      usual: openid ? urlOf(metadata['userinfo_endpoint']) : undefined,
      mtls: openid ? urlOf(aliases['userinfo_endpoint']) : undefined,
    },
    notes,
  };
}

/** What was found, and what was not. */
export interface Discovery {
  readonly offer: Offer | undefined;
  readonly notes: readonly string[];
}

/**
 * Looks for an issuer's metadata where OpenID Connect Discovery and RFC 8414 put it. Never throws: an issuer that
 * cannot be reached is noted, and the integration file is written from answers alone.
 */
export async function discover(
  issuer: string,
  fetchMetadata: (url: string) => Promise<unknown>,
): Promise<Discovery> {
  const notes: string[] = [];
  for (const url of metadataUrls(issuer)) {
    try {
      const metadata = await fetchMetadata(url);
      if (isObject(metadata) && typeof metadata['issuer'] === 'string') {
        const offer = readOffer(metadata, issuer);
        return { offer, notes: [`read the metadata at ${url}`, ...offer.notes] };
      }
      notes.push(`expected metadata at ${url}, found something else`);
    } catch (error) {
      notes.push(`no metadata at ${url}: ${error instanceof Error ? error.message : 'the request failed'}`);
    }
  }
  return { offer: undefined, notes };
}

function hostsOf(
  metadata: Readonly<Record<string, unknown>>,
  aliases: Readonly<Record<string, unknown>>,
  issuer: string,
): readonly string[] {
  const called = Object.entries({ ...metadata, ...prefixed(aliases) }).filter(
    ([name, url]) => typeof url === 'string' && (name.endsWith('_endpoint') || name === 'jwks_uri'),
  );
  const urls = [issuer, ...urlsIn(Object.fromEntries(called)).values()];
  return [...new Set(urls.filter((url) => isUrl(url)).map((url) => new URL(url).host))];
}

/** The aliases beside the endpoints of the same name. */
function prefixed(aliases: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(aliases).map(([name, url]) => [`mtls ${name}`, url]));
}

function urlOf(value: unknown): string | undefined {
  return typeof value === 'string' && isUrl(value) ? value : undefined;
}

function isUrl(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('https://') && URL.canParse(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
