import type { Database } from '../store/database.ts';
import { connectorMemory, renew, settleDelivery, type Claim, type Outcome } from '../store/outbox.ts';
import { ConnectorError, type Connector, type Desired, type Observed } from './connector.ts';
import { inEffect, retryDelay } from './desired.ts';
import type { EnforcementEvent } from './event.ts';

/** What a delivery needs besides its connector. */
export interface DeliveryOptions {
  readonly database: Database;
  readonly now: () => Date;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly report: (event: EnforcementEvent) => void;
  /** Milliseconds; it is prolonged while the connector works, however long that takes. */
  readonly lease: number;
}

/**
 * Applies a desired state, looks whether it took effect, and notes how it went. `again`: there is something newer to
 * deliver, or the lease was lost to another worker.
 */
export async function deliver(
  connector: Connector,
  claimed: Claim<Desired>,
  options: DeliveryOptions,
): Promise<'settled' | 'again'> {
  const { database, now, report } = options;
  const lease = keepLease(claimed, options);
  const { outcome, event } = await attempt(connector, claimed, options);
  const held = await lease.end();
  if ((await settleDelivery(database, held, outcome, now())) !== 'settled') return 'again';
  report(event);
  return 'settled';
}

async function attempt(
  connector: Connector,
  { desired, attempts, before }: Claim<Desired>,
  { database, now, random }: DeliveryOptions,
): Promise<{ readonly outcome: Outcome; readonly event: EnforcementEvent }> {
  const what = { connector: connector.name, desired };
  try {
    const observed = await applied(connector, desired, database);
    const seconds = (now().getTime() - Date.parse(desired.at)) / 1000;
    return {
      outcome: { state: 'done', observed },
      event: { kind: before === 'applied' ? 'repaired' : 'delivered', ...what, observed, seconds },
    };
  } catch (cause) {
    const error = asConnectorError(cause, connector.name);
    const failed = { kind: 'failed', ...what, error, attempts } as const;
    if (error.code !== 'temporary')
      return { outcome: { state: 'failed', error: error.message }, event: failed };
    const delay = 1000 * retryDelay(attempts, random(), error.retryAfter);
    const retry = new Date(now().getTime() + delay).toISOString();
    return {
      outcome: { state: 'due', error: error.message, due: retry },
      event: { ...failed, retry },
    };
  }
}

async function applied(connector: Connector, desired: Desired, database: Database): Promise<Observed> {
  const memory = connectorMemory(database, connector.name);
  await connector.apply(desired, memory);
  const observed = await connector.observe(desired, memory);
  if (inEffect(desired, observed) === 'no')
    throw new ConnectorError(
      'temporary',
      `${connector.name} was told to make ${desired.integration} ${desired.access}, and finds it ${observed}`,
    );
  return observed;
}

function keepLease(claimed: Claim<Desired>, { database, now, report, lease }: DeliveryOptions) {
  let held = claimed;
  const prolong = async (before: Promise<void>): Promise<void> => {
    await before;
    try {
      held = (await renew(database, held, new Date(now().getTime() + lease))) ?? held;
    } catch (error) {
      report({ kind: 'interrupted', error });
    }
  };
  let renewing = Promise.resolve();
  const timer = setInterval(() => {
    renewing = prolong(renewing);
  }, lease / 3);
  return {
    async end() {
      clearInterval(timer);
      await renewing;
      return held;
    },
  };
}

/** What a connector threw that is none of its own errors is tried again: it may be the database's, or a defect. */
export function asConnectorError(cause: unknown, name: string): ConnectorError {
  if (cause instanceof ConnectorError) return cause;
  const what = cause instanceof Error ? cause.message : String(cause);
  return new ConnectorError('temporary', `${name} failed unexpectedly: ${what}`, { cause });
}
