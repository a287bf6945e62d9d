/** The verdict of a check, a requirement or a run. */
export const verdicts = ['pass', 'fail', 'warn', 'inconclusive', 'not-applicable'] as const;
export type Verdict = (typeof verdicts)[number];

/** Who caused a verdict that is not a pass. */
export const faults = ['subject', 'configuration', 'environment', 'harness'] as const;
export type Fault = (typeof faults)[number];
