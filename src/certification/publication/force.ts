import type { Certification, Environment } from '../certification.ts';
import type { Standing } from '../standing.ts';

/** What a certification is worth to a reader: the status types of the Token Status List. */
export type Force = 'valid' | 'suspended' | 'invalid';

/** What a certification is of, besides the integration. */
export interface Scope {
  readonly environment: Environment;
  readonly edition: string;
}

/**
 * Whether a certification is in force; the first row that fits.
 *
 * | certification                                                                       | force     |
 * |-------------------------------------------------------------------------------------|-----------|
 * | none, uncertified or revoked; revoked or offboarded by an operator                   | invalid   |
 * | suspended, also by an operator                                                      | suspended |
 * | certified or conditional without evidence                                           | invalid   |
 * | stale, its edition retired, past its evidence or its deadline                       | suspended |
 * | certified or conditional                                                            | valid     |
 *
 * @param standing Effective at `now`. Its times are looked at all the same: what is published outlives the moment.
 */
export function forceOf(standing: Standing | undefined, scope: Scope, now: Date): Force {
  const certification = certificationOf(standing, scope);
  if (standing === undefined || certification === undefined) return 'invalid';
  const { state, basis, stale } = certification;
  const holds = [
    certification.held,
    ...standing.holds.filter(
      ({ environment, ended }) => environment === scope.environment && ended === undefined,
    ),
  ].flatMap((hold) => hold?.act ?? []);
  if (state === 'uncertified' || state === 'revoked' || holds.some((act) => act !== 'suspend'))
    return 'invalid';
  if (state === 'suspended' || holds.length > 0) return 'suspended';
  if (basis === undefined) return 'invalid';
  const covered = stale === undefined && !standing.retired.includes(scope.edition);
  return covered && now.getTime() < coveredUntil(certification) ? 'valid' : 'suspended';
}

/** Until when a certification can be in force at most, in milliseconds since the epoch: its evidence, or its deadline. */
export const coveredUntil = ({ basis, deadline }: Certification): number =>
  Math.min(
    basis === undefined ? 0 : Date.parse(basis.expires),
    deadline === undefined ? Infinity : Date.parse(deadline),
  );

/** The certification of an integration in an environment under an edition. */
export const certificationOf = (
  standing: Standing | undefined,
  { environment, edition }: Scope,
): Certification | undefined =>
  standing?.certifications.find((each) => each.environment === environment && each.edition === edition);
