import type { Environment } from '../certification/certification.ts';
import { unknownStanding, type Standing } from '../certification/standing.ts';
import type { Desired, Observed } from './connector.ts';

/** What was decided about access. */
export interface AccessDecision {
  readonly access: 'open' | 'closed';
  readonly reason: string;
  /** Digests of the statements that it rests on. */
  readonly evidence: readonly string[];
}

/** Decides about the access of an integration. Pure. */
export type DecideAccess = (
  standing: Standing,
  environment: Environment,
  action: 'access',
  now: Date,
) => AccessDecision;

/** What is decided about. */
export interface Matter {
  readonly integration: string;
  readonly environment: Environment;
  readonly standing: Standing | undefined;
  readonly previous: Desired | undefined;
}

/**
 * The next desired state, one revision on; undefined where connectors would do nothing other than before, and for what is
 * not registered in the environment, by which nobody outside could know it. Another reason or newer evidence for the same access is no revision: a nightly pass must not tell every gateway of it.
 */
export function desiredOf(matter: Matter, decide: DecideAccess, now: Date): Desired | undefined {
  const { integration, environment, previous, standing = unknownStanding(integration) } = matter;
  const registration = standing.registrations.find((each) => each.environment === environment)?.registration;
  if (registration === undefined && previous === undefined) return undefined;
  const offboarded = standing.holds.some(
    (hold) => hold.environment === environment && hold.act === 'offboard' && hold.ended === undefined,
  );
  const ended = offboarded ? 'yes' : 'no';
  const decided = decide(standing, environment, 'access', now);
  const desired: Desired = {
    integration,
    environment,
    access: ended === 'yes' ? 'closed' : decided.access,
    ended,
    revision: (previous?.revision ?? 0) + 1,
    reason: decided.reason,
    evidence: decided.evidence,
    at: now.toISOString(),
    clients: registration?.clients ?? previous?.clients ?? [],
    certificates: registration?.certificates ?? previous?.certificates ?? [],
  };
  return previous !== undefined && effect(previous) === effect(desired) ? undefined : desired;
}

const effect = ({ access, ended, clients, certificates }: Desired): string =>
  JSON.stringify([access, ended, clients.toSorted(), certificates.toSorted()]);

/** Whether what was found is what is desired. Who cannot look says nothing against it. */
export function inEffect({ access }: Desired, observed: Observed): 'yes' | 'no' {
  if (observed === 'unknown' || observed === access) return 'yes';
  return access === 'closed' && observed === 'absent' ? 'yes' : 'no';
}

/** Seconds that the first retry waits for at most, and any. */
const firstDelay = 1;
const longestDelay = 3600;

/**
 * Seconds until a failed delivery is tried again: doubled with each attempt, between half and the whole of it, and at
 * least what the target asked for; never more than an hour.
 * @param attempts From 1.
 * @param random From 0 to 1.
 */
export function retryDelay(attempts: number, random: number, retryAfter: number): number {
  const whole = Math.min(longestDelay, firstDelay * 2 ** (attempts - 1));
  return Math.min(longestDelay, Math.max(whole * (0.5 + random / 2), retryAfter));
}
