import type { PublicJwk } from '../../evidence/keys.ts';
import type { Signer } from '../../evidence/signing.ts';
import type { Environment } from '../certification.ts';
import { PublicationError } from './error.ts';
import { published, seconds, signJwt } from './jwt.ts';

/** A kind of trust mark: what one profile edition means in one environment. */
export interface TrustMarkType {
  /** The identifier of the type, a URL. */
  readonly type: string;
  readonly edition: string;
  readonly environment: Environment;
  /** A page for people about the type, and its logo. */
  readonly ref?: string;
  readonly logo_uri?: string;
  /** Where the type belongs to another entity: who, its keys, and the JWT by which it entrusts the issuer. */
  readonly delegation?: { readonly owner: string; readonly keys: readonly PublicJwk[]; readonly jwt: string };
}

/** Who issues trust marks and the status list: an entity of OpenID Federation 1.0. */
export interface TrustMarkIssuer {
  /** Entity identifier: an https URL without query and fragment, and without a slash at its end. */
  readonly id: string;
  /** Name for people. */
  readonly name: string;
  readonly signer: Signer;
  /** Public keys that it signed with before. What they signed goes on to count until it expires. */
  readonly formerly?: readonly PublicJwk[];
  /** Entity identifiers of its superiors. Without one it is a trust anchor, of no subordinates. */
  readonly superiors?: readonly string[];
  readonly types: readonly TrustMarkType[];
  /** Seconds that a trust mark lives at most. Default: 86,400. */
  readonly lifetime?: number;
  /** By integration: the entity identifier that it has itself. Others get a URL under that of the issuer. */
  readonly entities?: ReadonlyMap<string, string>;
}

/** Where an issuer answers. */
export interface Endpoints {
  readonly configuration: string;
  readonly trustMark: string;
  readonly status: string;
  readonly list: string;
  readonly statusList: string;
  readonly subordinates: string;
  readonly fetch: string;
}

/** The URLs of an issuer. */
export const endpointsOf = ({ id }: Pick<TrustMarkIssuer, 'id'>): Endpoints => ({
  configuration: `${id}/.well-known/openid-federation`,
  trustMark: `${id}/trust-mark`,
  status: `${id}/trust-mark-status`,
  list: `${id}/trust-marked`,
  statusList: `${id}/status-list`,
  subordinates: `${id}/subordinates`,
  fetch: `${id}/fetch`,
});

/** The trust mark type of an edition in an environment, under the URL of an issuer who owns it itself. */
export const typeUnder = (id: string, edition: string, environment: Environment): TrustMarkType => ({
  type: `${id}/trust-marks/${encodeURIComponent(edition)}/${environment}`,
  edition,
  environment,
});

/** The public keys of an issuer: of what it signs now first, then of what it signed before. */
export const keysOf = ({ signer, formerly = [] }: TrustMarkIssuer): readonly PublicJwk[] => [
  published(signer),
  ...formerly,
];

/** The entity identifier of an integration. */
export const entityOf = ({ id, entities }: TrustMarkIssuer, integration: string): string =>
  entities?.get(integration) ?? `${prefixOf(id)}${encodeURIComponent(integration)}`;

/** The integration with an entity identifier, as `entityOf` prints it and no other spelling. */
export function integrationOf(issuer: TrustMarkIssuer, entity: string): string | undefined {
  const named = [...(issuer.entities ?? [])].find(([, own]) => own === entity);
  if (named !== undefined) return named[0];
  const prefix = prefixOf(issuer.id);
  if (!entity.startsWith(prefix)) return undefined;
  const integration = decoded(entity.slice(prefix.length));
  return integration !== undefined && entityOf(issuer, integration) === entity ? integration : undefined;
}

const prefixOf = (id: string): string => `${id}/integrations/`;

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Checks what no single document shows: that identifiers are URLs, and that each stands for one thing.
 * @throws PublicationError `bad-issuer`
 */
export function checkIssuer(issuer: TrustMarkIssuer): void {
  const refuse = (expected: string, got: string): never => {
    throw new PublicationError('bad-issuer', `expected ${expected}, got ${got}`);
  };
  const { id, types, superiors, lifetime, entities = new Map<string, string>() } = issuer;
  const url = URL.parse(id);
  if (
    url?.protocol !== 'https:' ||
    url.href !== (url.pathname === '/' ? `${id}/` : id) ||
    /[?#]|\/$/u.test(id)
  )
    refuse('an https URL without query, fragment and final slash as identifier of the issuer', id);
  if (superiors?.length === 0) refuse('the superiors of the issuer, or the member left out', 'an empty list');
  if (lifetime !== undefined && !(lifetime > 0))
    refuse('a lifetime of more than 0 seconds', String(lifetime));
  const keys = [...keysOf(issuer), ...types.flatMap(({ delegation }) => delegation?.keys ?? [])];
  if (keys.some((key) => key['d'] !== undefined)) refuse('public keys only', 'one with its private member d');
  if (keys.some((key) => key['kid'] === undefined)) refuse('a kid in each public key', 'a key without');
  const twice = <T>(list: readonly T[]): T | undefined => list.find((each, at) => list.indexOf(each) !== at);
  const kid = twice(keysOf(issuer).map((key) => key['kid']));
  if (kid !== undefined) refuse('each key of the issuer once', `${kid} twice`);
  const type = twice(types.map((each) => each.type));
  if (type !== undefined) refuse('each trust mark type once', `${type} twice`);
  const entity = twice([...entities.values()]);
  if (entity !== undefined) refuse('an entity identifier of its own for each integration', `${entity} twice`);
  const borrowed = [...entities.values()].find((each) => each.startsWith(prefixOf(id)));
  if (borrowed !== undefined) refuse('entity identifiers that the integrations have themselves', borrowed);
}

/**
 * The issuer's entity configuration: its keys, and where it answers. Without superiors it is a trust anchor, and names who
 * may issue its trust mark types and whose they are; a subordinate's word on that would be ignored.
 * @returns A JWT of the type `entity-statement+jwt`, good for a day.
 * @see OpenID Federation 1.0, sections 3 and 5.1.1
 */
export function entityConfiguration(issuer: TrustMarkIssuer, now: Date): Promise<string> {
  const { id, name, superiors, types, signer } = issuer;
  const at = endpointsOf(issuer);
  const iat = seconds(now);
  return signJwt(signer, 'entity-statement+jwt', {
    iss: id,
    sub: id,
    iat,
    exp: iat + 86_400,
    jwks: { keys: keysOf(issuer) },
    metadata: {
      federation_entity: {
        organization_name: name,
        federation_trust_mark_endpoint: at.trustMark,
        federation_trust_mark_status_endpoint: at.status,
        federation_trust_mark_list_endpoint: at.list,
        ...(superiors === undefined
          ? { federation_fetch_endpoint: at.fetch, federation_list_endpoint: at.subordinates }
          : {}),
      },
    },
    ...(superiors === undefined
      ? {
          trust_mark_issuers: Object.fromEntries(types.map(({ type }) => [type, [id]])),
          ...ownersOf(types),
        }
      : { authority_hints: superiors }),
  });
}

function ownersOf(types: readonly TrustMarkType[]): object {
  const owners = types.flatMap(({ type, delegation }) =>
    delegation === undefined
      ? []
      : [[type, { sub: delegation.owner, jwks: { keys: delegation.keys } }] as const],
  );
  return owners.length === 0 ? {} : { trust_mark_owners: Object.fromEntries(owners) };
}
