import type { TestResultStatement } from '../../evidence/statement.ts';
import type { Certification } from '../certification.ts';
import type { Standing } from '../standing.ts';
import { coveredUntil, forceOf } from './force.ts';
import { PublicationError } from './error.ts';

/** The values of CertificationStatus in a participants directory. */
export type DirectoryStatus =
  | 'Awaiting Certification'
  | 'Certified'
  | 'Deprecated'
  | 'Rejected'
  | 'Self-Certified';

/** An element of `AuthorisationServers[].AuthorisationServerCertifications`. */
export interface AuthorisationServerCertification {
  readonly ProfileType: string;
  readonly ProfileVariant: string;
  readonly ProfileVersion: number;
  readonly Status: DirectoryStatus;
  readonly CertificationStartDate: string | null;
  readonly CertificationExpirationDate: string | null;
  readonly CertificationURI: string | null;
}

/** The members of an element of `AuthorisationServers[].ApiResources` that speak of certification. */
export interface ApiResourceCertification {
  readonly ApiCertificationUri: string | null;
  readonly CertificationStatus: DirectoryStatus;
  readonly CertificationStartDate: string | null;
  readonly CertificationExpirationDate: string | null;
}

/** Who speaks for a certification: the ecosystem's operator, or the participant for itself. */
export type Certifier = 'operator' | 'participant';

/** A certification and the run it rests on. */
export interface Certified {
  /** Effective at `now`. */
  readonly standing: Standing;
  readonly certification: Certification;
  /** The verified statement of the certification's basis, where it has one. */
  readonly basis?: { readonly statement: TestResultStatement; readonly digest: string } | undefined;
  readonly certifier: Certifier;
  /** The URL of the evidence directory. */
  readonly evidence: string;
  readonly now: Date;
}

/**
 * A certification of an authorization server as participants directories publish it, Open Finance Brasil's for one. It says
 * Certified only of what is in force and was shown without a waiver, a dispute or a condition.
 * @throws PublicationError `wrong-subject` where the statement is not the one that the certification rests on.
 */
export function authorisationServerCertification(certified: Certified): AuthorisationServerCertification {
  const { status, start, end, uri } = fieldsOf(certified);
  return {
    ProfileType: 'Redirect',
    ProfileVariant: variantOf(certified),
    ProfileVersion: 1,
    Status: status,
    CertificationStartDate: start,
    CertificationExpirationDate: end,
    CertificationURI: uri,
  };
}

/**
 * What a participants directory says of the certification of an API.
 * @throws PublicationError `wrong-subject` where the statement is not the one that the certification rests on.
 */
export function apiResourceCertification(certified: Certified): ApiResourceCertification {
  const { status, start, end, uri } = fieldsOf(certified);
  return {
    ApiCertificationUri: uri,
    CertificationStatus: status,
    CertificationStartDate: start,
    CertificationExpirationDate: end,
  };
}

function fieldsOf(certified: Certified): {
  readonly status: DirectoryStatus;
  readonly start: string | null;
  readonly end: string | null;
  readonly uri: string | null;
} {
  const { certification, basis, evidence } = certified;
  if (certification.basis?.statement !== basis?.digest)
    throw new PublicationError(
      'wrong-subject',
      `expected the statement ${certification.basis?.statement ?? 'none'} of the certification's basis, got ${basis?.digest ?? 'none'}`,
    );
  const status = statusOf(certified);
  if (certification.basis === undefined) return { status, start: null, end: null, uri: null };
  return {
    status,
    start: day(Date.parse(certification.basis.finished)),
    end: day(coveredUntil(certification)),
    uri: `${evidence.replace(/\/$/u, '')}/objects/${certification.basis.statement}.json`,
  };
}

function statusOf({ standing, certification, certifier, now }: Certified): DirectoryStatus {
  const { state, held, stale, basis, edition } = certification;
  if (stale?.because === 'edition-retired' || standing.retired.includes(edition)) return 'Deprecated';
  if (state === 'suspended' || state === 'revoked' || held !== undefined) return 'Rejected';
  const flawless =
    state === 'certified' &&
    certification.suspicion === undefined &&
    basis?.waived.length === 0 &&
    (basis.disputed ?? []).length === 0;
  // A directory has no word for a condition: what is not shown without one is still awaited.
  if (!flawless || forceOf(standing, certification, now) !== 'valid') return 'Awaiting Certification';
  return certifier === 'operator' ? 'Certified' : 'Self-Certified';
}

/** In the words of OpenID's certification profiles. */
function variantOf({ basis, certification }: Certified): string {
  if (basis === undefined) return certification.edition;
  const { client_authentication: authentication, sender_constraint: constraint } =
    basis.statement.predicate.profile;
  return `FAPI2SP OP ${authentication === 'private_key_jwt' ? 'private key' : 'MTLS'} + ${constraint === 'dpop' ? 'DPoP' : 'MTLS'}`;
}

/** dd/mm/yyyy in UTC. */
const day = (time: number): string =>
  new Date(time).toISOString().slice(0, 10).split('-').toReversed().join('/');
