import { X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { digestOf } from '../evidence/canonical.ts';
import { bitsOf, mistakesIn, secretMembers } from '../protocol/published-key.ts';
import { benign, material, permittedAlgorithms, shown, type Change, type Judgement } from './drift-change.ts';

/** What is remembered of a published key. */
export interface KeyFacts {
  readonly thumbprint: string;
  /** Its use, type and curve: another key of the same kind can take its place. */
  readonly kind: string;
  /** What speaks against it under FAPI 2.0, by what it says itself. */
  readonly objection?: string;
}

/** What is remembered of the certificate that somebody presents at one place. */
export interface CertificateFacts {
  /** Of the certificate itself, without those above it. */
  readonly digest: string;
  /** Whom it names: alternative names and organisation, or the whole subject. Sorted. */
  readonly names: readonly string[];
  readonly issuer: string;
  /** Who vouches for the issuer, where its certificate was presented, too. */
  readonly above?: string;
  /** Whether chain, dates and name were accepted; `self` where it is its own issuer. */
  readonly vouched: 'accepted' | 'self' | 'not-asked' | (string & {});
  /** ISO 8601. */
  readonly expires: string;
}

/** What is to be remembered of a key. The key has the form of RFC 7517. */
export async function keyFacts(jwk: JWK): Promise<KeyFacts> {
  const objection = objectionTo(jwk);
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    kind: shown([jwk.use ?? 'any use', jwk.kty, ...(jwk.crv === undefined ? [] : [jwk.crv])]),
    ...(objection === undefined ? {} : { objection }),
  };
}

function objectionTo(jwk: JWK): string | undefined {
  const { alg, kty, use } = jwk;
  if (secretMembers.some((name) => Object.hasOwn(jwk, name)))
    return 'a part of it that must stay secret is published';
  // The algorithms of FAPI 2.0 are those of signatures.
  if (use !== 'enc' && alg !== undefined && !permittedAlgorithms.includes(alg))
    return `FAPI 2.0 does not permit its algorithm ${shown(alg)} (Security Profile, 5.4.1)`;
  const least = kty === 'RSA' ? 2048 : kty === 'EC' ? 224 : 0;
  if (bitsOf({ ...jwk }) < least) return `it has less than ${least} bits (FAPI 2.0 Security Profile, 5.4.1)`;
  return mistakesIn({ ...jwk })[0];
}

/** How a set of keys differs from an earlier one. */
export function keyChanges(before: readonly KeyFacts[], after: readonly KeyFacts[]): readonly Change[] {
  const was = new Set(before.map(({ thumbprint }) => thumbprint));
  const is = new Set(after.map(({ thumbprint }) => thumbprint));
  const stays = before.filter(({ thumbprint }) => is.has(thumbprint));
  const kept = new Set(stays.map(({ kind }) => kind));
  const lost = new Set(before.map(({ kind }) => kind).filter((kind) => !kept.has(kind)));
  const came = ({ kind, objection }: KeyFacts): Judgement => {
    if (objection !== undefined) return material(objection);
    if (stays.length === 0)
      return material('no key that was known stays beside it, so nobody vouches for it');
    if (lost.has(kind)) return material('it takes the place of all known keys of its kind at once');
    return benign('keys that were known stay beside it: keys are being rotated');
  };
  const went = ({ kind, objection }: KeyFacts): Judgement => {
    if (kept.has(kind)) return benign('a known key of its kind stays: keys were rotated');
    return objection === undefined
      ? material('no known key of its kind stays, and what it signed can no longer be verified')
      : benign(`it had no place there: ${objection}`);
  };
  const change = (how: 'added' | 'removed', key: KeyFacts, judgement: Judgement): Change => ({
    part: 'keys',
    member: key.thumbprint,
    how,
    what: `a key was ${how}: ${key.thumbprint}, ${key.kind}`,
    ...judgement,
  });
  return [
    ...after.filter(({ thumbprint }) => !was.has(thumbprint)).map((key) => change('added', key, came(key))),
    ...before.filter(({ thumbprint }) => !is.has(thumbprint)).map((key) => change('removed', key, went(key))),
  ];
}

/**
 * What is to be remembered of a chain of certificates, leaf first; undefined for none.
 * @param refusal Why a caller would refuse it; `not-asked` where nobody can tell.
 */
export function certificateFacts(
  chain: readonly Uint8Array[],
  refusal: string | undefined,
): CertificateFacts | undefined {
  const [leaf, above] = chain.map((der) => new X509Certificate(der));
  if (leaf === undefined) return undefined;
  const { subject, subjectAltName, issuer } = leaf;
  const organisation = fields(subject).filter((field) => field.startsWith('O='));
  return {
    digest: digestOf(leaf.raw),
    names: (subjectAltName === undefined
      ? fields(subject)
      : [...subjectAltName.split(', '), ...organisation]
    ).toSorted(),
    issuer,
    ...(above === undefined ? {} : { above: above.issuer }),
    vouched: issuer === subject ? 'self' : (refusal ?? 'accepted'),
    expires: leaf.validToDate.toISOString(),
  };
}

/** Node writes each attribute of a name on a line of its own. */
const fields = (name: string): readonly string[] => name.split('\n');

/** What another certificate at the same place means. */
export function certificateJudgement(before: CertificateFacts, after: CertificateFacts): Judgement {
  if (after.vouched === 'self') return material('it is its own issuer, so nobody vouches for it');
  if (!['accepted', 'not-asked'].includes(after.vouched))
    return material(`callers would refuse it (${after.vouched})`);
  if (before.digest === after.digest) return benign('it is the same certificate behind another chain');
  if (before.names.join('\n') !== after.names.join('\n'))
    return material(`it names ${shown(after.names)}, and the one before ${shown(before.names)}`);
  if (!ofOneAuthority(before, after))
    return material(`it is from ${shown(after.issuer)}, and the one before from ${shown(before.issuer)}`);
  return benign('it was renewed: the same names by the same authority');
}

/** Authorities issue from several intermediate certificates, which differ in their common name only, under one root. */
function ofOneAuthority(before: CertificateFacts, after: CertificateFacts): boolean {
  if (before.issuer === after.issuer) return true;
  const organisation = ({ issuer }: CertificateFacts): string =>
    fields(issuer)
      .filter((field) => !field.startsWith('CN='))
      .join('\n');
  return (
    after.vouched === 'accepted' &&
    /^O=/mu.test(after.issuer) &&
    organisation(before) === organisation(after) &&
    before.above !== undefined &&
    before.above === after.above
  );
}
