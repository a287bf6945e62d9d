import { parseBundle, printBundle } from './bundle.ts';
import { logKey, signCheckpoint } from './checkpoint.ts';
import { entryOf, printEntry } from './entry.ts';
import { seal } from './envelope.ts';
import { EvidenceError } from './error.ts';
import { fingerprintDigest, type Fingerprint } from './fingerprint.ts';
import { drawFrom, refuseAll, textEdits, type Edit, type Refusals } from './fuzzing.ts';
import { inclusionPath, leafHash, rootOf } from './merkle.ts';
import { printVerifierKey } from './note.ts';
import { generateKey, signerOf, verifierKey } from './signer.ts';
import { testResultType, type TestResult } from './statement.ts';
import { printProof } from './tlog-proof.ts';
import type { Verifiers } from './verifiers.ts';
import { verifyBundle } from './verify.ts';

const origin = 'fuzz.example/log';
const now = new Date('2026-11-20T12:00:00.000Z');

/**
 * Mutates bundles of two runs in one log: their text, and their parts exchanged for each other's.
 * @param read What reads a bundle. Default: all that `assay verify` does offline.
 * @throws Error when one is taken for verified that nobody made.
 */
export async function fuzzBundles(
  count: number,
  seed: number,
  read: (text: string, verifiers: Verifiers) => unknown = verified,
): Promise<Refusals> {
  const { texts, verifiers } = await sample();
  return refuseAll(
    {
      texts,
      edits: { ...textEdits, ...memberEdits(texts) },
      read: (text) => read(text, verifiers),
      legitimate: new Set(texts),
    },
    count,
    drawFrom(seed),
  );
}

/** Refuses what is not verified in all that it must show. */
function verified(text: string, verifiers: Verifiers): void {
  const { outcome, claims } = verifyBundle(parseBundle(text), { verifiers, now, subjects: [] });
  const refuted = claims.find(({ state }) => state === 'refuted');
  if (outcome !== 'verified')
    throw new EvidenceError(
      refuted?.claim === 'signature'
        ? 'bad-signature'
        : refuted?.claim === 'log'
          ? 'not-logged'
          : 'wrong-subject',
      refuted?.detail ?? 'something that must be shown is open',
    );
}

async function sample(): Promise<{ readonly texts: readonly string[]; readonly verifiers: Verifiers }> {
  const [harness, log] = [generateKey('Ed25519'), signerOf(generateKey('Ed25519'), 'log')] as const;
  const fingerprints = [0, 1].map((index) => fingerprintOf(index));
  const envelopes = await Promise.all(
    fingerprints.map((fingerprint, index) =>
      seal(statementOf(fingerprint, index), [signerOf(harness, 'harness')]),
    ),
  );
  const leaves = envelopes.map((envelope) => leafHash(Buffer.from(printEntry(entryOf(envelope)))));
  const checkpoint = await signCheckpoint({ origin, size: leaves.length, root: rootOf(leaves) }, log);
  return {
    texts: envelopes.map((envelope, index) =>
      printBundle({
        envelope,
        fingerprint: fingerprints[index] ?? fingerprintOf(index),
        proof: printProof({ index, path: inclusionPath(index, leaves), checkpoint }),
      }),
    ),
    verifiers: {
      format: 'assay-verifiers/1',
      keys: [verifierKey(harness, { holder: 'harness', may: ['run'], from: '2026-01-01T00:00:00.000Z' })],
      log: { origin, keys: [printVerifierKey(logKey(origin, log))] },
    },
  };
}

const fingerprintOf = (index: number): Fingerprint => ({
  metadata: String(index).repeat(64),
  keys: ['thumbprint'],
  certificates: { 'https://as.example': ['c'.repeat(64)] },
  descriptions: {},
  registration: { digest: 'd'.repeat(64), clients: [] },
  profile: { edition: 'fuzz', digest: 'e'.repeat(64) },
});

function statementOf(fingerprint: Fingerprint, index: number) {
  const predicate: TestResult = {
    result: 'PASSED',
    configuration: [],
    passedTests: [],
    warnedTests: [],
    failedTests: [],
    notJudgedTests: [],
    notApplicableTests: [],
    partner: 'northbank',
    integration: `accounts-${index}`,
    environment: 'production',
    roles: ['authorization-server'],
    run: {
      id: `run-${index}`,
      started: '2026-11-20T02:00:00.000Z',
      finished: '2026-11-20T02:01:00.000Z',
      harness: '0.1.0',
      tier: 'full',
    },
    profile: {
      edition: 'fuzz',
      digest: 'e'.repeat(64),
      client_authentication: 'private_key_jwt',
      sender_constraint: 'dpop',
      protocol: 'openid',
    },
    verdict: 'pass',
    reason: 'All of it passed.',
    requirements: [],
    waivers: [],
    exchanges: { count: 0, root: 'f'.repeat(64) },
    expires: '2026-12-20T02:01:00.000Z',
  };
  return {
    _type: 'https://in-toto.io/Statement/v1' as const,
    subject: [
      {
        name: `northbank/accounts-${index}/production`,
        digest: { sha256: fingerprintDigest(fingerprint) },
      },
    ],
    predicateType: testResultType,
    predicate,
  };
}

/** Edits of whole members, printed as the printer would. */
function memberEdits(texts: readonly string[]): Readonly<Record<string, Edit>> {
  const edit =
    (change: (bundle: Record<string, unknown>, other: Record<string, unknown>) => object): Edit =>
    (text, draw) => {
      try {
        const [bundle, other] = [JSON.parse(text), JSON.parse(draw.one(texts))] as [
          Record<string, unknown>,
          Record<string, unknown>,
        ];
        return JSON.stringify(change(bundle, other));
      } catch {
        return text;
      }
    };
  return {
    otherEnvelope: edit((bundle, { envelope }) => ({ ...bundle, envelope })),
    otherFingerprint: edit((bundle, { fingerprint }) => ({ ...bundle, fingerprint })),
    otherProof: edit((bundle, { proof }) => ({ ...bundle, proof })),
    withoutFingerprint: edit(({ fingerprint: _, ...bundle }) => bundle),
    withoutProof: edit(({ proof: _, ...bundle }) => bundle),
    otherFormat: edit((bundle) => ({ ...bundle, format: 'assay-bundle/2' })),
    anotherMember: edit((bundle) => ({ ...bundle, zone: 'production' })),
    indented: (text) => text.replaceAll(':', ': '),
  };
}
