import { randomUUID, type KeyObject } from 'node:crypto';
import { claimsOf, sha256, signJws, type Unsigned } from '../../protocol/jws.ts';
import { publicJwk, thumbprint } from '../../protocol/keys.ts';
import { thumbprint as certificateThumbprint } from '../../transport/connection.ts';
import type { Draft, Edit, World } from '../draft.ts';
import { edit, onPart } from './edit.ts';

const onToken = onPart('token');

/** Sends the access token in the query (RFC 6750, section 2.3) or the body (section 2.2) instead of the header. */
export const tokenIn = (place: 'query' | 'body'): Edit =>
  edit(`access token in the ${place}`, ({ json, token, ...draft }) => ({
    ...draft,
    ...(token ? { token: { ...token, in: place } } : {}),
    ...(place === 'body' || json === undefined ? {} : { json }),
    ...(place === 'body' ? { method: 'POST' } : {}),
  }));

/** Sends the access token in the query as well (RFC 6750, section 2). */
export const tokenAlsoInQuery: Edit = edit('access token in the query, too', ({ url, token, ...draft }) => ({
  ...draft,
  url: token ? `${url}${url.includes('?') ? '&' : '?'}access_token=${encodeURIComponent(token.value)}` : url,
  ...(token ? { token } : {}),
}));

/** Sends an Authorization header with a token that nobody issued, before or after the valid one. */
export const authorizationTwice = (order: 'before' | 'after'): Edit =>
  edit(`made-up token ${order} the valid one`, (draft) => {
    if (!draft.token) return draft;
    const { scheme: name, value } = draft.token;
    const [first, second] = order === 'before' ? [madeUp, value] : [value, madeUp];
    return {
      ...draft,
      headers: [...draft.headers, ['authorization', `${name} ${first}`]],
      token: { ...draft.token, value: second },
    };
  });

const madeUp = 'A'.repeat(43);

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

/**
 * Changes one character of a token, to another one of the same alphabet: of a JWT in its header, its claims or its
 * signature. Never the last one, of which a decoder may ignore some bits (RFC 4648, section 3.5).
 */
export function altered(token: string, place: keyof typeof places): string {
  const { part, share } = places[place];
  const parts = token.split('.');
  const jwt = parts.length === 3 && claimsOf(token) !== undefined;
  const before = jwt ? parts.slice(0, part).join('.').length + (part === 0 ? 0 : 1) : 0;
  const length = jwt ? (parts[part] ?? '').length : token.length;
  const at = before + Math.floor(length * (jwt ? 0.5 : share));
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}

const places = {
  start: { part: 0, share: 0.25 },
  middle: { part: 1, share: 0.5 },
  end: { part: 2, share: 0.75 },
} as const;

/** With which key a token is forged, and what its header says of that; the rest of the header is as it was. */
export interface Forgery {
  readonly header: Unsigned['header'];
  readonly key: KeyObject;
}

/**
 * Presents a JWT with the claims of the access token that somebody else made, bound to the sender. Where access tokens are
 * no JWTs, it is one as RFC 9068 describes.
 */
export const forgedToken = (
  name: string,
  client: { readonly id: string; readonly scope: string },
  { header, key }: Forgery,
): Edit =>
  edit(name, (draft, world) => {
    const issued = draft.token?.value ?? '';
    const forged = signJws({
      header: { ...(headerIn(issued) ?? { typ: 'at+jwt' }), ...header },
      claims: claimsOf(issued) ?? claimsFor(draft, client, world),
      key,
    });
    return anotherToken(name, () => forged).apply(draft, world);
  });

/** The header is what the claims of a JWT with one more part before it are. */
const headerIn = (jwt: string) => claimsOf(`.${jwt}`);

function claimsFor(
  { url, proof, certificate }: Draft,
  { id, scope: granted }: { readonly id: string; readonly scope: string },
  { metadata, now }: World,
): Readonly<Record<string, unknown>> {
  const cnf = proof
    ? { jkt: thumbprint(publicJwk(proof.key)) }
    : { 'x5t#S256': certificate && certificateThumbprint(certificate.certificate) };
  return {
    iss: metadata.issuer,
    sub: id,
    aud: new URL(url).origin,
    client_id: id,
    scope: granted,
    jti: randomUUID(),
    iat: now,
    exp: now + 300,
    cnf,
  };
}
