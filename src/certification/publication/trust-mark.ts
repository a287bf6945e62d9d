import type { PublicJwk } from '../../evidence/keys.ts';
import type { Signer } from '../../evidence/signing.ts';
import type { Standing } from '../standing.ts';
import { PublicationError } from './error.ts';
import { certificationOf, coveredUntil, forceOf } from './force.ts';
import { endpointsOf, entityOf, type TrustMarkIssuer, type TrustMarkType } from './issuer.ts';
import { readJwt, seconds, signJwt } from './jwt.ts';

const markType = 'trust-mark+jwt';
const delegationType = 'trust-mark-delegation+jwt';

/** The owner of a trust mark type, as a trust anchor publishes it in `trust_mark_owners`. */
export interface Owner {
  readonly sub: string;
  readonly jwks: { readonly keys: readonly PublicJwk[] };
}

/**
 * The trust mark of an integration. It expires with the evidence or the deadline of the certification, or with the
 * delegation, and sooner where the issuer's lifetime is shorter.
 * @param standing Effective at `now`.
 * @param index Its index in the status list of the issuer, where it has one.
 * @returns A JWT, or undefined where the certification is not in force or the delegation has ended.
 * @throws PublicationError where the type is another's and its delegation is not for this issuer.
 * @see OpenID Federation 1.0, section 7.1
 */
export async function trustMark(
  issuer: TrustMarkIssuer,
  type: TrustMarkType,
  standing: Standing,
  now: Date,
  index?: number,
): Promise<string | undefined> {
  const until = markableUntil(type, standing, now, await delegatedUntil(issuer, type, now));
  if (until === undefined) return undefined;
  const iat = seconds(now);
  return signJwt(issuer.signer, markType, {
    iss: issuer.id,
    sub: entityOf(issuer, standing.integration),
    trust_mark_type: type.type,
    iat,
    exp: Math.min(until, iat + (issuer.lifetime ?? 86_400)),
    ...(type.ref === undefined ? {} : { ref: type.ref }),
    ...(type.logo_uri === undefined ? {} : { logo_uri: type.logo_uri }),
    ...(type.delegation === undefined ? {} : { delegation: type.delegation.jwt }),
    ...(index === undefined
      ? {}
      : { status: { status_list: { idx: index, uri: endpointsOf(issuer).statusList } } }),
  });
}

/**
 * Until when an integration can bear a trust mark, in whole seconds since the epoch; undefined where it can bear none.
 * @param delegated Until when the issuer may issue the type: see `delegatedUntil`.
 */
export function markableUntil(
  type: TrustMarkType,
  standing: Standing,
  now: Date,
  delegated: number,
): number | undefined {
  const certification = certificationOf(standing, type);
  if (certification === undefined || forceOf(standing, type, now) !== 'valid') return undefined;
  const until = Math.min(Math.floor(coveredUntil(certification) / 1000), delegated);
  return until > seconds(now) ? until : undefined;
}

/**
 * Until when the issuer may issue a type, in seconds since the epoch: 0 after its delegation has ended.
 * @throws PublicationError where the owner has not entrusted this issuer.
 */
export async function delegatedUntil(
  { id }: Pick<TrustMarkIssuer, 'id'>,
  { type, delegation }: TrustMarkType,
  now: Date,
): Promise<number> {
  if (delegation === undefined) return Infinity;
  const owner = { sub: delegation.owner, jwks: { keys: delegation.keys } };
  try {
    return (await readDelegation(delegation.jwt, { owner, issuer: id, type, now })).exp ?? Infinity;
  } catch (error) {
    if (error instanceof PublicationError && error.code === 'expired') return 0;
    throw error;
  }
}

/**
 * The owner's word that an issuer may issue trust marks of a type.
 * @see OpenID Federation 1.0, section 7.2.1
 */
export function delegate(
  signer: Signer,
  terms: {
    readonly owner: string;
    readonly issuer: string;
    readonly type: string;
    readonly now: Date;
    readonly expires?: Date;
  },
): Promise<string> {
  const { owner, issuer, type, now, expires } = terms;
  return signJwt(signer, delegationType, {
    iss: owner,
    sub: issuer,
    trust_mark_type: type,
    iat: seconds(now),
    ...(expires === undefined ? {} : { exp: seconds(expires) }),
  });
}

