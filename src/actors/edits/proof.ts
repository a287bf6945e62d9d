import { withBrokenSignature } from '../../protocol/jws.ts';
import { publicJwk, type SigningKey } from '../../protocol/keys.ts';
import type { Edit } from '../draft.ts';
import { claimsIn, edit, onPart, type Claims } from './edit.ts';

const onProof = onPart('proof');

/** Sends no DPoP proof. */
export const withoutProof: Edit = edit('without DPoP proof', ({ proof: _, ...draft }) => draft);

/** Changes claims of the DPoP proof; a claim that becomes undefined is left out. */
export const proof = (name: string, changes: Claims): Edit =>
  onProof(name, (jws, world) => ({ ...jws, claims: { ...jws.claims, ...claimsIn(changes, world) } }));

/** Changes header members of the DPoP proof. */
export const proofHeader = (name: string, changes: Readonly<Record<string, unknown>>): Edit =>
  onProof(name, (jws) => ({ ...jws, header: { ...jws.header, ...changes } }));

/** Proves possession of another key, with a proof that is valid for it. */
export const provenWith = (name: string, { key, alg }: SigningKey): Edit =>
  onProof(name, (jws) => ({ ...jws, key, header: { ...jws.header, alg, jwk: publicJwk(key) } }));

/** Leaves the DPoP proof unsigned, with the algorithm none. */
export const proofUnsigned: Edit = onProof('unsigned DPoP proof', (jws) => ({
  ...jws,
  header: { ...jws.header, alg: 'none' },
}));

/** Flips one bit of the signature of the DPoP proof. */
export const proofSignatureBroken: Edit = onProof('DPoP proof with a broken signature', (jws) => ({
  ...jws,
  seal: withBrokenSignature,
}));

/** Shows the private key in the header of the DPoP proof (RFC 9449, section 4.3, item 7). */
export const proofShowsPrivateKey: Edit = onProof('private key in the DPoP proof', (jws) => ({
  ...jws,
  header: { ...jws.header, jwk: jws.key.export({ format: 'jwk' }) },
}));
