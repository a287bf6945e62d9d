import type { Chosen } from '../src/protocol/tls-answer.ts';
import { brokenHash, isFor, weakKey } from '../src/protocol/tls-certificate.ts';
import {
  brokenSignatures,
  certificateCurves,
  extensions,
  smallCurves,
  type TlsVersion,
} from '../src/protocol/tls-hello.ts';
import {
  anonymous,
  below112Bits,
  chained,
  common,
  discouraged,
  finiteField,
  isForwardSecret,
  notRecommended,
  prohibited,
  rc4,
  recommended,
  suiteName,
  unencrypted,
} from '../src/protocol/tls-suites.ts';
import type { RequirementId } from '../src/requirements/catalogue.ts';
import type { Bait, Demand } from './probe.ts';

/** A bait, by what a server does that does not take it. */
interface Trial extends Bait {
  readonly requirement: RequirementId;
  /** Verb and object: the title of a check. */
  readonly does: readonly [verb: string, object: string];
}

/** A server may answer an offer with an older version; that it has it is another check's finding. */
const at =
  (version: TlsVersion) =>
  (chosen: Chosen): string | undefined =>
    chosen.version === version ? `${version} with ${suiteName(chosen.suite)}` : undefined;

/** A suite of TLS 1.2. That a server knows TLS 1.3 only is the best refusal of it. */
const offering = (suites: readonly number[]): Bait => ({
  offers: [{ version: 'TLS 1.2', suites }],
  wrong: at('TLS 1.2'),
});

const tls12 = { version: 'TLS 1.2', suites: common } as const;
const unconfirmed = (extension: number, what: string) => (chosen: Chosen) =>
  chosen.version !== 'TLS 1.2' || chosen.extensions.includes(extension)
    ? undefined
    : `TLS 1.2 without ${what}`;

/** FAPI 2.0 SP, 5.2.2, item 1: what RFC 9325, section 4.2 does not list is not permitted, CHACHA20 and CCM included. */
export const recommendedOnly: Trial = {
  requirement: 'fapi2-sp/5.2.2-1',
  does: ['permit', 'on TLS 1.2 only the recommended suites'],
  ...offering(notRecommended),
};

/**
 * FAPI 2.0 SP, 5.2.3, item 2 and its note 1: endpoints of browsers may use whatever BCP 195 allows. What it says SHOULD NOT be
 * negotiated is allowed; `shouldNot` warns of it.
 */
export const allowedOnly: Trial = {
  requirement: 'fapi2-sp/5.2.3-2',
  does: ['permit', 'on TLS 1.2 only allowed suites where browsers go'],
  ...offering(prohibited),
};

const older = [...common, ...rc4].filter((suite) => !recommended.includes(suite));

const refusedVersions = (['SSL 3.0', 'TLS 1.0', 'TLS 1.1'] as const).map((version): Trial => ({
  requirement: 'fapi2-sp/5.2.1-2',
  does: ['refuse', version],
  offers: [{ version, suites: older }],
  wrong: at(version),
}));

// RFC 9325, section 4.1: MUST NOT.
const refusedSuites = Object.entries({
  'suites without encryption': unencrypted,
  'suites without authentication': anonymous,
  'suites of less than 112 bits': below112Bits,
  'suites with RC4': rc4,
}).map(([what, suites]): Trial => ({
  requirement: 'fapi2-sp/5.2.1-3',
  does: ['refuse', what],
  ...offering(suites),
}));

