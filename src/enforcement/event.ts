import type { ConnectorError, Desired, Observed } from './connector.ts';

/** What happens, for logs and metrics. */
export type EnforcementEvent =
  | { readonly kind: 'decided'; readonly desired: Desired }
  | (Delivered & { readonly kind: 'delivered' })
  /** What had been changed outside is as desired again. */
  | (Delivered & { readonly kind: 'repaired' })
  | {
      readonly kind: 'failed';
      readonly connector: string;
      readonly desired: Desired;
      readonly error: ConnectorError;
      readonly attempts: number;
      /** ISO 8601; absent when it waits for the next reconciliation. */
      readonly retry?: string;
    }
  | {
      readonly kind: 'drifted';
      readonly connector: string;
      readonly desired: Desired;
      readonly observed: Observed;
    }
  /** Reconciliation could not look. */
  | {
      readonly kind: 'unobserved';
      readonly connector: string;
      readonly desired: Desired;
      readonly error: ConnectorError;
    }
  /** The database or something else that is not a connector failed; what was under way is done later. */
  | { readonly kind: 'interrupted'; readonly error: unknown };

interface Delivered {
  readonly connector: string;
  readonly desired: Desired;
  readonly observed: Observed;
  /** From the decision to the moment when it was seen, or confirmed, to be in effect. */
  readonly seconds: number;
}
