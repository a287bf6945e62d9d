import type { JsonWebKey } from 'node:crypto';
import { FlowError } from '../../src/actors/flow-error.ts';
import type { Metadata } from '../../src/protocol/metadata.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { expect, test, verifies, when } from '../test.ts';

type PublishedKey = JsonWebKey & { readonly kid?: string };

/** The keys at the jwks_uri. A key set without any shows nothing of how its keys are. */
async function publishedKeys(transport: Transport, metadata: Metadata): Promise<readonly PublishedKey[]> {
  const url = metadata.jwks_uri ?? '';
  const reply = await transport.send({ method: 'GET', url, purpose: 'key set request' });
  const { keys = [] } = (reply.body ?? {}) as { keys?: readonly PublishedKey[] };
  if (keys.length === 0) throw FlowError.refused('key set request', reply);
  return keys;
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
