import type { X509Certificate } from 'node:crypto';

/** What keeps a key from authenticating a server: RFC 9325, section 4.5, MUST NOT. */
export function weakKey({ publicKey }: X509Certificate): string | undefined {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && modulusLength < 2048) return `an RSA key of ${modulusLength} bits`;
  const bits = namedCurve === undefined ? undefined : Number(/\d{3}/u.exec(namedCurve)?.[0]);
  return bits !== undefined && bits < 224 ? `a key on the curve ${namedCurve}` : undefined;
}

/** Signatures with MD2, MD5 and SHA-1: RFC 9325, section 4.5, MUST NOT. */
const brokenHashes: Readonly<Record<string, string>> = {
  '2a864886f70d010102': 'MD2 with RSA',
  '2a864886f70d010104': 'MD5 with RSA',
  '2a864886f70d010105': 'SHA-1 with RSA',
  '2a8648ce3d0401': 'SHA-1 with ECDSA',
  '2a8648ce380403': 'SHA-1 with DSA',
};

/** The broken hash by which an authority has signed the certificate. */
export function brokenHash({ raw }: X509Certificate): string | undefined {
  // Certificate ::= SEQUENCE { tbsCertificate, SEQUENCE { OBJECT IDENTIFIER, … }, signature }
  const [tbsCertificate] = content(raw, 0);
  const [, tbsEnd] = content(raw, tbsCertificate);
  const [algorithm] = content(raw, tbsEnd);
  const [start, end] = content(raw, algorithm);
  return brokenHashes[raw.subarray(start, end).toString('hex')];
}

/** Where the content of the DER value at a position begins and ends. */
function content(der: Buffer, at: number): readonly [start: number, end: number] {
  const short = der.readUInt8(at + 1);
  const width = short < 0x80 ? 0 : short & 0x7f;
  const start = at + 2 + width;
  return [start, start + (width === 0 ? short : der.readUIntBE(at + 2, width))];
}

/** Whether the certificate names a host or an address, as RFC 9525 compares them: the common name is no name. */
export const isFor = (certificate: X509Certificate, host: string): boolean =>
  (/^[\d.]+$|:/u.test(host)
    ? certificate.checkIP(host)
    : certificate.checkHost(host, { subject: 'never', partialWildcards: false })) !== undefined;
