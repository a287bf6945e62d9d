import { constants, createHash, createHmac, sign, type KeyObject } from 'node:crypto';

/** JWS algorithms that Assay can produce, those that FAPI 2.0 forbids included: a server is to refuse them. */
export type Algorithm = 'PS256' | 'ES256' | 'EdDSA' | 'Ed25519' | 'RS256' | 'ES384' | 'HS256' | 'none';

/** The algorithms that FAPI 2.0 permits (5.4.1, item 1.2). `Ed25519` is RFC 9864's name for EdDSA with that curve. */
export const permittedAlgorithms: readonly string[] = ['PS256', 'ES256', 'EdDSA', 'Ed25519'];

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function signature(input: Buffer, algorithm: Algorithm, key: KeyObject): Buffer {
  switch (algorithm) {
    case 'PS256':
      return sign('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
    case 'RS256':
      return sign('sha256', input, key);
    case 'ES256':
      return sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' });
    case 'ES384':
      return sign('sha384', input, { key, dsaEncoding: 'ieee-p1363' });
    case 'EdDSA':
    case 'Ed25519':
      return sign(null, input, key);
    case 'HS256':
      return createHmac('sha256', key).update(input).digest();
    case 'none':
      return Buffer.alloc(0);
  }
}

/** A JWS before it is signed: what it says, and with which key. */
export interface Unsigned {
  readonly header: Readonly<Record<string, unknown>> & { readonly alg: Algorithm };
  readonly claims: Readonly<Record<string, unknown>>;
  readonly key: KeyObject;
}

/**
 * Signs in compact form (RFC 7515, section 3.1). It is our own because it must also make what a correct library refuses
 * to make: unsigned, with a forbidden algorithm, with a key that does not belong.
 */
export const signJws = ({ header, claims, key }: Unsigned): string =>
  signed(header, claims, { alg: header.alg, key });

/** The same, without the name of the algorithm in the header. */
export const signUnnamed = ({ header: { alg, ...header }, claims, key }: Unsigned): string =>
  signed(header, claims, { alg, key });

function signed(header: unknown, claims: unknown, { alg, key }: { alg: Algorithm; key: KeyObject }): string {
  const input = `${base64url(header)}.${base64url(claims)}`;
  return `${input}.${signature(Buffer.from(input), alg, key).toString('base64url')}`;
}

/** The same JWS with one bit of its signature flipped. */
export function withBrokenSignature(jws: string): string {
  const [header, claims, text = ''] = jws.split('.');
  const bytes = Buffer.from(text, 'base64url');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return `${header}.${claims}.${bytes.toString('base64url')}`;
}

type Members = Readonly<Record<string, unknown>>;

/** A finished JWS with parts of it replaced; its signature is not made anew. */
export function rewritten(
  jws: string,
  changes: {
    readonly header?: (members: Members) => Members;
    readonly claims?: (members: Members) => Members;
    readonly signature?: string;
  },
): string {
  const [header = '', claims = '', signature = ''] = jws.split('.');
  const part = (text: string, change?: (members: Members) => Members): string =>
    change ? base64url(change(JSON.parse(Buffer.from(text, 'base64url').toString()) as Members)) : text;
  return [part(header, changes.header), part(claims, changes.claims), changes.signature ?? signature].join(
    '.',
  );
}

/** SHA-256 in base64url: `ath`, S256 code challenges, thumbprints. */
export const sha256 = (input: string | Buffer): string =>
  createHash('sha256').update(input).digest('base64url');

/** The claims of a JWT, whoever signed it; undefined for a text that is none. */
export function claimsOf(jwt: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? (claims as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
