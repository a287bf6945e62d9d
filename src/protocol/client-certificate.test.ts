import { createHash, X509Certificate } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { createAuthority } from '../../fixtures/pki/authority.ts';
import { clientCertificateFrom, type CertificateHeader } from './client-certificate.ts';

const authority = createAuthority({ now: new Date() });
const issued = authority.then((ready) => ready.issue({ commonName: 'a', usage: 'client' }));
const shown = issued.then(({ certificate }) => new X509Certificate(certificate));
const binary = (der: Buffer): string => `:${der.toString('base64')}:`;

const from = (format: CertificateHeader['format'], ...values: readonly string[]) =>
  clientCertificateFrom(
    values.map((value) => ({ name: 'Client-Cert', value })),
    { header: 'client-cert', format },
  );

test('reads the certificate that a proxy tells, in either format', async () => {
  const certificate = await shown;
  const expected = {
    certificate: certificate.toString(),
    thumbprint: createHash('sha256').update(certificate.raw).digest('base64url'),
  };
  expect(from('rfc9440', binary(certificate.raw))).toEqual(expected);
  expect(from('pem-urlencoded', encodeURIComponent(certificate.toString()))).toEqual(expected);
});

test('no header, an empty one and another one tell of no certificate', async () => {
  for (const format of ['rfc9440', 'pem-urlencoded'] as const) {
    expect(from(format)).toBeUndefined();
    expect(from(format, '')).toBeUndefined();
    const other = [{ name: 'x-client-cert', value: binary((await shown).raw) }];
    expect(clientCertificateFrom(other, { header: 'client-cert', format })).toBeUndefined();
  }
});

test('of two headers, one is not the proxy’s', async () => {
  const value = binary((await shown).raw);
  expect(() => from('rfc9440', value, value)).toThrow(expect.objectContaining({ code: 'repeated' }));
});

test('what is no single certificate is malformed', async () => {
  const { raw } = await shown;
  const pem = (await shown).toString();
  const trailing = binary(Buffer.concat([raw, Buffer.of(0)]));
  const malformed = expect.objectContaining({ code: 'malformed' });
  for (const value of [raw.toString('base64'), `${binary(raw)}, ${binary(raw)}`, ':AAAA:', '::', trailing])
    expect(() => from('rfc9440', value)).toThrow(malformed);
  for (const text of [binary(raw), pem + (await authority).certificate, pem.replaceAll('CERTIFICATE', 'KEY')])
    expect(() => from('pem-urlencoded', encodeURIComponent(text))).toThrow(malformed);
  expect(() => from('pem-urlencoded', '%')).toThrow(malformed);
});
