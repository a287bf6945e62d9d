import { EvidenceError } from '../../evidence/error.ts';
import type { Signer } from '../../evidence/signing.ts';
import { ConnectorError } from '../connector.ts';

/**
 * Makes a JWS in compact form (RFC 7515, section 3.1) by a key that may be in a KMS. The algorithm is the signer's unless the
 * header names it.
 * @throws ConnectorError `temporary` when the key cannot be used now.
 */
export async function signCompact(
  header: Readonly<Record<string, string>>,
  claims: Readonly<Record<string, unknown>>,
  signer: Signer,
): Promise<string> {
  const input = `${encode({ alg: signer.alg, kid: signer.id, ...header })}.${encode(claims)}`;
  try {
    return `${input}.${Buffer.from(await signer.sign(Buffer.from(input))).toString('base64url')}`;
  } catch (cause) {
    if (!(cause instanceof EvidenceError)) throw cause;
    throw new ConnectorError('temporary', cause.message, { cause });
  }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
