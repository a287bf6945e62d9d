import type { PlannedCheck } from '../profiles/plan.ts';
import type { Change, Part } from './drift-change.ts';

type RequirementId = PlannedCheck['requirements'][number];

const tls = [
  'fapi2-sp/5.2.1-1',
  'fapi2-sp/5.2.1-2',
  'fapi2-sp/5.2.1-3',
  'fapi2-sp/5.2.2-1',
  'rfc9325/4.1-1',
  'rfc9325/4.2-1',
] as const satisfies readonly RequirementId[];

const authentication = [
  'fapi2-sp/5.3.2.1-3',
  'fapi2-sp/5.3.2.1-6',
  'fapi2-sp/5.3.2.1-8',
  'fapi2-sp/5.3.2.2-4',
  'fapi2-sp/5.3.3.1-2',
  'rfc7523/3-1',
  'rfc7523/3-3',
] as const satisfies readonly RequirementId[];

const constraint = [
  'fapi2-sp/5.3.2.1-4',
  'fapi2-sp/5.3.2.1-5',
  'fapi2-sp/5.3.2.1-12',
  'fapi2-sp/5.3.3.1-1',
  'fapi2-sp/5.3.4-5',
] as const satisfies readonly RequirementId[];

const algorithms = [
  'fapi2-sp/5.4.1-1.1',
  'fapi2-sp/5.4.1-1.2',
  'fapi2-sp/5.4.1-1.3',
] as const satisfies readonly RequirementId[];

const keys = [
  'rfc7517/4-1',
  'rfc7517/9.2-1',
  'fapi2-sp/5.4.1-1.2',
  'fapi2-sp/5.4.1-2',
  'fapi2-sp/5.4.1-3',
  'fapi2-sp/5.4.2-1',
  'fapi2-sp/5.4.2-2',
  'fapi2-sp/5.4.2-3',
  'fapi2-sp/5.4.3-1',
  'rfc7523/3-3',
] as const satisfies readonly RequirementId[];

const calls = [
  'fapi2-sp/5.3.4-1',
  'fapi2-sp/5.3.4-2',
  'fapi2-sp/5.3.4-3',
  'fapi2-sp/5.3.4-4',
  'fapi2-sp/5.3.4-5',
  'fapi2-sp/5.3.3.1-3',
] as const satisfies readonly RequirementId[];

const responses = [
  'fapi2-sp/5.3.2.2-1',
  'fapi2-sp/5.3.2.2-7',
  'fapi2-ms/5.4.1-1',
] as const satisfies readonly RequirementId[];

const requests = [
  'fapi2-sp/5.3.2.2-2',
  'fapi2-sp/5.3.2.2-3',
  'fapi2-sp/5.3.2.2-4',
  'fapi2-sp/5.3.2.2-5',
  'fapi2-sp/5.3.2.2-6',
  'fapi2-sp/5.3.2.2-12',
  'fapi2-ms/5.3.1-1',
] as const satisfies readonly RequirementId[];

const document = ['fapi2-sp/5.3.2.1-1', 'rfc8259/4-1'] as const satisfies readonly RequirementId[];

/** What the members of metadata and registration are about, by their name; all that fit count. */
const members: readonly (readonly [name: RegExp, touches: readonly RequirementId[]])[] = [
  [/_endpoint$|^jwks_uri$/u, tls],
  [/^issuer$/u, ['fapi2-sp/5.3.2.1-8', 'fapi2-sp/5.3.2.2-7', 'fapi2-ms/5.3.1-2']],
  [
    /^authorization_endpoint$/u,
    [
      ...responses,
      'fapi2-sp/5.2.3-1',
      'fapi2-sp/5.2.3-2',
      'fapi2-sp/5.2.3-3',
      'fapi2-sp/5.3.2.1-7',
      'fapi2-sp/5.3.2.2-3',
      'fapi2-sp/5.3.2.2-10',
      'fapi2-sp/5.3.2.2-13',
      'rfc6749/3.1-1',
      'rfc9700/4.16-1',
    ],
  ],
  [/^pushed_authorization_request_endpoint$/u, [...requests, ...authentication, 'rfc9126/2.3-1']],
  [
    /^token_endpoint$/u,
    [
      ...authentication,
      ...constraint,
      'fapi2-sp/5.3.2.1-2',
      'fapi2-sp/5.3.2.1-9',
      'fapi2-sp/5.3.2.1-11',
      'fapi2-sp/5.3.2.1-13',
      'fapi2-sp/5.3.2.2-9',
      'rfc6749/3.2-1',
      'rfc6749/4.1.3-1',
      'rfc6749/5.1-1',
    ],
  ],
  [/^jwks_uri$/u, keys],
  [/^introspection_/u, ['rfc7662/2.2-1', 'rfc7662/2.2-3', 'fapi2-ms/5.5.1-1', ...authentication]],
  [/^revocation_/u, ['rfc7009/2.1-1', 'rfc7009/2.1-3', 'rfc7009/2.2-1', ...authentication]],
  [/^userinfo_/u, ['oidc-core/5.3.2-1', 'oidc-core/5.3.2-2', 'oidc-core/5.3.3-1']],
  [/_alg_values_supported$/u, algorithms],
  [/^id_token_|^subject_types/u, ['fapi2-sp/5.3.2.3-1']],
  [/_auth_methods_supported$|_auth_signing_alg|^client_authentication$/u, authentication],
  [/^dpop_|^tls_client_certificate_bound|^sender_constraint$/u, constraint],
  [/^code_challenge_methods_supported$/u, ['fapi2-sp/5.3.2.2-5', 'fapi2-sp/5.3.3.2-3']],
  [/^response_(?:types|modes)_supported$|^authorization_(?:response|signing|encryption)_/u, responses],
  [/^grant_types_supported$|^grant$/u, ['fapi2-sp/5.3.2.1-2', 'fapi2-sp/5.3.3.2-1', 'rfc6749/5.2-1']],
  [/^require_|^request_/u, requests],
  [
    /^scopes?_|^scope$/u,
    ['fapi2-sp/5.3.2.1-14', 'fapi2-sp/5.3.2.2-13', 'fapi2-sp/5.3.3.1-13', 'fapi2-sp/5.3.4-4'],
  ],
  [/^claims_/u, ['oidc-core/5.5-1']],
  // Of the registration.
  [/^resources$/u, calls],
  [/^clients$/u, [...authentication, 'fapi2-sp/5.3.2.2-8', 'rfc9700/2.1-1', 'fapi2-sp/5.3.2.1-14']],
  [/^redirect_uris$/u, ['rfc6749/4.1.1-1', 'fapi2-sp/5.3.3.1-4']],
];

const parts: Readonly<Record<Part, readonly RequirementId[]>> = {
  metadata: document,
  keys,
  certificates: [...tls, 'fapi2-sp/5.2.3-2', ...constraint],
  descriptions: calls,
  // What is registered is tested by everything: only some members say where to begin.
  registration: [],
  profile: [],
};

/**
 * The requirements, of any role, whose checks a change touches first. None for a change that has no one place, such as of
 * the edition: the full plan, which follows in any case, is all there is then.
 */
export function touched({ part, member }: Pick<Change, 'part' | 'member'>): readonly RequirementId[] {
  const name = member.slice(member.lastIndexOf('/') + 1);
  const named =
    part === 'metadata' || part === 'registration'
      ? members.filter(([pattern]) => pattern.test(name)).flatMap(([, touches]) => touches)
      : [];
  return [...new Set([...named, ...parts[part]])];
}
