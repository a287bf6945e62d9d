import { catalogue, requirementIds, type RequirementId } from '../requirements/catalogue.ts';
import { speaksTo, type Role } from '../requirements/specification.ts';

/** A frozen, versioned list of requirements. It is never edited after its release: a change is another edition. */
export interface Edition {
  readonly title: string;
  /** What the edition is for, and what it leaves out. */
  readonly about: string;
  /** What of its checks belongs to it: `fast`, those that wait for nothing. Default: all. */
  readonly tier?: 'fast';
  readonly requirements: readonly RequirementId[];
}

const within = (...beginnings: readonly string[]): readonly RequirementId[] =>
  requirementIds.filter((id) => beginnings.some((beginning) => id.startsWith(beginning)));

/** Those of a list that speak to one of the roles. */
const speakingTo = (roles: readonly Role[], ids: readonly RequirementId[]): readonly RequirementId[] =>
  ids.filter((id) => roles.some((role) => speaksTo(catalogue[id].party, role)));

const foundations = ['rfc', 'jarm/', 'oidc-core/'] as const;

const flows1 = [
  'fapi2-sp/5.2.1-1',
  'fapi2-sp/5.2.1-2',
  'fapi2-sp/5.2.3-1',
  'fapi2-sp/5.2.3-3',
  'fapi2-sp/5.3.2.1-1',
  'fapi2-sp/5.3.2.1-2',
  'fapi2-sp/5.3.2.1-3',
  'fapi2-sp/5.3.2.1-4',
  'fapi2-sp/5.3.2.1-5',
  'fapi2-sp/5.3.2.1-6',
  'fapi2-sp/5.3.2.1-7',
  'fapi2-sp/5.3.2.1-8',
  'fapi2-sp/5.3.2.1-9',
  'fapi2-sp/5.3.2.1-12',
  'fapi2-sp/5.3.2.1-13',
  'fapi2-sp/5.3.2.1-14',
  ...within('fapi2-sp/5.3.2.2', 'fapi2-sp/5.3.2.3', 'fapi2-sp/5.3.4'),
  'fapi2-sp/5.4.1-1.2',
  'fapi2-sp/5.4.1-1.3',
  'fapi2-sp/5.4.1-2',
  'fapi2-sp/5.4.1-3',
  'fapi2-sp/5.4.1-4',
  'fapi2-sp/5.4.2-1',
  'fapi2-sp/5.4.2-2',
  'fapi2-sp/5.4.2-3',
] as const satisfies readonly RequirementId[];

export const editions = {
  'fapi2-sp-final': {
    title: 'FAPI 2.0 Security Profile, Final',
    about: 'Every item of clauses 5.2 to 5.4. It passes only when each of them has been exercised.',
    requirements: within('fapi2-sp/'),
  },
  'fapi2-sp-flows-1': {
    title: 'FAPI 2.0 Security Profile, flows, edition 1',
    about:
      'The items that the flows of servers show within seconds. It leaves out the cipher suites of TLS, DNSSEC, what shows only after a minute, and clients; the complete profile is fapi2-sp-final.',
    tier: 'fast',
    requirements: flows1,
  },
  'fapi2-ms-final': {
    title: 'FAPI 2.0 Message Signing, Final',
    about:
      'Every item of the Security Profile, and of clauses 5.3 to 5.6 of Message Signing for what the integration declares to sign.',
    requirements: within('fapi2-sp/', 'fapi2-ms/'),
  },
  'fapi2-servers-1': {
    title: 'FAPI 2.0 for servers, edition 1',
    about:
      'The Security Profile, Message Signing where it is declared, and what the specifications that they build on demand and recommend: repeated parameters, caching, challenges, revocation, redirect URIs, framing.',
    requirements: [
      ...within('fapi2-sp/', 'fapi2-ms/'),
      ...speakingTo(['authorization-server', 'resource-server'], within(...foundations)),
    ],
  },
  'fapi2-clients-1': {
    title: 'FAPI 2.0 for clients, edition 1',
    about:
      'What the Security Profile, Message Signing where it is declared, and the specifications that they build on demand and recommend of clients: how they ask, whom they trust, and what they refuse. It leaves out where their configuration came from (5.3.3.1, item 10), which nobody sees.',
    tier: 'fast',
    requirements: speakingTo(
      ['client'],
      within('fapi2-sp/', 'fapi2-ms/', ...foundations, 'openapi/', 'idempotency-key/'),
    ).filter((id) => id !== 'fapi2-sp/5.3.3.1-10'),
  },
} as const satisfies Record<string, Edition>;

export type EditionId = keyof typeof editions;
export const editionIds = Object.keys(editions) as readonly EditionId[];
