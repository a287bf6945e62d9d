/** The members of a metadata document (OpenID Connect Discovery 1.0, RFC 8414, RFC 9126, RFC 8705) that Assay uses. */
export interface Metadata {
  readonly issuer: string;
  readonly token_endpoint: string;
  readonly authorization_endpoint?: string;
  readonly pushed_authorization_request_endpoint?: string;
  readonly jwks_uri?: string;
  readonly introspection_endpoint?: string;
  readonly revocation_endpoint?: string;
  readonly userinfo_endpoint?: string;
  readonly mtls_endpoint_aliases?: Readonly<Partial<Record<EndpointName, string>>>;
  readonly [member: string]: unknown;
}

/** Endpoints that the harness calls, by their member in the metadata document. */
export type EndpointName =
  | 'authorization_endpoint'
  | 'token_endpoint'
  | 'pushed_authorization_request_endpoint'
  | 'introspection_endpoint'
  | 'revocation_endpoint'
  | 'userinfo_endpoint';

/** A metadata document that cannot be worked with. */
export class MetadataError extends Error {
  override readonly name = 'MetadataError';
  readonly fault = 'subject';
  readonly code = 'unusable-metadata';
}

/** The members that a grant cannot do without. */
const needed = {
  authorization_code: [
    'issuer',
    'token_endpoint',
    'authorization_endpoint',
    'pushed_authorization_request_endpoint',
  ],
  client_credentials: ['issuer', 'token_endpoint'],
} as const;

/**
 * Reads a metadata document.
 * @throws MetadataError when a member that the flow of the grant needs is missing or no URL.
 */
export function readMetadata(
  document: unknown,
  url: string,
  grant: keyof typeof needed = 'authorization_code',
): Metadata {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new MetadataError(
      `expected a JSON object at ${url}, got ${document === undefined ? 'no JSON' : 'another value'}`,
    );
  const members = document as Record<string, unknown>;
  for (const name of needed[grant]) {
    const value = members[name];
    if (typeof value !== 'string' || !URL.canParse(value))
      throw new MetadataError(
        `expected a URL as ${name} in ${url}, got ${JSON.stringify(value) ?? 'nothing'}`,
      );
  }
  return members as Metadata;
}

/** Where the metadata of an issuer may stand: OpenID Connect Discovery, section 4, and RFC 8414, section 3. */
export function metadataUrls(issuer: string): readonly [openid: string, oauth: string] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/u, '');
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

/** The URL of an endpoint; its alias where a client certificate is presented (RFC 8705, section 5). */
export function endpoint(
  metadata: Metadata,
  name: EndpointName,
  by: 'certificate' | 'key',
): string | undefined {
  const usual = metadata[name];
  return by === 'certificate' ? (metadata.mtls_endpoint_aliases?.[name] ?? usual) : usual;
}

/** Every URL in the document, by the JSON pointer of its member. */
export function urlsIn(document: unknown, pointer = ''): ReadonlyMap<string, string> {
  if (typeof document === 'string')
    return /^https?:\/\//iu.test(document) ? new Map([[pointer, document]]) : new Map();
  if (typeof document !== 'object' || document === null) return new Map();
  return new Map(
    Object.entries(document).flatMap(([name, value]) => [
      ...urlsIn(value, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    ]),
  );
}

/** The URLs of endpoints and of the key set that a metadata document names. */
export const endpointsIn = (document: unknown): readonly URL[] =>
  [...urlsIn(document)]
    .filter(([pointer, url]) => /endpoint|jwks_uri/u.test(pointer) && URL.canParse(url))
    .map(([, url]) => new URL(url));

/** A member that is a list of strings; empty when it is absent or something else. */
export function listOf(metadata: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const value = metadata[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
