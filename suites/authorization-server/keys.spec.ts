import { FlowError } from '../../src/actors/flow-error.ts';
import { fetchKeySet, keysIn, type PublishedKey } from '../../src/actors/key-set.ts';
import type { Metadata } from '../../src/protocol/metadata.ts';
import { bitsOf, mistakesIn, secretMembers } from '../../src/protocol/published-key.ts';
import type { Reply, Transport } from '../../src/transport/transport.ts';
import { repeatedMembers } from '../../src/protocol/repeated-members.ts';
import { expect, test, verifies, when } from '../test.ts';

/** The key set at the jwks_uri. One without any keys shows nothing of how its keys are. */
async function publishedSet(transport: Transport, metadata: Metadata): Promise<Reply> {
  const reply = await fetchKeySet(transport, metadata);
  if (reply.status !== 200 || keysIn(reply).length === 0) throw FlowError.refused('key set request', reply);
  return reply;
}

const publishedKeys = async (transport: Transport, metadata: Metadata): Promise<readonly PublishedKey[]> =>
  keysIn(await publishedSet(transport, metadata));

const nameOf = ({ kid, kty }: PublishedKey): string => `${String(kid ?? 'no kid')} (${String(kty)})`;

// Without ID tokens and signed answers a client has no use for the keys of the server, and there may be none. Not judged: the
// media type, as RFC 7517, section 8.5 only registers one, and how long the set may be cached.
test.describe('the key set of the server', when('openid', 'signed-response', 'signed-introspection'), () => {
  for (const [title, kty, least, requirement] of [
    ['holds RSA keys of at least 2048 bits', 'RSA', 2048, 'fapi2-sp/5.4.1-2'],
    ['holds elliptic curve keys of at least 224 bits', 'EC', 224, 'fapi2-sp/5.4.1-3'],
  ] as const)
    test(title, verifies(requirement), async ({ exercise, transport, metadata }) => {
      const keys = await exercise(publishedKeys(transport, metadata));
      const short = keys.filter((key) => key.kty === kty && bitsOf(key) < least);
      expect(short.map((key) => `${nameOf(key)}: ${bitsOf(key)} bits`)).toEqual([]);
    });

  test(
    'gives each kid to one key',
    verifies('fapi2-sp/5.4.2-3'),
    async ({ exercise, transport, metadata }) => {
      const keys = await exercise(publishedKeys(transport, metadata));
      const kids = keys.flatMap(({ kid }) => (kid === undefined ? [] : [kid]));
      expect(kids).toEqual([...new Set(kids)]);
    },
  );

  // OpenID Connect Core, section 10.1: a signer of several keys must name the one that it used, so they need names.
  test(
    'names each key, where there are several',
    verifies('fapi2-sp/5.4.2-3'),
    async ({ exercise, transport, metadata }) => {
      const keys = await exercise(publishedKeys(transport, metadata));
      const nameless = keys.length > 1 ? keys.filter(({ kid }) => typeof kid !== 'string') : [];
      expect(nameless.map(nameOf)).toEqual([]);
    },
  );

  test(
    'refers to no keys elsewhere',
    verifies('fapi2-sp/5.4.2-2'),
    async ({ exercise, transport, metadata }) => {
      const keys = await exercise(publishedKeys(transport, metadata));
      expect(keys.filter((key) => 'x5u' in key || 'jku' in key).map(nameOf)).toEqual([]);
    },
  );

  test(
    'holds no private and no symmetric keys',
    verifies('rfc7517/9.2-1'),
    async ({ exercise, transport, metadata }) => {
      const keys = await exercise(publishedKeys(transport, metadata));
      const secret = keys.filter(
        (key) => key.kty === 'oct' || secretMembers.some((member) => key[member] !== undefined),
      );
      expect(secret.map(nameOf)).toEqual([]);
    },
  );

  test(
    'holds keys that are what they say',
    verifies('rfc7517/4-1'),
    async ({ exercise, transport, metadata }) => {
      const keys = await exercise(publishedKeys(transport, metadata));
      expect(keys.flatMap((key) => mistakesIn(key).map((mistake) => `${nameOf(key)}: ${mistake}`))).toEqual(
        [],
      );
    },
  );

  // RFC 7517, sections 4 and 5: of a key as of the set.
  test(
    'names each member of a key once',
    verifies('rfc7517/4-1'),
    async ({ exercise, transport, metadata }) => {
      const { text } = await exercise(publishedSet(transport, metadata));
      expect(repeatedMembers(text)).toEqual([]);
    },
  );
});
