import { expect, test } from '@playwright/test';
import {
  anonymous,
  below112Bits,
  common,
  discouraged,
  isForwardSecret,
  notRecommended,
  prohibited,
  rc4,
  recommended,
  suiteName,
  unencrypted,
} from './tls-suites.ts';

test('the suites of RFC 9325, section 4.2 are recommended, and no other', () => {
  expect(recommended.map(suiteName)).toEqual([
    'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  ]);
  expect(recommended).toEqual([0xc02b, 0xc02c, 0xc02f, 0xc030]);
  expect(notRecommended).toHaveLength(335);
});

for (const [number, name, kinds] of [
  [0x0002, 'TLS_RSA_WITH_NULL_SHA', [unencrypted]],
  [0x0018, 'TLS_DH_anon_WITH_RC4_128_MD5', [anonymous, rc4]],
  [0x0003, 'TLS_RSA_EXPORT_WITH_RC4_40_MD5', [below112Bits, rc4]],
  [0x0009, 'TLS_RSA_WITH_DES_CBC_SHA', [below112Bits]],
  [0x000a, 'TLS_RSA_WITH_3DES_EDE_CBC_SHA', [discouraged]],
  [0x0015, 'TLS_DHE_RSA_WITH_DES_CBC_SHA', [below112Bits]],
  [0x0026, 'TLS_KRB5_EXPORT_WITH_DES_CBC_40_SHA', [below112Bits]],
  [0x009c, 'TLS_RSA_WITH_AES_128_GCM_SHA256', [discouraged]],
  [0x009e, 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', [discouraged]],
  [0xc004, 'TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA', [discouraged]],
  [0xc009, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', []],
  [0xc0af, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8', []],
  [0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', []],
] as const)
  test(`${name} is judged as what it is`, () => {
    expect(suiteName(number)).toBe(name);
    const all = { unencrypted, anonymous, below112Bits, rc4, discouraged };
    const found = Object.values(all).filter((suites) => suites.includes(number));
    expect(new Set(found)).toEqual(new Set(kinds));
    expect(prohibited.includes(number)).toBe(found.some((suites) => suites !== discouraged));
    expect(notRecommended).toContain(number);
  });

test('forward secrecy comes with ephemeral keys', () => {
  expect([0xc02b, 0x009e, 0xcca8, 0x1301].filter((suite) => !isForwardSecret(suite))).toEqual([0x1301]);
  expect([0x009c, 0xc004, 0x00a4].filter(isForwardSecret)).toEqual([]);
});

test('an offer of what is common fits into one that no server chokes on', () => {
  expect(common.length).toBeLessThanOrEqual(100);
  expect(new Set(common).size).toBe(common.length);
});
