import type { JsonWebKey } from 'node:crypto';
import type { Metadata } from '../../src/protocol/metadata.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { expect, test, verifies, when } from '../test.ts';

type PublishedKey = JsonWebKey & { readonly kid?: string };

async function publishedKeys(transport: Transport, metadata: Metadata): Promise<readonly PublishedKey[]> {
  const url = metadata.jwks_uri ?? '';
  const { body } = await transport.send({ method: 'GET', url, purpose: 'key set request' });
  return (body as { keys?: readonly PublishedKey[] } | undefined)?.keys ?? [];
}

/** The size that the security of a key depends on: the modulus of RSA, the order of a curve. */
function bitsOf({ kty, n, crv }: PublishedKey): number {
  if (kty === 'RSA')
    return (
      (Buffer.from(n ?? '', 'base64url')
        .toString('hex')
        .replace(/^0+/u, '').length /
        2) *
      8
    );
  return Number(/\d+$/u.exec(crv ?? '')?.[0] ?? 0);
}

// Without ID tokens a client has no use for the keys of the server, and there may be none.
test.describe('the key set of the server', when('openid'), () => {
  test('is served over TLS', verifies('fapi2-sp/5.4.2-1'), async ({ exercise, transport, metadata }) => {
    const keys = await exercise(publishedKeys(transport, metadata));
    expect(keys.length).toBeGreaterThan(0);
  });

  test(
    'holds RSA keys of at least 2048 bits',
    verifies('fapi2-sp/5.4.1-2'),
    async ({ exercise, transport, metadata }) => {
      const keys = await exercise(publishedKeys(transport, metadata));
      const rsa = keys.filter(({ kty }) => kty === 'RSA');
      expect(rsa.map(bitsOf).filter((bits) => bits < 2048)).toEqual([]);
    },
  );

  test(
    'holds elliptic curve keys of at least 224 bits',
    verifies('fapi2-sp/5.4.1-3'),
    async ({ exercise, transport, metadata }) => {
      const keys = await exercise(publishedKeys(transport, metadata));
      const curves = keys.filter(({ kty }) => kty === 'EC');
      expect(curves.map(bitsOf).filter((bits) => bits < 224)).toEqual([]);
    },
  );

  test(
    'gives each kid to one key',
    verifies('fapi2-sp/5.4.2-3'),
    async ({ exercise, transport, metadata }) => {
      const keys = await exercise(publishedKeys(transport, metadata));
      const kids = keys.flatMap(({ kid }) => (kid === undefined ? [] : [kid]));
      expect(kids).toEqual([...new Set(kids)]);
    },
  );

  test(
    'refers to no keys elsewhere',
    verifies('fapi2-sp/5.4.2-2'),
    async ({ exercise, transport, metadata }) => {
      const keys = await exercise(publishedKeys(transport, metadata));
      expect(keys.filter((key) => 'x5u' in key || 'jku' in key)).toEqual([]);
    },
  );
});
