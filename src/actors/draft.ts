import { isDeepStrictEqual } from 'node:util';
import { signJws, type Unsigned } from '../protocol/jws.ts';
import type { Metadata } from '../protocol/metadata.ts';
import type { Certificate, Reply, Request } from '../transport/transport.ts';

export type Pairs = readonly (readonly [name: string, value: string])[];

/** A JWS that will be signed when the draft is sent, after all edits. */
export interface Sealable extends Unsigned {
  /** Changes the finished JWS, for a defect that no key can make. */
  readonly seal?: (jws: string) => string;
}

/** Where and how an access token is presented. */
export interface Presentation {
  readonly value: string;
  readonly scheme: string;
  readonly in: 'header' | 'query' | 'body';
}

/** What the client is about to send, as values: an edit changes one of them, and signatures are made last. */
export interface Draft {
  readonly purpose: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Pairs;
  readonly form?: Pairs;
  /** Carries the parameters of `form`, but for the client_id, as its claims (RFC 9101). Its own claims go before them. */
  readonly requestObject?: Sealable;
  /** Parameters that are sent beside the request object. */
  readonly beside?: Pairs;
  readonly json?: unknown;
  readonly assertion?: Sealable;
  readonly proof?: Sealable;
  readonly certificate?: Certificate;
  readonly token?: Presentation;
}

/** What an edit may look at. */
export interface World {
  readonly metadata: Metadata;
  /** Whole seconds since 1970, UTC, that the server's clock has reached. */
  readonly now: number;
}

/** One named deviation from a valid request. */
export interface Edit {
  readonly name: string;
  readonly apply: (draft: Draft, world: World) => Draft;
  /** Whether an answer was given to what the name says: a time that was to be exact may not have been. Default: always. */
  readonly decides?: (reply: Reply) => boolean;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Signs what is to be signed and lays the draft out as an HTTP request. */
export function assemble(draft: Draft, edits: readonly Edit[]): Request {
  const { token } = draft;
  const form: Pairs = [
    ...parametersOf(draft),
    ...(draft.assertion
      ? ([
          ['client_assertion_type', assertionType],
          ['client_assertion', seal(draft.assertion)],
        ] as const)
      : []),
    ...(token?.in === 'body' ? [['access_token', token.value] as const] : []),
  ];
  const inUrl = draft.method === 'GET' ? form : [];
  const inBody = draft.method === 'GET' ? [] : form;
  const body =
    inBody.length > 0 ? encode(inBody) : draft.json === undefined ? undefined : JSON.stringify(draft.json);
  const type = inBody.length > 0 ? 'application/x-www-form-urlencoded' : 'application/json';
  const query = encode([
    ...inUrl,
    ...(token?.in === 'query' ? [['access_token', token.value] as const] : []),
  ]);
  return {
    method: draft.method,
    url: query === '' ? draft.url : `${draft.url}${draft.url.includes('?') ? '&' : '?'}${query}`,
    headers: [
      ...draft.headers,
      ...(token?.in === 'header' ? [['authorization', `${token.scheme} ${token.value}`] as const] : []),
      ...(draft.proof ? [['dpop', seal(draft.proof)] as const] : []),
      ...(body === undefined ? [] : [['content-type', type] as const]),
    ],
    ...(body === undefined ? {} : { body }),
    ...(draft.certificate ? { certificate: draft.certificate } : {}),
    purpose: draft.purpose,
    edits: edits.map(({ name }) => name),
  };
}

const seal = (jws: Sealable): string => (jws.seal ?? String)(signJws(jws));

/** The parameters of the form, inside the request object where there is one. */
function parametersOf({ form = [], requestObject, beside = [] }: Draft): Pairs {
  if (requestObject === undefined) return [...form, ...beside];
  const claims = { ...Object.fromEntries(form), ...requestObject.claims };
  return [
    ...form.filter(([name]) => name === 'client_id'),
    ['request', seal({ ...requestObject, claims })],
    ...beside,
  ];
}

const encode = (pairs: Pairs): string =>
  new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString();

/** An edit that changes nothing: a check with it would judge the valid request as the deviating one. */
export class EditError extends Error {
  override readonly name = 'EditError';
  readonly fault = 'harness';
  readonly code = 'without-effect';
}

/**
 * Applies edits in order.
 * @throws EditError when one of them changes nothing.
 */
export function edited(draft: Draft, edits: readonly Edit[], world: World): Draft {
  let before = draft;
  for (const edit of edits) {
    const after = edit.apply(before, world);
    if (isDeepStrictEqual(after, before))
      throw new EditError(`the edit "${edit.name}" changes nothing in a ${draft.purpose} of this variant`);
    before = after;
  }
  return before;
}
