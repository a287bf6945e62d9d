import type { Basis, Certification } from '../certification/certification.ts';
import { defaultRules } from '../certification/rules.ts';
import { unknownStanding, type Standing } from '../certification/standing.ts';
import type { Terms, Watched } from './due.ts';
import { defaultSchedule } from './schedule.ts';

/** The default terms, with nights from 01:00 to 05:00 in UTC. */
export const sampleTerms: Terms = { schedule: defaultSchedule, rules: defaultRules };

/** The run before: on 1 July at 02:00, for ten minutes. */
export const sampleLast = {
  started: '2026-07-01T02:00:00.000Z',
  finished: '2026-07-01T02:10:00.000Z',
  version: 'v1',
  unanswered: 0,
} as const;

/** That run, as what `acme-1` is certified by. */
export const sampleBasis: Basis = {
  statement: 'a'.repeat(64),
  run: 'run-1',
  partner: 'acme',
  roles: ['client'],
  finished: sampleLast.finished,
  expires: '2026-07-31T02:10:00.000Z',
  fingerprint: 'b'.repeat(64),
  waived: [],
};

/** The certification of `acme-1` in production. */
export const sampleCertification: Certification = {
  edition: 'fapi2-sp-1',
  environment: 'production',
  state: 'certified',
  since: '2026-06-01T02:10:00.000Z',
  basis: sampleBasis,
};

/** `acme-1`, certified in production and run on 1 July, with other members. */
export function sampleWatched(
  more: Partial<Watched> = {},
  certification: Partial<Certification> = {},
  standing: Partial<Standing> = {},
): Watched {
  return {
    partner: 'acme',
    integration: 'acme-1',
    environment: 'production',
    edition: sampleCertification.edition,
    hosts: ['as.acme.example'],
    since: '2026-06-01T00:00:00.000Z',
    version: { id: 'v1', since: '2026-05-01T00:00:00.000Z' },
    last: sampleLast,
    standing: {
      ...unknownStanding('acme-1'),
      certifications: [{ ...sampleCertification, ...certification }],
      ...standing,
    },
    ...more,
  };
}
