import { expect, test } from '@playwright/test';
import { runs, verified } from '../../evidence/export/sample.ts';
import type { Certification } from '../certification.ts';
import {
  apiResourceCertification,
  authorisationServerCertification,
  type Certified,
} from './participants.ts';
import { certified as sample, forces, now, standingOf } from './sample.ts';

const run = verified(runs.pass);
const basis = { ...sample.basis, statement: run.digest };
const evidence = 'https://evidence.example/log/';

function of(changes: Partial<Certification>, rest: Partial<Certified> = {}): Certified {
  const certification = { ...sample, basis, ...changes };
  return {
    standing: standingOf('bank', [certification]),
    certification,
    basis: run,
    certifier: 'operator',
    evidence,
    now,
    ...rest,
  };
}
const status = (certified: Certified): string => authorisationServerCertification(certified).Status;

test('an authorization server is published with the members of a participants directory', () => {
  expect(authorisationServerCertification(of({}))).toEqual({
    ProfileType: 'Redirect',
    ProfileVariant: 'FAPI2SP OP private key + DPoP',
    ProfileVersion: 1,
    Status: 'Certified',
    CertificationStartDate: '20/11/2026',
    CertificationExpirationDate: '02/12/2026',
    CertificationURI: `https://evidence.example/log/objects/${run.digest}.json`,
  });
  expect(apiResourceCertification(of({}, { certifier: 'participant' }))).toEqual({
    ApiCertificationUri: `https://evidence.example/log/objects/${run.digest}.json`,
    CertificationStatus: 'Self-Certified',
    CertificationStartDate: '20/11/2026',
    CertificationExpirationDate: '02/12/2026',
  });
});

test('the variant is that of the run', () => {
  for (const [client_authentication, sender_constraint, variant] of [
    ['private_key_jwt', 'mtls', 'FAPI2SP OP private key + MTLS'],
    ['tls_client_auth', 'dpop', 'FAPI2SP OP MTLS + DPoP'],
    ['self_signed_tls_client_auth', 'mtls', 'FAPI2SP OP MTLS + MTLS'],
  ] as const) {
    const profile = { ...runs.pass.profile, client_authentication, sender_constraint };
    const other = verified({ ...runs.pass, profile });
    const certified = of({ basis: { ...basis, statement: other.digest } }, { basis: other });
    expect(authorisationServerCertification(certified).ProfileVariant).toBe(variant);
  }
});

test('nothing is Certified that is not in force, or that was not shown without an exception', () => {
  const names = Object.entries(forces).map(([what, [certification]]) => {
    const rests = 'basis' in certification;
    const certified = {
      ...of({}),
      certification: {
        ...certification,
        ...(rests ? { basis: { ...certification.basis, statement: run.digest } } : {}),
      },
      basis: rests ? run : undefined,
    };
    return [what, status({ ...certified, standing: standingOf('bank', [certified.certification]) })];
  });
  const awaiting = 'Awaiting Certification';
  expect(Object.fromEntries(names)).toEqual({
    certified: 'Certified',
    conditional: awaiting,
    'suspected of a failure': awaiting,
    uncertified: awaiting,
    suspended: 'Rejected',
    'suspended by an operator': 'Rejected',
    'certified but held': 'Rejected',
    revoked: 'Rejected',
    offboarded: 'Rejected',
    'certified without evidence': awaiting,
    'stale: evidence expired': awaiting,
    'stale: fingerprint changed': awaiting,
    'stale: edition retired': 'Deprecated',
    'past its evidence': awaiting,
    'past its deadline': awaiting,
  });
  expect(status(of({ basis: { ...basis, waived: ['fapi2-sp/5.3.2.2-5'] } }))).toBe(awaiting);
  expect(status(of({ basis: { ...basis, disputed: ['fapi2-sp/5.3.2.2-5'] } }))).toBe(awaiting);
});

test('a certification without evidence has no dates, and no link', () => {
  const { basis: _, ...unproven } = of({}).certification;
  const certified = { ...of({}), certification: unproven, basis: undefined };
  expect(authorisationServerCertification(certified)).toMatchObject({
    ProfileVariant: 'fapi2-sp-final',
    CertificationStartDate: null,
    CertificationExpirationDate: null,
    CertificationURI: null,
  });
});

test('the statement of another run is refused', () => {
  expect(() => authorisationServerCertification(of({}, { basis: verified(runs.fail) }))).toThrow(
    /expected the statement/u,
  );
  expect(() => apiResourceCertification(of({}, { basis: undefined }))).toThrow(/got none/u);
});
