import { canonical, wellFormed } from '../evidence/canonical.ts';
import { benign, material, permittedAlgorithms, shown, type Change, type Judgement } from './drift-change.ts';

/** A metadata document. */
export type Members = Readonly<Record<string, unknown>>;

const clientAuthentication: readonly string[] = [
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
];

/** What lists may hold under FAPI 2.0. Other items make a server do what was not tested; without them it does less harm. */
const permitted: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    code_challenge_methods_supported: ['S256'],
    response_modes_supported: ['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt'],
    response_types_supported: ['code'],
    token_endpoint_auth_methods_supported: clientAuthentication,
    introspection_endpoint_auth_methods_supported: clientAuthentication,
    revocation_endpoint_auth_methods_supported: clientAuthentication,
  }),
);

/** Lists of what clients may ask for: more of it changes nothing for those who do not ask. */
const growing: ReadonlySet<string> = new Set([
  'acr_values_supported',
  'authorization_details_types_supported',
  'claims_supported',
  'scopes_supported',
]);

/** What only people read. */
const forPeople: ReadonlySet<string> = new Set([
  'claims_locales_supported',
  'display_values_supported',
  'op_policy_uri',
  'op_tos_uri',
  'service_documentation',
  'ui_locales_supported',
]);

/** Switches that make a server stricter in what FAPI 2.0 demands anyway. */
const stricter: ReadonlySet<string> = new Set([
  'authorization_response_iss_parameter_supported',
  'require_pushed_authorization_requests',
  'tls_client_certificate_bound_access_tokens',
]);

const isEndpoint = (name: string): boolean => name.endsWith('_endpoint') || name === 'jwks_uri';

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member that the document itself has: its names are a stranger's. */
export const own = (members: Members, name: string): unknown =>
  Object.hasOwn(members, name) ? members[name] : undefined;

/** Whether two values are the same to a reader of JSON. */
export const same = (one: unknown, other: unknown): boolean =>
  one === other ||
  (one !== undefined && other !== undefined && canonical(wellFormed(one)) === canonical(wellFormed(other)));

/** How one metadata document differs from an earlier one, member by member, the endpoints for mutual TLS one by one. */
export function metadataChanges(before: Members, after: Members): readonly Change[] {
  return changed(before, after, '').flatMap((change) => {
    const [was, is] = [before, after].map((members) => own(members, 'mtls_endpoint_aliases') ?? {});
    if (change.member !== '/mtls_endpoint_aliases' || !isObject(was) || !isObject(is)) return [change];
    const aliases = changed(was, is, '/mtls_endpoint_aliases');
    return aliases.length > 0 ? aliases : [change];
  });
}

function changed(before: Members, after: Members, above: string): readonly Change[] {
  // RFC 8414, section 2.1: it says the same once more, and may be signed anew for each request.
  const names = new Set(
    [...Object.keys(before), ...Object.keys(after)].filter((name) => name !== 'signed_metadata'),
  );
  return [...names].toSorted().flatMap((name) => {
    const [was, is] = [own(before, name), own(after, name)];
    if (same(was, is)) return [];
    const how = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed';
    const what =
      how === 'changed'
        ? `${shownName(name)} ${difference(was, is)}`
        : `${shownName(name)} was ${how}: ${shown(how === 'added' ? is : was)}`;
    const member = `${above}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [{ part: 'metadata', member, how, what, ...judged(name, was, is) } as const];
  });
}

/** Names are usually short and plain; others are shown as the strangers that they are. */
const shownName = (name: string): string => (/^\w{1,60}$/u.test(name) ? name : shown(name));

function difference(was: unknown, is: unknown): string {
  const [before, after] = [textsIn(was), textsIn(is)];
  if (before === undefined || after === undefined) return `was ${shown(was)}, and is ${shown(is)}`;
  const [gained, lost] = [without(after, before), without(before, after)];
  const parts = [
    ...(gained.length > 0 ? [`gained ${shown(gained)}`] : []),
    ...(lost.length > 0 ? [`lost ${shown(lost)}`] : []),
  ];
  return parts.length > 0 ? parts.join(' and ') : 'is in another order';
}

function judged(name: string, was: unknown, is: unknown): Judgement {
  if (forPeople.has(name)) return benign('only people read it');
  if (name === 'issuer') return material('it is another server by its own word');
  if (isEndpoint(name)) return judgedEndpoint(was, is);
  if (stricter.has(name))
    return is === true
      ? benign('it is what FAPI 2.0 demands anyway')
      : material('the server no longer says what FAPI 2.0 demands');
  const items = name.endsWith('_signing_alg_values_supported') ? permittedAlgorithms : permitted.get(name);
  if (items !== undefined || growing.has(name)) return judgedList(was, is, items);
  return material('no rule says that it changes nothing');
}

function judgedEndpoint(was: unknown, is: unknown): Judgement {
  if (is === undefined) return material('what clients called there is gone');
  if (was === undefined) return material('nobody tested this endpoint');
  const [before, after] = [was, is].map((url) =>
    typeof url === 'string' ? URL.parse(url)?.host : undefined,
  );
  return after === undefined || before !== after
    ? material('requests go to another host, which nobody tested')
    : material('requests go to another address, which nobody tested');
}

/** @param items What the list may hold; anything where it is absent. */
function judgedList(was: unknown, is: unknown, items: readonly string[] | undefined): Judgement {
  const [before, after] = [textsIn(was ?? []), textsIn(is ?? [])];
  if (before === undefined || after === undefined) return material('it is no list of texts');
  const allowed = (item: string): boolean => items === undefined || items.includes(item);
  const foreign = without(after, before).filter((item) => !allowed(item));
  if (foreign.length > 0) return material(`FAPI 2.0 has no place for ${shown(foreign)}`);
  const missed = without(before, after).filter(allowed);
  if (missed.length > 0) return material(`what clients could rely on is gone: ${shown(missed)}`);
  return benign(
    items === undefined
      ? 'nothing changes for clients that do not ask for more'
      : 'FAPI 2.0 permits all that came, and nothing that it permits went',
  );
}

const textsIn = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;

function without(items: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return items.filter((item) => !known.has(item));
}
