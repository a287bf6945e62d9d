import { findRequirement, type RequirementId } from '../requirements/catalogue.ts';
import { speaksTo, type Role } from '../requirements/specification.ts';
import { editions, type Edition, type EditionId } from './editions.ts';

/** The variant of a profile that an integration uses. */
export interface Variant {
  readonly client_authentication: 'private_key_jwt' | 'tls_client_auth' | 'self_signed_tls_client_auth';
  readonly sender_constraint: 'dpop' | 'mtls';
  readonly protocol: 'openid' | 'oauth';
  /** How clients obtain tokens; the authorization code grant where it is absent. */
  readonly grant?: 'authorization_code' | 'client_credentials';
}

/** Optional capabilities of a server, or of a client. What is not declared is not applicable, and is not tested. */
export const features = [
  'refresh-token',
  'introspection',
  'revocation',
  'userinfo',
  'dpop-nonce',
  'client-jwks-uri',
  'expired-certificate',
  'signed-request',
  'signed-response',
  'signed-introspection',
  'signed-id-token',
  'several-issuers',
] as const;
export type Feature = (typeof features)[number];

/** What holds where the feature does not: requests and responses of the authorization endpoint as plain parameters. */
const plain = { 'signed-request': 'plain-request', 'signed-response': 'plain-response' } as const;

/**
 * What a check presupposes: a value of a variant, a declared feature, or that one is not declared; `sessions`: that the client
 * under test is an app whose browser Assay is; `described`: that an API description says how its calls are made.
 */
export type Condition =
  | NonNullable<Variant[keyof Variant]>
  | Feature
  | (typeof plain)[keyof typeof plain]
  | 'sessions'
  | 'described';

/** `fast` leaves out the checks that must wait for something to expire. */
export type Tier = 'fast' | 'full';

/** What a plan is made from: an edition, a variant, what the integration is and declares, and how much of it is wanted. */
export interface Plan {
  readonly edition: EditionId;
  readonly variant: Variant;
  readonly roles: readonly Role[];
  readonly features: readonly Feature[];
  /** Whether an API description says how the calls of a client under test are made. */
  readonly calls?: 'described' | 'undescribed';
  /** How a client under test is made to go through flows. */
  readonly trigger?: 'command' | 'http' | 'browser' | 'manual';
  readonly tier: Tier;
  /** Ids or globs of requirements and checks; empty for all. */
  readonly only: readonly string[];
  /** Regular expression that titles must match; absent for all. */
  readonly grep?: string;
}

/** A check as it stands in the suites. */
export interface PlannedCheck {
  /** `<folder>/<spec file>/<title as a slug>`. */
  readonly id: string;
  readonly title: string;
  readonly requirements: readonly RequirementId[];
  /** Alternatives, all of which must hold: each inner list by one of its conditions. */
  readonly conditions: readonly (readonly Condition[])[];
  readonly tier: Tier;
}

/** Whether a plan runs a check; if not, why. */
export type Assignment =
  | { readonly in: 'plan' }
  | { readonly in: 'another-edition' }
  | { readonly in: 'not-applicable'; readonly reason: string }
  | { readonly in: 'left-out'; readonly reason: string };

/** All conditions that hold in a plan. */
function conditionsOf({
  variant,
  features: declared,
  trigger,
  calls = 'undescribed',
}: Plan): readonly string[] {
  const { grant = 'authorization_code', ...values } = variant;
  const undeclared = Object.entries(plain).filter(([feature]) => !declared.some((each) => each === feature));
  return [
    ...Object.values(values),
    grant,
    ...declared,
    calls,
    ...undeclared.map(([, condition]) => condition),
    // Without a user there is no browser.
    ...(trigger === 'http' && grant === 'authorization_code' ? ['sessions'] : []),
  ];
}

const words: Readonly<Partial<Record<Condition, string>>> = {
  sessions: 'apps with users that a trigger of driver http starts',
  described: 'calls with an API description (openapi)',
};

const inWords = (condition: Condition): string => words[condition] ?? condition;

/** Decides for one check. The order matters: what does not apply is not merely left out. */
export function assign(check: PlannedCheck, plan: Plan): Assignment {
  const demanded = check.requirements.filter((id) => demands(plan, id));
  const role = check.id.split('/')[0];
  if (demanded.length === 0 || !plan.roles.some((each) => each === role)) return { in: 'another-edition' };
  if (check.tier === 'full' && !waits(plan.edition)) return { in: 'another-edition' };
  const holding = conditionsOf(plan);
  const unmet = check.conditions.find((alternatives) => !alternatives.some((each) => holding.includes(each)));
  if (unmet) return { in: 'not-applicable', reason: `applies to ${unmet.map(inWords).join(' or ')} only` };
  if (!selects(plan, check)) return { in: 'left-out', reason: 'not selected' };
  if (plan.tier === 'fast' && check.tier === 'full')
    return { in: 'left-out', reason: 'waits for something to expire; it is part of the full tier' };
  return { in: 'plan' };
}

/** Whether an edition has checks that wait for something to expire. */
export function waits(edition: EditionId): boolean {
  const { tier }: Edition = editions[edition];
  return tier !== 'fast';
}

/** The requirements of the edition that speak to a role of the integration. */
export function requirementsOf({
  edition,
  roles,
}: Pick<Plan, 'edition' | 'roles'>): readonly RequirementId[] {
  return editions[edition].requirements.filter((id) => speaksToOneOf(roles, id));
}

/** Whether the requirement is one of those; what is asked for each check, and of few requirements, makes no list. */
const demands = ({ edition, roles }: Plan, id: RequirementId): boolean =>
  speaksToOneOf(roles, id) && editions[edition].requirements.some((each) => each === id);

function speaksToOneOf(roles: readonly Role[], id: RequirementId): boolean {
  const party = findRequirement(id)?.party;
  return party !== undefined && roles.some((role) => speaksTo(party, role));
}

function selects({ only, grep }: Plan, check: PlannedCheck): boolean {
  const names = [check.id, ...check.requirements];
  const named = only.length === 0 || only.some((pattern) => names.some((name) => globMatches(pattern, name)));
  return named && (grep === undefined || new RegExp(grep, 'u').test(check.title));
}

/** What narrows a plan, for people; undefined for a plan that is whole. */
export function narrowing({ only, grep, tier }: Plan): string | undefined {
  const parts = [
    ...only.map((pattern) => `--only ${pattern}`),
    ...(grep === undefined ? [] : [`--grep ${grep}`]),
    ...(tier === 'fast' ? ['--tier fast'] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(' ');
}

/** `*` stands for any characters, `?` for one. */
export function globMatches(glob: string, text: string): boolean {
  // Most are plain ids, of which there may be hundreds, asked about for each check.
  if (!/[*?]/u.test(glob)) return glob === text;
  const source = glob
    .replace(/[.+^${}()|[\]\\]/gu, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'u').test(text);
}

/** The id of a check: its spec file within the suites, and its title as a slug. */
export function checkId(file: string, title: string): string {
  const slug = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, '-')
    .replace(/^-|-$/gu, '');
  return `${file.replaceAll('\\', '/').replace(/\.spec\.[jt]s$/u, '')}/${slug}`;
}
