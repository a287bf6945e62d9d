import { X509Certificate, type KeyObject } from 'node:crypto';
import { proofOf } from '../../src/actors/sandbox/read.ts';
import { bitsOf } from '../../src/protocol/published-key.ts';
import { authenticated, expect, test as base, using, verifies, when } from './sent.ts';
import { boxed } from '../boxed.ts';

/** A key of the client as far as its size goes. */
interface Size {
  readonly of: string;
  readonly kind: 'rsa' | 'curve';
  readonly bits: number;
}

interface Fixtures {
  /** The sizes of its registered keys, of those that its proofs name, and of those in the certificates that it presented. */
  readonly sizes: () => Promise<readonly Size[]>;
}

const fixtures: Parameters<typeof base.extend<Fixtures>>[0] = {
  sizes: async ({ sent, clientSession, given }, use) =>
    use(async () => {
      const { keys } = await clientSession.registration();
      const arrivals = await sent(...authenticated, ...using);
      const proven = arrivals.flatMap((arrival) => {
        const jwk = proofOf(arrival)?.header['jwk'];
        return typeof jwk === 'object' && jwk !== null ? [jwk] : [];
      });
      const certificates = arrivals.flatMap(({ connection }) => connection.certificate?.certificate ?? []);
      const sizes = [
        ...keys.map((jwk) => sizeOfJwk(`registered key ${String(jwk['kid'])}`, jwk)),
        ...proven.map((jwk) => sizeOfJwk('key of a proof', jwk)),
        ...[...new Set(certificates)].map((pem) =>
          sizeOfKey('key of its certificate', new X509Certificate(pem).publicKey),
        ),
      ];
      return given(sizes.length > 0 && sizes, 'expected the client to have keys');
    }),
};

const test = base.extend<Fixtures>(boxed(fixtures));

const sizeOfJwk = (of: string, jwk: object): Size => ({
  of,
  kind: 'kty' in jwk && jwk.kty === 'RSA' ? 'rsa' : 'curve',
  bits: bitsOf({ ...jwk }),
});

/** Names of curves tell their size: prime256v1, secp384r1; those of Edwards curves come near it. */
function sizeOfKey(of: string, { asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Size {
  const { modulusLength, namedCurve = String(asymmetricKeyType) } = asymmetricKeyDetails ?? {};
  return modulusLength === undefined
    ? { of, kind: 'curve', bits: Number(/\d{3,5}/u.exec(namedCurve)?.[0] ?? 0) }
    : { of, kind: 'rsa', bits: modulusLength };
}

test.describe('the keys of the client', () => {
  for (const [title, requirement, kind, least] of [
    ['has RSA keys of 2048 bits or more', 'fapi2-sp/5.4.1-2', 'rsa', 2048],
    ['has elliptic curve keys of 224 bits or more', 'fapi2-sp/5.4.1-3', 'curve', 224],
  ] as const)
    test(title, verifies(requirement), async ({ sizes }) => {
      for (const each of await sizes())
        if (each.kind === kind) expect(each.bits, `bits of the ${each.of}`).toBeGreaterThanOrEqual(least);
    });

  test.describe('that are registered', when('private_key_jwt', 'signed-request'), () => {
    test(
      'uses each kid for one key',
      verifies('fapi2-sp/5.4.2-3'),
      async ({ valid, exercise, clientSession }) => {
        await exercise(valid());
        const { keys } = await clientSession.registration();
        const kids = keys.map((jwk) => jwk['kid']).filter((kid) => kid !== undefined);
        expect(
          kids.filter((kid, at) => kids.indexOf(kid) !== at),
          'kids of several keys',
        ).toEqual([]);
      },
    );
  });
});
