import { Type, type Static } from 'typebox';
import { Reference } from '../directory/common.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.String({ minLength: 1, description });

/** Where a private key is: a JWK in a file or a variable, or a command that signs and never shows it (a KMS or an HSM). */
export const KeyReference = Type.Union([
  Reference,
  Type.Object(
    {
      command: Type.Array(Type.String(), {
        minItems: 1,
        description:
          'Program and arguments. It reads the bytes to sign from standard input and writes the raw signature, in base64.',
      }),
      jwk: Type.Record(Type.String(), Type.String(), { description: 'The public key.' }),
    },
    closed,
  ),
]);
export type KeyReference = Static<typeof KeyReference>;

/** signing.yaml: with what an operator signs. */
export const Signing = Type.Object(
  {
    holder: text('The person or system in whose name is signed.'),
    statements: KeyReference,
    log: Type.Optional(
      Type.Object(
        {
          origin: text('Origin line of the checkpoints: a name like a URL without its scheme.'),
          key: KeyReference,
        },
        { ...closed, description: 'Only for who writes the log. The key is Ed25519.' },
      ),
    ),
    validity_hours: Type.Optional(
      Type.Integer({ minimum: 1, description: 'How long statements of runs show something. Default: 720.' }),
    ),
  },
  closed,
);
export type Signing = Static<typeof Signing>;

/** Something that signs with one key. */
export interface Signer {
  /** RFC 7638 thumbprint (SHA-256, base64url) of the public key. */
  readonly id: string;
  readonly alg: 'ES256' | 'Ed25519';
  readonly holder: string;
  readonly jwk: Readonly<Record<string, string>>;
  /** The raw signature: 64 bytes, r and s for ES256 (RFC 7518, section 3.4). */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}
