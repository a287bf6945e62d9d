import { sha256 } from '../../protocol/jws.ts';
import type { Edit } from '../draft.ts';
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