/** What RFC 9325 says MUST or MUST NOT be: following it (FAPI 2.0 SP, 5.2.1, item 3) leaves no choice in that. */
export const trials: readonly Trial[] = [
  ...refusedVersions,
  ...refusedSuites,
  ...(
    [
      {
        // Section 4.1. Some servers choose by the order of the offer, so it names the others first.
        does: ['prefer', 'forward secrecy'],
        offers: [
          {
            ...tls12,
            suites: common.toSorted(
              (one, other) => Number(isForwardSecret(one)) - Number(isForwardSecret(other)),
            ),
          },
        ],
        wrong: ({ suite }) =>
          isForwardSecret(suite) ? undefined : `${suiteName(suite)} before others that are offered`,
      },
      {
        // Section 3.3 leaves compression to protocols that are proven safe with it, and says that HTTP is not.
        does: ['refuse', 'compression'],
        offers: [{ ...tls12, compression: [1, 64, 0] }],
        wrong: ({ compression }) => (compression === 0 ? undefined : `compression by method ${compression}`),
      },
      {
        // Section 3.5.
        does: ['confirm', 'secure renegotiation'],
        offers: [tls12],
        wrong: unconfirmed(extensions.renegotiationInfo, 'renegotiation_info'),
      },
      {
        // Section 3.5.
        does: ['confirm', 'the extended master secret'],
        offers: [tls12],
        wrong: unconfirmed(extensions.extendedMasterSecret, 'extended_master_secret'),
      },
      {
        // Section 4.6.
        does: ['refuse', 'truncated HMACs'],
        offers: [{ ...tls12, suites: [...chained, ...common], truncatedHmac: 'offered' }],
        wrong: (chosen) =>
          chosen.extensions.includes(extensions.truncatedHmac) ? 'truncated_hmac' : undefined,
      },
      {
        // Section 4.5.
        does: ['refuse', 'Diffie-Hellman groups of less than 2048 bits'],
        offers: [{ version: 'TLS 1.2', suites: finiteField }],
        wrong: ({ keys }) => ((keys?.bits ?? 2048) < 2048 ? `a group of ${keys?.bits} bits` : undefined),
      },
      {
        // Section 4.5.
        does: ['refuse', 'curves of less than 224 bits'],
        // A key of ECDSA may count among the groups, and has to be offered then (RFC 8422, section 5.1).
        offers: [
          { ...tls12, groups: smallCurves },
          { ...tls12, groups: [...smallCurves, ...certificateCurves] },
        ],
        wrong: ({ keys }) =>
          keys?.curve && smallCurves.includes(keys.curve) ? `the named curve ${keys.curve}` : undefined,
      },
      {
        // Section 4.5 and RFC 9155.
        does: ['refuse', 'to sign handshakes with SHA-1 or MD5'],
        offers: [{ ...tls12, signatures: brokenSignatures }],
        wrong: ({ keys }) =>
          keys?.signature && brokenSignatures.includes(keys.signature)
            ? `signature algorithm 0x${keys.signature.toString(16).padStart(4, '0')}`
            : undefined,
      },
    ] as const satisfies readonly Omit<Trial, 'requirement'>[]
  ).map((trial): Trial => ({ requirement: 'fapi2-sp/5.2.1-3', ...trial })),
];

/** What RFC 9325 says SHOULD NOT be. */
export const shouldNot: readonly Trial[] = [
  {
    requirement: 'rfc9325/4.1-1',
    does: ['refuse', 'static keys, finite fields and 112 bits on TLS 1.2'],
    ...offering(discouraged),
  },
  {
    requirement: 'rfc9325/4.2-1',
    does: ['use', 'CBC on TLS 1.2 only with encrypt_then_mac'],
    offers: [{ version: 'TLS 1.2', suites: chained }],
    wrong: unconfirmed(extensions.encryptThenMac, 'encrypt_then_mac'),
  },
];

/** Codes by which OpenSSL says that it does not know the authority: perhaps `trust` does not name it. */
const unknownAuthority =
  /^(?:UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|CERT_UNTRUSTED)/u;

const outdated = /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)/u;

/** What is judged by other findings than that of the chain. */
const otherFindings =
  /^(?:CERT_(?:HAS_EXPIRED|NOT_YET_VALID)|ERR_TLS_CERT_ALTNAME_INVALID|\w+_TOO_(?:SMALL|WEAK))/u;

/**
 * What certificates must be: RFC 9325, section 4.5 on keys and hashes; RFC 5280 and RFC 9525 on what every client of FAPI
 * verifies (5.2.1, item 5). Only the server's own is judged: what else of a chain is used is up to its reader.
 */
export const demands: readonly (Demand & { readonly what: string })[] = [
  {
    what: 'certificates for their names',
    wrong: ({ certificate, host }) =>
      isFor(certificate, host) ? undefined : `for ${certificate.subjectAltName ?? 'no name'}`,
  },
  {
    what: 'certificates within their dates',
    wrong: ({ certificate: { validFromDate, validToDate }, refusal = '', seen }) =>
      outdated.test(refusal) || seen < validFromDate || seen > validToDate
        ? `valid from ${validFromDate.toISOString()} to ${validToDate.toISOString()}${refusal === '' ? '' : ` (${refusal})`}`
        : undefined,
  },
  {
    what: 'certificates that authorities issued for servers',
    known: ({ refusal = '' }) => !unknownAuthority.test(refusal),
    wrong: ({ refusal = '' }) => (refusal === '' || otherFindings.test(refusal) ? undefined : refusal),
  },
  {
    what: 'certificates with keys of full length',
    wrong: ({ certificate }) => weakKey(certificate),
  },
  {
    what: 'certificates that are not signed with SHA-1 or MD5',
    wrong: ({ certificate }) => brokenHash(certificate),
  },
];
