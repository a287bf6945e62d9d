import {
  createLocalJWKSet,
  decodeProtectedHeader,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose';
import type { Metadata } from '../../src/protocol/metadata.ts';
import type { Transport } from '../../src/transport/transport.ts';

/** Seconds by which the clocks of both sides may differ: that is no defect of a signature. */
const clockTolerance = 60;

/** Reads JWTs of the server by its published keys: their claims, or in a few words why they are none of its own. */
export async function signedBy(
  { jwks_uri: url = '' }: Metadata,
  transport: Transport,
): Promise<(jwt: string) => Promise<JWTPayload | string>> {
  const { body } = await transport.send({ method: 'GET', url, purpose: 'key set request' });
  const keys = createLocalJWKSet(body as JSONWebKeySet);
  return async (jwt) =>
    jwtVerify(jwt, keys, { clockTolerance }).then(
      ({ payload }) => payload,
      (error: unknown) => String(error),
    );
}

/** The header of a JWT, whoever signed it; empty where there is none. */
export function headerOf(jwt: string): Readonly<Record<string, unknown>> {
  try {
    return { ...decodeProtectedHeader(jwt) };
  } catch {
    return {};
  }
}
