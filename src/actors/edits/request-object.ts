import { createPublicKey, createSecretKey } from 'node:crypto';
import { rewritten, withBrokenSignature, type Algorithm } from '../../protocol/jws.ts';
import { generateKey, publicJwk, type SigningKey } from '../../protocol/keys.ts';
import type { Edit, Pairs } from '../draft.ts';
import { ahead } from '../server-time.ts';
import { claimsIn, edit, onPart, type Claims } from './edit.ts';

const onRequestObject = onPart('requestObject');

/** Changes claims of the request object; one that becomes undefined is left out, and one of a parameter goes before it. */
export const requestObject = (name: string, changes: Claims): Edit =>
  onRequestObject(name, (jws, world) => ({ ...jws, claims: { ...jws.claims, ...claimsIn(changes, world) } }));

/** Puts a time of the request object exactly so many seconds ahead of the server's clock. */
export const requestObjectAhead = (claim: 'iat' | 'nbf', seconds: number): Edit =>
  ahead(seconds, (time) =>
    requestObject(`request object with ${claim} ${seconds} s ahead`, {
      [claim]: time,
      exp: (world) => time(world) + 300,
    }),
  );

/** Signs the request object with a key that is not registered, under the kid of the one that is. */
export const requestObjectForeign: Edit = onRequestObject('request object of a foreign key', (jws) => ({
  ...jws,
  key: foreign(jws.header.alg).key,
}));

/** Signs the request object with a key that is registered for somebody else. */
export const requestObjectSignedWith = ({ key, alg, kid }: SigningKey): Edit =>
  onRequestObject('request object of a key of another client', (jws) => ({
    ...jws,
    key,
    header: { ...jws.header, alg, ...(kid === undefined ? {} : { kid }) },
  }));

/** Signs the request object with a foreign key, and shows that key in the header. */
export const requestObjectShowsKey: Edit = onRequestObject('request object with a key of its own', (jws) => {
  const { key, alg } = foreign(jws.header.alg);
  const { kid: _, ...header } = jws.header;
  return { ...jws, key, header: { ...header, alg, jwk: publicJwk(key) } };
});

/** Signs the request object with another algorithm and the same key. */
export const requestObjectAlgorithm = (alg: Algorithm): Edit =>
  onRequestObject(`request object with the algorithm ${alg}`, (jws) => ({
    ...jws,
    header: { ...jws.header, alg },
  }));

/** Authenticates the request object with HS256 under the public key, as if that were a secret (RFC 8725, section 2.1). */
export const requestObjectKeyConfused: Edit = onRequestObject(
  'request object with the public key as a secret',
  (jws) => ({
    ...jws,
    key: createSecretKey(Buffer.from(createPublicKey(jws.key).export({ type: 'spki', format: 'pem' }))),
    header: { ...jws.header, alg: 'HS256' },
  }),
);

/** Flips one bit of the signature of the request object. */
export const requestObjectSignatureBroken: Edit = onRequestObject(
  'request object with a broken signature',
  (jws) => ({ ...jws, seal: withBrokenSignature }),
);

/** Leaves the signature of the request object out, and its algorithm in the header. */
export const requestObjectSignatureMissing: Edit = onRequestObject(
  'request object without its signature',
  (jws) => ({ ...jws, seal: (signed) => rewritten(signed, { signature: '' }) }),
);

/** Names no algorithm in the header of the request object, in one of the spellings of it, and signs nothing. */
export const requestObjectUnsigned = (spelling: string): Edit =>
  onRequestObject(`unsigned request object, ${spelling}`, (jws) => ({
    ...jws,
    seal: (signed) =>
      rewritten(signed, { header: (header) => ({ ...header, alg: spelling }), signature: '' }),
  }));

/** Changes a claim of the request object after it was signed. */
export const requestObjectAltered = (claim: string, value: string): Edit =>
  onRequestObject(`request object with ${claim} changed after its signature`, (jws) => ({
    ...jws,
    seal: (signed) => rewritten(signed, { claims: (claims) => ({ ...claims, [claim]: value }) }),
  }));

/** Sends the authorization parameters as they are, in no request object. */
export const withoutRequestObject: Edit = edit(
  'without request object',
  ({ requestObject: _, ...draft }) => draft,
);

/** Sends parameters beside the request object instead of in it. */
export const outside = (...parameters: readonly string[]): Edit =>
  edit(`${parameters.join(' and ')} only outside the request object`, (draft) => ({
    ...draft,
    form: (draft.form ?? []).filter(([name]) => !parameters.includes(name)),
    beside: (draft.form ?? []).filter(([name]) => parameters.includes(name)),
  }));

/** Sends further parameters beside the request object. */
export const beside = (pairs: Pairs): Edit =>
  edit(`${pairs.map(([name]) => name).join(' and ')} beside the request object`, (draft) => ({
    ...draft,
    beside: pairs,
  }));

/** Authenticates the client with its request object instead of a client assertion. */
export const requestObjectAsAssertion: Edit = edit('request object as the client assertion', (draft) => ({
  ...draft,
  ...(draft.assertion && draft.requestObject ? { assertion: draft.requestObject } : {}),
}));

const foreign = (alg: Algorithm): SigningKey =>
  generateKey(alg === 'none' || alg === 'HS256' ? 'ES256' : alg);
