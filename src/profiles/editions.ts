import { requirementIds, type RequirementId } from '../requirements/catalogue.ts';

/** A frozen, versioned list of requirements. It is never edited after its release: a change is another edition. */
export interface Edition {
  readonly title: string;
  /** What the edition is for, and what it leaves out. */
  readonly about: string;
  readonly requirements: readonly RequirementId[];
}

const within = (...clauses: readonly string[]): readonly RequirementId[] =>
  requirementIds.filter((id) => clauses.some((clause) => id.startsWith(`fapi2-sp/${clause}`)));

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
  ...within('5.3.2.2', '5.3.2.3', '5.3.4'),
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
    requirements: within(''),
  },
  'fapi2-sp-flows-1': {
    title: 'FAPI 2.0 Security Profile, flows, edition 1',
    about:
      'The items that the flows of servers show within seconds. It leaves out the cipher suites of TLS, DNSSEC, what shows only after a minute, and clients; the complete profile is fapi2-sp-final.',
    requirements: flows1,
  },
} as const satisfies Record<string, Edition>;

export type EditionId = keyof typeof editions;
export const editionIds = Object.keys(editions) as readonly EditionId[];
