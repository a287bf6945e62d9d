/** Placeholder until the catalogue is laid. */
export const editionIds = ['fapi2-sp-final', 'fapi2-sp-flows-1'] as const;
export type EditionId = (typeof editionIds)[number];
