/** What a correct server offers and accepts. */
export const tls = {
  minVersion: 'TLSv1.2',
  /** TLS 1.2 suites that RFC 9325, section 4.2 recommends; those of TLS 1.3 are all good. */
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
  ].join(':'),
} as const;
