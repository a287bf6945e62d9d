import type { Basis, Certification } from '../certification.ts';
import { unknownStanding, type Standing } from '../standing.ts';

/** When the samples are looked at. */
export const now = new Date('2026-11-22T12:00:00.400Z');
export const edition = 'fapi2-sp-final';

/** An instant some hours from then. */
export const inHours = (hours: number): string => new Date(now.getTime() + hours * 3_600_000).toISOString();

const basis: Basis = {
  statement: 'a'.repeat(64),
  run: 'run-1',
  partner: 'acme',
  roles: ['authorization-server'],
  finished: inHours(-48),
  expires: inHours(240),
  fingerprint: 'b'.repeat(64),
  waived: [],
};

const unproven: Certification = {
  edition,
  environment: 'production',
  state: 'certified',
  since: inHours(-48),
};

/** A certification in production that is in force for ten days yet. */
export const certified = { ...unproven, basis } satisfies Certification;

/** A standing with certifications, and whatever else. */
export const standingOf = (
  integration: string,
  certifications: readonly Certification[],
  rest: Partial<Standing> = {},
): Standing => ({ ...unknownStanding(integration), certifications: [...certifications], ...rest });

const act = { actor: 'ada', reason: 'an incident', since: inHours(-1) };
const stale = { since: inHours(-1) };

/** Every way for a certification to be in force or not, and what it is then. */
export const forces = {
  certified: [certified, 'valid'],
  conditional: [{ ...certified, state: 'conditional', deadline: inHours(30) }, 'valid'],
  'suspected of a failure': [
    {
      ...certified,
      suspicion: { since: inHours(-1), until: inHours(1), failed: [], passed: [], requirements: [] },
    },
    'valid',
  ],
  uncertified: [{ ...unproven, state: 'uncertified' }, 'invalid'],
  suspended: [{ ...certified, state: 'suspended' }, 'suspended'],
  'suspended by an operator': [
    { ...certified, state: 'suspended', held: { ...act, act: 'suspend' } },
    'suspended',
  ],
  'certified but held': [{ ...certified, held: { ...act, act: 'suspend' } }, 'suspended'],
  revoked: [{ ...certified, state: 'revoked', held: { ...act, act: 'revoke' } }, 'invalid'],
  offboarded: [{ ...certified, held: { ...act, act: 'offboard' } }, 'invalid'],
  'certified without evidence': [unproven, 'invalid'],
  'stale: evidence expired': [
    { ...certified, stale: { ...stale, because: 'evidence-expired' } },
    'suspended',
  ],
  'stale: fingerprint changed': [
    { ...certified, stale: { ...stale, because: 'fingerprint-changed' } },
    'suspended',
  ],
  'stale: edition retired': [{ ...certified, stale: { ...stale, because: 'edition-retired' } }, 'suspended'],
  'past its evidence': [{ ...certified, basis: { ...basis, expires: now.toISOString() } }, 'suspended'],
  'past its deadline': [{ ...certified, state: 'conditional', deadline: inHours(-1) }, 'suspended'],
} as const satisfies Readonly<Record<string, readonly [Certification, string]>>;
