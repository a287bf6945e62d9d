import { editionIds } from '../profiles/editions.ts';
import type { Bundle } from './bundle.ts';
import { entryOf } from './entry.ts';
import { openEnvelope, readStatement } from './envelope.ts';
import { EvidenceError } from './error.ts';
import { fingerprintDigest } from './fingerprint.ts';
import { editionDigest } from './profile-digest.ts';
import {
  TestResultStatement,
  testResultType,
  type Statement,
  type Subject,
  type TestResult,
} from './statement.ts';
import { verifyProof, type Inclusion } from './tlog-proof.ts';
import type { VerifierKey, Verifiers } from './verifiers.ts';

/** One thing that evidence can show. `refuted`: the evidence is false or spoilt. `open`: it was not shown, for the reason given. */
export interface Claim {
  readonly claim:
    | 'form'
    | 'signature'
    | 'subject'
    | 'profile'
    | 'expiry'
    | 'log'
    | 'witnesses'
    | 'consistency';
  readonly state: 'proven' | 'refuted' | 'open';
  readonly detail: string;
}

/** What a bundle was found to show. */
export interface Verification {
  /** verified: nothing is refuted, and the signature, the subject and the log are proven. */
  readonly outcome: 'verified' | 'refuted' | 'incomplete';
  readonly claims: readonly Claim[];
  /** What is true if the claims are, as far as the envelope could be opened. */
  readonly statement?: Statement;
  readonly digest?: string;
  readonly inclusion?: Inclusion;
}

export interface VerifyOptions {
  readonly verifiers: Verifiers;
  readonly now: Date;
  /** Subjects that it must be about, beside what it says itself. */
  readonly subjects: readonly Subject[];
}

/** What no evidence of this kind can show, whatever its signatures: said with each verification. */
export const notProven: readonly string[] = [
  'that the software is still what it was: the fingerprint tells what was tested, and only a new look tells what runs now',
  'that who holds the signing key told the truth: the signature shows who vouches for it',
  'that requirements hold beyond what the checks asked: `assay explain` tells what each of them tries',
];

/** Verifies a bundle offline. Never throws: what does not hold is a refuted claim. */
export function verifyBundle(bundle: Bundle, options: VerifyOptions): Verification {
  const claims: Claim[] = [];
  const opened = attempt(claims, 'signature', () => openEnvelope(bundle.envelope, options.verifiers));
  if (opened === undefined) return { outcome: 'refuted', claims };
  const { statement, digest } = opened;
  claims.push({ claim: 'form', state: 'proven', detail: `canonical; the envelope is ${digest}` });
  const run = statement.predicateType === testResultType ? runOf(bundle, claims, options) : undefined;
  // Who may sign what, and when, is a matter of each kind of statement: read by the register, and by the gate.
  if (statement.predicateType !== testResultType)
    claims.push({
      claim: 'signature',
      state: 'open',
      detail: `${signedBy(opened.keys)}; whether that key may sign a statement of type ${statement.predicateType} is not examined here`,
    });
  claims.push(...subjectClaims(statement, bundle, run, options));
  if (run) claims.push(profileClaim(run), expiryClaim(run, options.now));
  const inclusion = inclusionOf(bundle, claims, options);
  return {
    outcome: outcomeOf(claims),
    claims,
    statement,
    digest,
    ...(inclusion === undefined ? {} : { inclusion }),
  };
}

/** The run that a statement tells of, if a key that may tell of runs has signed it. */
function runOf(bundle: Bundle, claims: Claim[], { verifiers }: VerifyOptions): TestResult | undefined {
  const opened = attempt(claims, 'signature', () =>
    readStatement(bundle.envelope, TestResultStatement, verifiers, {
      may: 'run',
      at: ({ predicate }) => predicate.run.finished,
    }),
  );
  if (opened) claims.push({ claim: 'signature', state: 'proven', detail: signedBy(opened.keys) });
  return opened?.statement.predicate;
}

const signedBy = (keys: readonly VerifierKey[]): string =>
  keys.map(({ id, holder, alg }) => `signed by ${holder} with ${alg}, key ${id}`).join('; ');

