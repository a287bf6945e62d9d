import type { JsonWebKey } from 'node:crypto';
import { compactVerify, importJWK } from 'jose';
import { headerOf, type Arrival } from './arrival.ts';

/** A JWT as a client sent it. */
export interface Jwt {
  readonly text: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

function objectIn(part: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a JWT, whoever signed it; undefined for a text that is none. */
export function readJwt(text: string | null | undefined): Jwt | undefined {
  const parts = (text ?? '').split('.');
  const [header, claims] = [objectIn(parts[0]), objectIn(parts[1])];
  return parts.length === 3 && header !== undefined && claims !== undefined
    ? { text: text ?? '', header, claims }
    : undefined;
}

/** The client assertion of a request (RFC 7523). */
export const assertionOf = ({ form }: Arrival): Jwt | undefined => readJwt(form.get('client_assertion'));

/** The DPoP proof of a request (RFC 9449); undefined for none, and for several. */
export const proofOf = (arrival: Arrival): Jwt | undefined => readJwt(headerOf(arrival, 'dpop'));

/** The request object of a pushed request (RFC 9101). */
export const requestObjectOf = ({ form }: Arrival): Jwt | undefined => readJwt(form.get('request'));

/** Whether one of the keys signed it, with the algorithm that it names, which FAPI 2.0 permits. */
export async function signedByOneOf(
  { text, header }: Jwt,
  keys: readonly (JsonWebKey | Readonly<Record<string, unknown>>)[],
): Promise<boolean> {
  const alg = String(header['alg']);
  if (!['PS256', 'ES256', 'EdDSA', 'Ed25519'].includes(alg)) return false;
  for (const jwk of keys)
    try {
      await compactVerify(text, await importJWK(jwk as JsonWebKey, alg), { algorithms: [alg] });
      return true;
    } catch {
      // Another key may have signed it.
    }
  return false;
}
