import { X509Certificate } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { createAuthority } from '../../fixtures/pki/authority.ts';
import { counterfeit } from './certificate.ts';
import { generateKey } from './keys.ts';

test('a counterfeit says the same, of another key', async () => {
  const authority = await createAuthority({ now: new Date() });
  const { certificate } = await authority.issue({ commonName: 'partner-one', usage: 'client' });
  const real = new X509Certificate(certificate);
  const root = new X509Certificate(authority.certificate);
  const { key } = generateKey('ES256');

  const forged = new X509Certificate(counterfeit(certificate, key, 'same'));
  for (const member of ['subject', 'issuer', 'serialNumber', 'validFrom', 'validTo', 'keyUsage'] as const)
    expect(forged[member]).toEqual(real[member]);
  expect(forged.checkPrivateKey(key)).toBe(true);
  expect(real.verify(root.publicKey)).toBe(true);
  expect(forged.verify(root.publicKey)).toBe(false);
  expect(forged.verify(forged.publicKey)).toBe(true);

  const selfSigned = new X509Certificate(counterfeit(real.raw, key, 'itself'));
  expect(selfSigned.issuer).toBe(real.subject);
  expect(selfSigned.verify(selfSigned.publicKey)).toBe(true);
});
