import type { Algorithm } from '../../protocol/jws.ts';
import { withBrokenSignature } from '../../protocol/jws.ts';
import { generateKey } from '../../protocol/keys.ts';
import type { Certificate } from '../../transport/transport.ts';
import type { Edit } from '../draft.ts';
import { ahead } from '../server-time.ts';
import { claimsIn, edit, onPart, type Claims } from './edit.ts';

/** Sends no client authentication, only the client_id. A certificate that merely binds the token stays. */
export const unauthenticated: Edit = edit(
  'without client authentication',
  ({ assertion, certificate, ...draft }) => (assertion && certificate ? { ...draft, certificate } : draft),
);

const onAssertion = onPart('assertion');

/** Changes claims of the client assertion; a claim that becomes undefined is left out. */
export const assertion = (name: string, changes: Claims): Edit =>
  onAssertion(name, (jws, world) => ({ ...jws, claims: { ...jws.claims, ...claimsIn(changes, world) } }));

/** Puts a time of the client assertion exactly so many seconds ahead of the server's clock. */
export const assertionAhead = (claim: 'iat' | 'nbf', seconds: number): Edit =>
  ahead(seconds, (time) =>
    assertion(`assertion with ${claim} ${seconds} s ahead`, {
      [claim]: time,
      exp: (world) => Math.max(world.now + 60, time(world) + 5),
    }),
  );

/** Signs the client assertion with a key that is not registered, under the kid of the one that is. */
export const signedWithForeignKey: Edit = onAssertion('signed with a foreign key', (jws) => ({
  ...jws,
  key: jws.header.alg === 'none' || jws.header.alg === 'HS256' ? jws.key : generateKey(jws.header.alg).key,
}));

/** Signs the client assertion with another algorithm and the same key. */
export const assertionAlgorithm = (alg: Algorithm): Edit =>
  onAssertion(`assertion with the algorithm ${alg}`, (jws) => ({ ...jws, header: { ...jws.header, alg } }));

/** Flips one bit of the signature of the client assertion. */
export const assertionSignatureBroken: Edit = onAssertion('assertion with a broken signature', (jws) => ({
  ...jws,
  seal: withBrokenSignature,
}));

/** Presents no client certificate. */
export const withoutCertificate: Edit = edit(
  'without client certificate',
  ({ certificate: _, ...draft }) => draft,
);

/** Presents another client certificate. */
export const withCertificate = (name: string, certificate: Certificate): Edit =>
  edit(name, (draft) => ({ ...draft, certificate }));