function* subjectClaims(
  { subject }: Statement,
  { fingerprint }: Bundle,
  run: TestResult | undefined,
  { subjects }: VerifyOptions,
): Generator<Claim> {
  const [first] = subject;
  const said = subject.map(({ name, digest }) => `${name} ${Object.values(digest).join(' ')}`).join(', ');
  if (run && first?.name !== `${run.partner}/${run.integration}/${run.environment}`)
    yield {
      claim: 'subject',
      state: 'refuted',
      detail: `the subject is ${said}, the run was of another one`,
    };
  const missing = subjects.find(
    ({ name, digest }) =>
      !subject.some(
        (each) =>
          each.name === name && Object.entries(digest).every(([alg, hex]) => each.digest[alg] === hex),
      ),
  );
  if (missing)
    yield {
      claim: 'subject',
      state: 'refuted',
      detail: `expected to be about ${missing.name} ${Object.values(missing.digest).join(' ')}, it is about ${said}`,
    };
  if (run && fingerprint === undefined)
    yield {
      claim: 'subject',
      state: 'open',
      detail: `about ${said}; the bundle does not tell what that digest stands for`,
    };
  else if (run && fingerprint && fingerprintDigest(fingerprint) !== first?.digest['sha256'])
    yield {
      claim: 'subject',
      state: 'refuted',
      detail: 'the fingerprint in the bundle is not the one that was signed',
    };
  else yield { claim: 'subject', state: 'proven', detail: `about ${said}` };
}

/** A statement binds what its edition demanded; whether that is what the edition demands here is compared. */
function profileClaim({ profile }: TestResult): Claim {
  const edition = editionIds.find((each) => each === profile.edition);
  if (edition === undefined)
    return {
      claim: 'profile',
      state: 'open',
      detail: `this version of Assay does not know the edition ${profile.edition}`,
    };
  return editionDigest(edition) === profile.digest
    ? {
        claim: 'profile',
        state: 'proven',
        detail: `${profile.edition} is the edition that this version of Assay knows`,
      }
    : {
        claim: 'profile',
        state: 'refuted',
        detail: `${profile.edition} demanded something else when it was tested`,
      };
}

function expiryClaim({ expires }: TestResult, now: Date): Claim {
  return now.toISOString() <= expires
    ? { claim: 'expiry', state: 'proven', detail: `valid until ${expires}` }
    : { claim: 'expiry', state: 'refuted', detail: `it expired at ${expires}` };
}

function inclusionOf(
  { envelope, proof }: Bundle,
  claims: Claim[],
  { verifiers: { log, witnesses } }: VerifyOptions,
): Inclusion | undefined {
  if (proof === undefined) {
    claims.push({ claim: 'log', state: 'open', detail: 'the bundle has no proof that a log has it' });
    return undefined;
  }
  const inclusion = attempt(claims, 'log', () => verifyProof(proof, entryOf(envelope), log, witnesses));
  if (inclusion === undefined) return undefined;
  const { index, checkpoint } = inclusion;
  claims.push({
    claim: 'log',
    state: 'proven',
    detail: `entry ${index} of ${checkpoint.size} in the log ${checkpoint.origin}`,
  });
  const seen = checkpoint.cosignatures.length;
  claims.push({
    claim: 'witnesses',
    state: seen > 0 ? 'proven' : 'open',
    detail:
      seen > 0
        ? `${seen} witnesses saw the same log`
        : 'no witness cosigned: the log could show others another history',
  });
  return inclusion;
}

function attempt<T>(claims: Claim[], claim: Claim['claim'], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    const form = error.code === 'not-canonical' || error.code === 'malformed';
    claims.push({
      claim: form && claim === 'signature' ? 'form' : claim,
      state: 'refuted',
      detail: error.message,
    });
    return undefined;
  }
}

/** Evidence counts when nothing of it is refuted, and nothing that must be shown is open. */
export function outcomeOf(claims: readonly Claim[]): Verification['outcome'] {
  if (claims.some(({ state }) => state === 'refuted')) return 'refuted';
  const needed: readonly Claim['claim'][] = ['signature', 'subject', 'log'];
  return needed.every((each) => claims.some(({ claim, state }) => claim === each && state === 'proven'))
    ? 'verified'
    : 'incomplete';
}
