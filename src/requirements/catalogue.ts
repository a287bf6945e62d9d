/** Placeholder until the catalogue is laid. */
export const requirementIds = ['fapi2-sp/5.3.2.1-1'] as const;
export type RequirementId = (typeof requirementIds)[number];
