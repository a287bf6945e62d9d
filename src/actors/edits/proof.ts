import { createPublicKey, createSecretKey } from 'node:crypto';
import { rewritten, signJws, signUnnamed, withBrokenSignature, type Algorithm } from '../../protocol/jws.ts';
import { generateKey, publicJwk, thumbprint, type SigningKey } from '../../protocol/keys.ts';
import type { Edit, World } from '../draft.ts';
import { claimsIn, edit, onPart, type Claims } from './edit.ts';

const onProof = onPart('proof');

type Asymmetric = Exclude<Algorithm, 'HS256' | 'none'>;

/** Sends no DPoP proof. */
export const withoutProof: Edit = edit('without DPoP proof', ({ proof: _, ...draft }) => draft);

/** Changes claims of the DPoP proof; a claim that becomes undefined is left out. */
export const proof = (name: string, changes: Claims): Edit =>
  onProof(name, (jws, world) => ({ ...jws, claims: { ...jws.claims, ...claimsIn(changes, world) } }));

/** Issues the DPoP proof at another time. It carries no nonce: by a nonce a server may tell its time (RFC 9449, 4.3, item 11). */
export const proofIssued = (name: string, time: (world: World) => number): Edit =>
  proof(name, { iat: time, nonce: undefined });

/** Changes one claim of the DPoP proof, given what it is in a valid one. */
export const proofWith = (name: string, claim: string, change: (value: string) => string): Edit =>
  onProof(name, (jws) => ({
    ...jws,
    claims: { ...jws.claims, [claim]: change(String(jws.claims[claim])) },
  }));

/** Makes the DPoP proof for another URL. */
export const proofFor = (name: string, change: (url: URL) => string): Edit =>
  proofWith(name, 'htu', (url) => change(new URL(url)));

/** Changes header members of the DPoP proof; one that becomes undefined is left out. */
export const proofHeader = (name: string, changes: Readonly<Record<string, unknown>>): Edit =>
  onProof(name, (jws) => ({ ...jws, header: { ...jws.header, ...changes } }));

/** Proves possession of another key, with a proof that is valid for it. */
export const provenWith = (name: string, { key, alg }: SigningKey): Edit =>
  onProof(name, (jws) => ({ ...jws, key, header: { ...jws.header, alg, jwk: publicJwk(key) } }));

/** A fresh key for the same algorithm. */
export const freshKey = (alg: Algorithm): SigningKey =>
  generateKey(alg === 'none' || alg === 'HS256' ? 'ES256' : alg);

/** Proves possession of a fresh key, with a proof that is valid but for its algorithm, if that is not permitted. */
export const provenBy = (alg: Asymmetric): Edit =>
  edit(`DPoP proof signed with ${alg}`, (draft, world) =>
    provenWith(alg, generateKey(alg)).apply(draft, world),
  );

/** Proves possession of another key than the client has proven before. */
export const provenByAnother: Edit = edit('DPoP proof of another key', (draft, world) => {
  const { proof: jws } = draft;
  return jws === undefined ? draft : provenWith('another key', freshKey(jws.header.alg)).apply(draft, world);
});

/** Leaves the DPoP proof unsigned, under the algorithm none or another spelling of it. */
export const proofUnsigned = (spelling: string): Edit =>
  onProof(`unsigned DPoP proof, alg ${spelling}`, (jws) => ({
    ...jws,
    seal: (text) => rewritten(text, { header: (header) => ({ ...header, alg: spelling }), signature: '' }),
  }));

/** Signs the DPoP proof without saying by which algorithm. */
export const proofOfNoAlgorithm: Edit = onProof('DPoP proof without alg', (jws) => ({
  ...jws,
  seal: () => signUnnamed(jws),
}));

/** Names the key of the DPoP proof by its thumbprint only. */
export const proofNamesKey: Edit = onProof('DPoP proof with kid instead of jwk', (jws) => ({
  ...jws,
  header: { ...jws.header, jwk: undefined, kid: thumbprint(publicJwk(jws.key)) },
}));

/** Signs the DPoP proof with another key than the one that it shows. */
export const proofOfAnotherSigner: Edit = onProof('DPoP proof signed by another key than its jwk', (jws) => ({
  ...jws,
  key: freshKey(jws.header.alg).key,
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

/** Takes the public key, which everybody knows, for the secret of a MAC (RFC 8725, section 2.1). */
export const proofMacOfPublicKey: Edit = onProof('DPoP proof with a MAC under the public key', (jws) => ({
  ...jws,
  key: createSecretKey(Buffer.from(createPublicKey(jws.key).export({ type: 'spki', format: 'pem' }))),
  header: { ...jws.header, alg: 'HS256' },
}));

/** Proves possession of a symmetric key, and shows it. */
export const proofOfSymmetricKey: Edit = onProof(
  'DPoP proof with a MAC under the key that it shows',
  (jws) => {
    const key = createSecretKey(crypto.getRandomValues(Buffer.alloc(32)));
    return { ...jws, key, header: { ...jws.header, alg: 'HS256', jwk: key.export({ format: 'jwk' }) } };
  },
);

/** Sends what is no JWT in place of the DPoP proof. */
export const proofMalformed: Edit = onProof('DPoP proof that is no JWT', (jws) => ({
  ...jws,
  seal: (text) => text.split('.').slice(0, 2).join('.'),
}));

/** Sends a second DPoP proof in a header of its own; each is valid (RFC 9449, section 4.3, item 1). */
export const provenTwice: Edit = edit('two DPoP proofs', (draft) => {
  const { proof: jws, headers } = draft;
  if (jws === undefined) return draft;
  const second = signJws({ ...jws, claims: { ...jws.claims, jti: crypto.randomUUID() } });
  return { ...draft, headers: [...headers, ['dpop', second]] };
});

/** Sends the DPoP proof under the name of its header in capital letters. */
export const proofInCapitals: Edit = edit('header DPOP', ({ proof: jws, ...draft }) =>
  jws === undefined ? draft : { ...draft, headers: [...draft.headers, ['DPOP', signJws(jws)]] },
);

/** Sends one and the same DPoP proof each time. */
export const provenAlike = (): Edit => {
  let first: string | undefined;
  return onProof('the same DPoP proof again', (jws) => ({ ...jws, seal: (text) => (first ??= text) }));
};