interface Delegated {
  readonly owner: Owner;
  readonly issuer: string;
  readonly type: string;
  readonly now: Date;
}

/** @see OpenID Federation 1.0, section 7.2.2 */
async function readDelegation(
  jwt: string,
  { owner, issuer, type, now }: Delegated,
): Promise<{ readonly exp?: number | undefined }> {
  const claims = await readJwt(jwt, { typ: delegationType, keys: owner.jwks.keys, now });
  expectClaim('wrong-issuer', 'iss of the delegation', owner.sub, claims.iss);
  expectClaim('not-delegated', 'sub of the delegation', issuer, claims.sub);
  expectClaim('not-delegated', 'trust_mark_type of the delegation', type, claims['trust_mark_type']);
  return claims;
}

/** What a reader of a trust mark knows from elsewhere: from the trust anchor, and from where the mark was found. */
export interface TrustMarkReader {
  /** Entity identifier and keys of the issuer. */
  readonly issuer: string;
  readonly keys: readonly PublicJwk[];
  /** Entity identifier of the bearer. */
  readonly sub: string;
  readonly type?: string;
  /** `trust_mark_owners` of the trust anchor, by type. */
  readonly owners?: Readonly<Record<string, Owner>>;
  readonly now: Date;
}

/** What a trust mark says. */
export interface TrustMarkClaims {
  readonly iss: string;
  readonly sub: string;
  readonly trust_mark_type: string;
  readonly iat: number;
  readonly exp?: number | undefined;
}

/**
 * Validates a trust mark, and its delegation.
 * @throws PublicationError `not-delegated` and `wrong-issuer` for a delegation by another than the owner of the type.
 * @see OpenID Federation 1.0, section 7.3
 */
export async function validateTrustMark(token: string, reader: TrustMarkReader): Promise<TrustMarkClaims> {
  const { issuer, keys, sub, type, owners, now } = reader;
  const claims = await readTrustMark(token, { issuer, keys, now });
  expectClaim('wrong-subject', 'sub', sub, claims.sub);
  if (type !== undefined) expectClaim('wrong-subject', 'trust_mark_type', type, claims.trust_mark_type);
  const owner =
    owners !== undefined && Object.hasOwn(owners, claims.trust_mark_type)
      ? owners[claims.trust_mark_type]
      : undefined;
  if (owner === undefined && claims.delegation === undefined) return claims;
  // Without the owner's keys from the trust anchor, a delegation could be anyone's.
  if (owner === undefined || typeof claims.delegation !== 'string')
    throw new PublicationError(
      'not-delegated',
      owner === undefined
        ? `expected an owner of ${claims.trust_mark_type} at the trust anchor, got a delegation by somebody unknown to it`
        : `expected a delegation by ${owner.sub}, the owner of ${claims.trust_mark_type}, got none`,
    );
  await readDelegation(claims.delegation, { owner, issuer, type: claims.trust_mark_type, now });
  return claims;
}

/**
 * Reads a trust mark of an issuer: type, signature, time and issuer, but not whose it is.
 * @throws PublicationError
 */
export async function readTrustMark(
  token: string,
  { issuer, keys, now }: Pick<TrustMarkReader, 'issuer' | 'keys' | 'now'>,
): Promise<TrustMarkClaims & { readonly delegation?: unknown }> {
  const {
    iss,
    sub,
    iat,
    exp,
    trust_mark_type: type,
    delegation,
  } = await readJwt(token, { typ: markType, keys, now });
  expectClaim('wrong-issuer', 'iss', issuer, iss);
  if (sub === undefined || typeof type !== 'string')
    throw new PublicationError(
      'malformed',
      'expected sub and trust_mark_type in the trust mark, got no such texts',
    );
  return { iss: issuer, sub, trust_mark_type: type, iat, exp, delegation };
}

function expectClaim(
  code: 'wrong-issuer' | 'wrong-subject' | 'not-delegated',
  claim: string,
  expected: string,
  actual: unknown,
): void {
  if (actual !== expected)
    throw new PublicationError(
      code,
      `expected ${claim} to be ${expected}, got ${JSON.stringify(actual) ?? 'none'}`,
    );
}
