import { common } from './tls-suites.ts';

/** The versions of TLS and of what came before it. */
export type TlsVersion = keyof typeof versions;

/** Their numbers on the wire. */
export const versions = {
  'SSL 3.0': 0x0300,
  'TLS 1.0': 0x0301,
  'TLS 1.1': 0x0302,
  'TLS 1.2': 0x0303,
  'TLS 1.3': 0x0304,
} as const;

/** Extensions that matter here, by their numbers. */
export const extensions = {
  serverName: 0,
  truncatedHmac: 4,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  padding: 21,
  encryptThenMac: 22,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const;

/** What a ClientHello offers. What is absent is as wide as it can be. */
export interface Offer {
  /** The newest version; of an offer of TLS 1.3, TLS 1.2 is open besides. */
  readonly version: TlsVersion;
  readonly suites: readonly number[];
  readonly groups?: readonly number[];
  readonly signatures?: readonly number[];
  /** Methods of compression, in order; none beside no compression by default. */
  readonly compression?: readonly number[];
  readonly truncatedHmac?: 'offered';
}

/** Random bytes that a ClientHello needs. */
export const randomLength = 96;

/** Curves of less than 224 bits: RFC 9325, section 4.5, MUST NOT. */
export const smallCurves: readonly number[] = [1, 2, 3, 4, 5, 15, 16, 17, 18, 19];

/** The curves of keys in certificates: P-256, P-384 and P-521. */
export const certificateCurves: readonly number[] = [23, 24, 25];

/** X25519, X448, the NIST and Brainpool curves, the groups of RFC 7919. */
const groups: readonly number[] = [
  29, 23, 24, 25, 30, 21, 22, 6, 7, 8, 9, 10, 11, 12, 13, 14, 20, 26, 27, 28, 256, 257, 258,
];

/** ECDSA and RSA with MD5 or SHA-1: RFC 9325, section 4.5, MUST NOT. */
export const brokenSignatures: readonly number[] = [0x0203, 0x0201, 0x0202, 0x0101];

/** ECDSA, EdDSA, RSA-PSS and RSA with SHA-256 and more, then with what is broken. */
const signatures: readonly number[] = [
  0x0403,
  0x0503,
  0x0603,
  0x0807,
  0x0808,
  0x0804,
  0x0805,
  0x0806,
  0x0809,
  0x080a,
  0x080b,
  0x0401,
  0x0501,
  0x0601,
  0x0402,
  0x0301,
  0x0303,
  ...brokenSignatures,
];

/** The offer that every server understands that speaks TLS 1.2 or 1.3 at all. */
export const welcome: Offer = { version: 'TLS 1.3', suites: common };

const renegotiationScsv = 0x00ff;

/**
 * The record of a ClientHello. It can begin a handshake and never end one: whoever sends it holds no keys.
 * @param host Name for the server, or undefined where it is known by its address.
 * @param random `randomLength` random bytes.
 * @see https://www.rfc-editor.org/rfc/rfc5246#section-7.4.1.2
 */
export function clientHello(offer: Offer, host: string | undefined, random: Uint8Array): Buffer {
  if (random.length !== randomLength) throw new RangeError(`expected ${randomLength} random bytes`);
  const ancient = offer.version === 'SSL 3.0';
  const legacy = Math.min(versions[offer.version], versions['TLS 1.2']);
  const suites = ancient ? [...offer.suites, renegotiationScsv] : offer.suites;
  const head = Buffer.concat([
    u16(legacy),
    random.subarray(0, 32),
    // A session identifier, for what stands between the parties and knows no TLS 1.3 (RFC 8446, appendix D.4).
    offer.version === 'TLS 1.3' ? sized(1, random.subarray(32, 64)) : u8(0),
    sized(2, ...suites.map(u16)),
    sized(1, ...(offer.compression ?? [0]).map(u8)),
  ]);
  const list = ancient ? [] : extensionsOf(offer, host, random.subarray(64));
  const hello = message(1, Buffer.concat([head, ...(ancient ? [] : [sized(2, ...padded(head, list))])]));
  return Buffer.concat([u8(22), u16(ancient ? versions['SSL 3.0'] : versions['TLS 1.0']), sized(2, hello)]);
}

function extensionsOf(offer: Offer, host: string | undefined, share: Uint8Array): readonly Buffer[] {
  const modern = offer.version === 'TLS 1.3';
  return [
    ...(host === undefined
      ? []
      : [extension(extensions.serverName, sized(2, u8(0), sized(2, Buffer.from(host, 'latin1'))))]),
    extension(extensions.renegotiationInfo, u8(0)),
    extension(extensions.extendedMasterSecret),
    extension(extensions.encryptThenMac),
    ...(offer.truncatedHmac ? [extension(extensions.truncatedHmac)] : []),
    extension(extensions.supportedGroups, sized(2, ...(offer.groups ?? groups).map(u16))),
    extension(extensions.pointFormats, sized(1, u8(0))),
    // Older versions have no such extension, and some servers mind it.
    ...(versions[offer.version] < versions['TLS 1.2']
      ? []
      : [extension(extensions.signatureAlgorithms, sized(2, ...(offer.signatures ?? signatures).map(u16)))]),
    ...(modern
      ? [
          extension(
            extensions.supportedVersions,
            sized(1, u16(versions['TLS 1.3']), u16(versions['TLS 1.2'])),
          ),
          // Any 32 bytes are a public key of X25519; a server that wants another group asks for it.
          extension(extensions.keyShare, sized(2, u16(29), sized(2, share))),
        ]
      : []),
  ];
}

/** Some load balancers hang on a hello of 256 to 511 bytes (RFC 7685, section 1). */
function padded(head: Buffer, list: readonly Buffer[]): readonly Buffer[] {
  const length = 4 + head.length + 2 + Buffer.concat(list).length;
  if (length < 256 || length > 511) return list;
  return [...list, extension(extensions.padding, Buffer.alloc(Math.max(1, 512 - length - 4)))];
}

const extension = (type: number, ...body: readonly Uint8Array[]): Buffer =>
  Buffer.concat([u16(type), sized(2, ...body)]);

const message = (type: number, body: Uint8Array): Buffer => Buffer.concat([u8(type), sized(3, body)]);

const u8 = (value: number): Buffer => Buffer.of(value);
const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);

/** Bytes behind their length, which itself takes one to three bytes. */
function sized(width: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(width);
  length.writeUIntBE(body.length, 0, width);
  return Buffer.concat([length, body]);
}
