import { createPublicKey, sign, X509Certificate, type KeyObject } from 'node:crypto';

/** One element of DER: its tag, and where its content begins and ends. */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

/** The elements that a buffer holds, one after the other (X.690, section 8.1). */
function elements(der: Buffer): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < der.length;) {
    const first = der.readUInt8(at + 1);
    const octets = first < 0x80 ? 0 : first - 0x80;
    const length = octets === 0 ? first : der.readUIntBE(at + 2, octets);
    const start = at + 2 + octets;
    const whole = der.subarray(at, start + length);
    found.push({ tag: der.readUInt8(at), content: der.subarray(start, start + length), whole });
    at = start + length;
  }
  return found;
}

function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  const size = bytes.length.toString(16);
  const octets = Buffer.from(size.length % 2 === 0 ? size : `0${size}`, 'hex');
  const length = bytes.length < 0x80 ? octets : Buffer.from([0x80 + octets.length, ...octets]);
  return Buffer.concat([Buffer.from([tag]), length, bytes]);
}

const sequence = 0x30;
const bitString = 0x03;
const version = 0xa0;

/** ecdsa-with-SHA256 (RFC 5758, section 3.2). */
const ecdsaWithSha256 = Buffer.from('300a06082a8648ce3d040302', 'hex');

/**
 * A certificate that says the same as another one, of another key and signed by that key: what an impostor can make.
 * @param certificate PEM or DER; of a PEM chain, the first.
 * @param key A private EC key.
 * @param issuer Who it claims to be from: whoever the other one is from, or itself.
 * @returns PEM.
 */
export function counterfeit(
  certificate: string | Uint8Array,
  key: KeyObject,
  issuer: 'same' | 'itself',
): string {
  const [tbs] = elements(elements(new X509Certificate(certificate).raw)[0]?.content ?? Buffer.alloc(0));
  const parts = elements(tbs?.content ?? Buffer.alloc(0));
  const [serial, , from, validity, subject, , ...rest] = parts[0]?.tag === version ? parts.slice(1) : parts;
  const copied = (part: Element | undefined): Buffer => part?.whole ?? Buffer.alloc(0);
  const claims = element(
    sequence,
    ...parts.slice(0, 1).flatMap(({ tag, whole }) => (tag === version ? [whole] : [])),
    copied(serial),
    ecdsaWithSha256,
    copied(issuer === 'itself' ? subject : from),
    copied(validity),
    copied(subject),
    createPublicKey(key).export({ format: 'der', type: 'spki' }),
    ...rest.map(copied),
  );
  const signature = element(bitString, Buffer.of(0), sign('sha256', claims, key));
  const base64 = element(sequence, claims, ecdsaWithSha256, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}(?=.)/gu, '$&\n')}\n-----END CERTIFICATE-----\n`;
}
