import { createPublicKey, X509Certificate, type JsonWebKey, type KeyObject } from 'node:crypto';

type Jwk = JsonWebKey & Readonly<Record<string, unknown>>;

/** Members of a JWK that hold what must stay secret (RFC 7518, sections 6.2.2, 6.3.2 and 6.4; RFC 8037, section 2). */
export const secretMembers: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** The key types and curves that algorithms of signatures need (RFC 7518, section 3.1; RFC 8037; RFC 9864). */
const suited: readonly (readonly [alg: RegExp, kty: string, crv?: string])[] = [
  [/^(?:RS|PS)(?:256|384|512)$|^RSA/u, 'RSA'],
  [/^ES256$/u, 'EC', 'P-256'],
  [/^ES384$/u, 'EC', 'P-384'],
  [/^ES512$/u, 'EC', 'P-521'],
  [/^Ed25519$/u, 'OKP', 'Ed25519'],
  [/^EdDSA$/u, 'OKP'],
  [/^(?:HS|A)\d/u, 'oct'],
];

const known: Readonly<Record<string, readonly string[] | undefined>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
};

const curves: readonly unknown[] = ['P-256', 'P-384', 'P-521', 'Ed25519'];

/**
 * The security of a public key in bits: of RSA, the length of the modulus without leading zeros; of curves, that of their
 * order. Zero for what has none.
 */
export function bitsOf({ kty, n, crv }: Jwk): number {
  if (kty === 'RSA') {
    const digits = Buffer.from(n ?? '', 'base64url').toString('hex');
    return digits === '' ? 0 : BigInt(`0x${digits}`).toString(2).length;
  }
  return Number(/\d+$/u.exec(crv ?? '')?.[0] ?? 0);
}

/**
 * What is wrong with a published key by what it says itself; nothing of types and curves that are not known here, which
 * clients pass over (RFC 7517, section 5).
 */
export function mistakesIn(jwk: Jwk): readonly string[] {
  const { kty, crv, alg, use, x5c } = jwk;
  if (kty === undefined) return ['no kty'];
  const members = known[kty];
  if (members === undefined || (crv !== undefined && !curves.includes(crv))) return [];
  const key = imported(jwk);
  const suits = suited.find(([name]) => typeof alg === 'string' && name.test(alg));
  return [
    ...members.filter((name) => typeof jwk[name] !== 'string').map((name) => `no ${name}`),
    ...(key === undefined ? ['no key of its type and curve'] : []),
    ...(kty === 'RSA' && !isExponent(jwk.e) ? ['an exponent that is even or less than 3'] : []),
    ...(suits && (suits[1] !== kty || (suits[2] !== undefined && suits[2] !== crv))
      ? [`alg ${String(alg)} for another key`]
      : []),
    ...(use !== undefined && typeof use !== 'string' ? ['use that is no text'] : []),
    ...(x5c !== undefined && !certifies(x5c, key) ? ['x5c of another key'] : []),
  ];
}

function imported({ kty, crv, x, y, n, e }: Jwk): KeyObject | undefined {
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined);
  try {
    return createPublicKey({ key: Object.fromEntries(members), format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** RFC 8017, section 3.1: it has an inverse, and leaves no text as it is. */
function isExponent(e: unknown): boolean {
  const digits = Buffer.from(String(e ?? ''), 'base64url').toString('hex');
  const value = digits === '' ? 0n : BigInt(`0x${digits}`);
  return value >= 3n && value % 2n === 1n;
}

/** RFC 7517, section 4.7: the key of the first certificate is the key itself. */
function certifies(x5c: unknown, key: KeyObject | undefined): boolean {
  const first: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  if (typeof first !== 'string' || key === undefined) return false;
  try {
    return new X509Certificate(Buffer.from(first, 'base64')).publicKey.equals(key);
  } catch {
    return false;
  }
}
