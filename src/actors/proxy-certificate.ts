import { createHash, generateKeyPairSync, sign } from 'node:crypto';

/** A key pair with a certificate that only a pin makes trusted. */
export interface PinnedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS#8. */
  readonly key: string;
  /** SHA-256 of the SubjectPublicKeyInfo in base64, as Chromium's pin wants it. */
  readonly pin: string;
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const long = content.length < 0x80 ? [] : content.length < 0x100 ? [0x81] : [0x82, content.length >> 8];
  return Buffer.concat([Buffer.from([tag, ...long, content.length & 0xff]), content]);
}

const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
const time = (text: string) => der(0x17, Buffer.from(text));
const ecdsaWithSha256 = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
const commonName = der(0x06, Buffer.from('550403', 'hex'));
const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from('Assay user agent')))));

/**
 * Makes a self-signed X.509 certificate (RFC 5280, section 4.1, version 1) for a new P-256 key. It names nobody: whoever
 * trusts it does so by the pin of its key alone.
 */
export function makePinnedCertificate(): PinnedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const validity = sequence(time('250101000000Z'), time('491231235959Z'));
  const body = sequence(der(0x02, Buffer.from([1])), ecdsaWithSha256, name, validity, name, spki);
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const base64 = sequence(body, ecdsaWithSha256, signature).toString('base64');
  const lines = base64.match(/.{1,64}/gu) ?? [];
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    pin: createHash('sha256').update(spki).digest('base64'),
  };
}
