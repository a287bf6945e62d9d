import type { JsonWebKey } from 'node:crypto';
import { generateKey, publicJwk, type SigningKey } from '../../protocol/keys.ts';

/** The keys of the sandbox's authorization servers: one that signs, and others that must not be taken for it. */
export interface ServerKeys {
  /** Signs with ES256. */
  readonly signing: SigningKey & { readonly kid: string };
  /** Another key that is not published. */
  readonly foreign: SigningKey;
  /** A key for what FAPI 2.0 forbids: RS256. */
  readonly rsa: SigningKey & { readonly kid: string };
  /** What is published: the signing key only. */
  readonly published: readonly JsonWebKey[];
}

/** A published key with everything that a reader needs to choose it. */
export const published = ({ key, alg, kid }: SigningKey): JsonWebKey => ({
  ...publicJwk(key),
  ...(kid === undefined ? {} : { kid }),
  alg,
  use: 'sig',
});

/** Makes them; RSA keys only when they are asked for, as they take long to make. */
export function makeServerKeys(): ServerKeys {
  const signing = { ...generateKey('ES256'), kid: 'sandbox-es256' };
  const foreign = generateKey('ES256');
  let rsa: ServerKeys['rsa'] | undefined;
  return {
    signing,
    foreign,
    get rsa() {
      return (rsa ??= { ...generateKey('RS256'), kid: 'sandbox-rs256' });
    },
    published: [published(signing)],
  };
}
