import { X509Certificate } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { createAuthority, type CertificateOptions } from '../../fixtures/pki/authority.ts';
import { brokenHash, isFor, weakKey } from './tls-certificate.ts';

const authority = createAuthority({ now: new Date() });
const issued = async (options: Partial<CertificateOptions> = {}): Promise<X509Certificate> => {
  const { certificate } = await (await authority).issue({ commonName: 'x', usage: 'server', ...options });
  return new X509Certificate(certificate);
};

test('RSA keys below 2048 bits are weak', async () => {
  expect(weakKey(await issued())).toBeUndefined();
  expect(weakKey(await issued({ key: 'RSA-2048' }))).toBeUndefined();
  expect(weakKey(await issued({ key: 'RSA-1024' }))).toBe('an RSA key of 1024 bits');
});

test('an authority that signs with SHA-1 is told by the signature', async () => {
  expect(brokenHash(await issued())).toBeUndefined();
  expect(brokenHash(await issued({ hash: 'SHA-1' }))).toBe('SHA-1 with ECDSA');
});

test('a certificate is for its names and addresses, and not for its common name', async () => {
  const certificate = await issued({
    commonName: 'common.example',
    names: ['as.example', '*.wild.example', '192.0.2.1', '2001:db8::1'],
  });
  for (const host of ['as.example', 'AS.example', 'a.wild.example', '192.0.2.1', '2001:db8::1'])
    expect(isFor(certificate, host), host).toBe(true);
  for (const host of ['common.example', 'x.as.example', 'a.b.wild.example', '192.0.2.2', '2001:db8::2'])
    expect(isFor(certificate, host), host).toBe(false);
});
