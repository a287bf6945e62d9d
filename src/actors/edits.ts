import { sha256, withBrokenSignature, type Algorithm } from '../protocol/jws.ts';
import { generateKey, publicJwk, type SigningKey } from '../protocol/keys.ts';
import type { Certificate } from '../transport/transport.ts';
import type { Draft, Edit, Pairs, Presentation, Sealable, World } from './draft.ts';

/** A value, or how to find it in the world of the request. */
type Value<T> = T | ((world: World) => T);
const valueOf = <T extends string | number | readonly unknown[] | undefined>(
  value: Value<T>,
  world: World,
): T => (typeof value === 'function' ? value(world) : value);

/** An edit by hand, for what no other edit describes. */
export const edit = (name: string, apply: Edit['apply']): Edit => ({ name, apply });

// Parameters of the form

const form = (name: string, change: (pairs: Pairs, world: World) => Pairs): Edit =>
  edit(name, (draft, world) => ({ ...draft, form: change(draft.form ?? [], world) }));

/** Leaves parameters out. */
export const without = (...parameters: readonly string[]): Edit =>
  form(`without ${parameters.join(' and ')}`, (pairs) =>
    pairs.filter(([name]) => !parameters.includes(name)),
  );

/** Sends a parameter with another value. */
export const replace = (parameter: string, value: Value<string>): Edit =>
  form(`another ${parameter}`, (pairs, world) => [
    ...pairs.filter(([name]) => name !== parameter),
    [parameter, valueOf(value, world)],
  ]);

// Client authentication

/** Sends no client authentication, only the client_id. A certificate that merely binds the token stays. */
export const unauthenticated: Edit = edit(
  'without client authentication',
  ({ assertion, certificate, ...draft }) => (assertion && certificate ? { ...draft, certificate } : draft),
);

const onAssertion = (name: string, change: (assertion: Sealable, world: World) => Sealable): Edit =>
  edit(name, (draft, world) =>
    draft.assertion ? { ...draft, assertion: change(draft.assertion, world) } : draft,
  );

type Claims = Readonly<Record<string, Value<string | number | readonly unknown[] | undefined>>>;

const claims = (changes: Claims, world: World): Record<string, unknown> =>
  Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, valueOf(value, world)]));

/** Changes claims of the client assertion; a claim that becomes undefined is left out. */
export const assertion = (name: string, changes: Claims): Edit =>
  onAssertion(name, (jws, world) => ({ ...jws, claims: { ...jws.claims, ...claims(changes, world) } }));

/** Issues the client assertion some seconds ahead of the clock. */
export const assertionAhead = (seconds: number): Edit =>
  assertion(`assertion issued ${seconds} s ahead`, {
    iat: ({ now }) => now + seconds,
    nbf: ({ now }) => now + seconds,
    exp: ({ now }) => now + seconds + 60,
  });

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

// DPoP proofs

const onProof = (name: string, change: (proof: Sealable, draft: Draft, world: World) => Sealable): Edit =>
  edit(name, (draft, world) =>
    draft.proof ? { ...draft, proof: change(draft.proof, draft, world) } : draft,
  );

/** Sends no DPoP proof. */
export const withoutProof: Edit = edit('without DPoP proof', ({ proof: _, ...draft }) => draft);

/** Changes claims of the DPoP proof; a claim that becomes undefined is left out. */
export const proof = (name: string, changes: Claims): Edit =>
  onProof(name, (jws, _, world) => ({ ...jws, claims: { ...jws.claims, ...claims(changes, world) } }));

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

// Access tokens

const onToken = (name: string, change: (token: Presentation) => Presentation): Edit =>
  edit(name, (draft) => (draft.token ? { ...draft, token: change(draft.token) } : draft));

/** Sends the access token in the query (RFC 6750, section 2.3) or the body (section 2.2) instead of the header. */
export const tokenIn = (place: 'query' | 'body'): Edit =>
  edit(`access token in the ${place}`, ({ json, token, ...draft }) => ({
    ...draft,
    ...(token ? { token: { ...token, in: place } } : {}),
    ...(place === 'body' || json === undefined ? {} : { json }),
    ...(place === 'body' ? { method: 'POST' } : {}),
  }));

/** Presents the access token under another authentication scheme. */
export const scheme = (name: string): Edit =>
  onToken(`the scheme ${name}`, (token) => ({ ...token, scheme: name }));

/** Presents another access token; the proof is made for it. */
export const anotherToken = (name: string, change: (token: string) => string): Edit =>
  edit(name, (draft) => {
    if (!draft.token) return draft;
    const value = change(draft.token.value);
    const bound = draft.proof && { ...draft.proof, claims: { ...draft.proof.claims, ath: sha256(value) } };
    return { ...draft, token: { ...draft.token, value }, ...(bound ? { proof: bound } : {}) };
  });

/** Presents no access token and no proof. */
export const withoutToken: Edit = edit('without access token', ({ token: _, proof: __, ...draft }) => draft);

/** Changes one character in the middle of a token, to another one of the same alphabet. */
export function altered(token: string): string {
  const at = Math.floor(token.length / 2);
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}
