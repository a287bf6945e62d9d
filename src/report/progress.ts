import type { Ending } from '../verdict/judge.ts';

/** What happens during a run, for whoever watches it. */
export type Progress =
  | { readonly event: 'begin'; readonly checks: number }
  | { readonly event: 'check'; readonly id: string; readonly title: string }
  | { readonly event: 'end'; readonly id: string; readonly end: Ending['end'] }
  | { readonly event: 'error'; readonly message: string };
