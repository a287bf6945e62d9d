import type { Fault } from '../verdict/verdict.ts';

/** Why there is no usable answer. `closed`: see `TransportError`. */
export type TransportErrorCode =
  | 'host-not-declared'
  | 'private-address'
  | 'untrusted-certificate'
  | 'unresolved'
  | 'refused'
  | 'reset'
  | 'closed'
  | 'timeout'
  | 'tls-alert'
  | 'tls-failed'
  | 'too-large'
  | 'malformed'
  | 'invalid-request';

const faults: Readonly<Record<TransportErrorCode, Fault>> = {
  'host-not-declared': 'configuration',
  'private-address': 'configuration',
  'untrusted-certificate': 'configuration',
  unresolved: 'environment',
  refused: 'environment',
  reset: 'environment',
  closed: 'environment',
  timeout: 'environment',
  'tls-alert': 'environment',
  'tls-failed': 'environment',
  'too-large': 'environment',
  malformed: 'environment',
  'invalid-request': 'harness',
};

/**
 * An exchange that ended without a usable answer.
 *
 * `tls-alert`: the other side refused the handshake by an alert. `closed`: it ended an established connection before
 * the first byte of an answer; with TLS 1.3 that is also how many servers refuse a client certificate, because the
 * client has finished its handshake before the server judges the certificate (RFC 8446, section 4.4.2.4).
 * `reset`: it broke the connection during the handshake or within an answer. `refused`: no connection at all.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;
  readonly fault: Fault;
  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.fault = faults[code];
  }
}

const untrusted: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its root is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'its issuer is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its issuer is unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its issuer is unknown, or an intermediate certificate is not sent',
  CERT_HAS_EXPIRED: 'it, or one of its issuers, has expired',
  CERT_NOT_YET_VALID: 'it, or one of its issuers, is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is not for this name',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_REVOKED: 'it is revoked',
  INVALID_PURPOSE: 'it is not for TLS servers',
  INVALID_CA: 'one of its issuers is not a certificate authority',
  CERT_UNTRUSTED: 'its root is not trusted',
  PATH_LENGTH_EXCEEDED: 'its chain is too long',
  CERT_CHAIN_TOO_LONG: 'its chain is too long',
  EE_KEY_TOO_SMALL: 'its key is too small',
  CA_KEY_TOO_SMALL: 'the key of an issuer is too small',
  CA_MD_TOO_WEAK: 'the digest of an issuer is too weak',
};

const plain: Readonly<Record<string, readonly [TransportErrorCode, string]>> = {
  ENOTFOUND: ['unresolved', 'the name does not resolve: check its spelling and the DNS'],
  EAI_AGAIN: ['unresolved', 'the DNS did not answer'],
  EAI_FAIL: ['unresolved', 'the DNS failed'],
  ENODATA: ['unresolved', 'the name has no address'],
  ECONNREFUSED: ['refused', 'nothing listens there'],
  EHOSTUNREACH: ['refused', 'the host cannot be reached'],
  ENETUNREACH: ['refused', 'the network cannot be reached'],
  EADDRNOTAVAIL: ['refused', 'the address cannot be reached'],
  ETIMEDOUT: ['timeout', 'no connection in time'],
  UND_ERR_CONNECT_TIMEOUT: ['timeout', 'no connection in time'],
  UND_ERR_HEADERS_TIMEOUT: ['timeout', 'no answer in time'],
  UND_ERR_BODY_TIMEOUT: ['timeout', 'the answer stalled'],
  UND_ERR_HEADERS_OVERFLOW: ['too-large', 'the headers of the answer are too large'],
  UND_ERR_RES_EXCEEDED_MAX_SIZE: ['too-large', 'the body of the answer is too large'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['malformed', 'the body differs from its Content-Length'],
  UND_ERR_INVALID_ARG: ['invalid-request', 'the request cannot be expressed in HTTP'],
};

/** How far the exchange had come when it failed. */
export type Stage = 'connecting' | 'waiting' | 'answering';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Names what a failure of node:tls, node:net or undici was. `where` is the origin, without anything secret. */
export function classify(error: unknown, where: string, stage: Stage): TransportError {
  if (error instanceof TransportError) return error;
  const code = codeOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  const coded = (kind: TransportErrorCode, message: string) =>
    new TransportError(kind, `${where}: ${message}`, { cause: error });
  const reason = untrusted[code];
  if (reason !== undefined || /^(CERT_|UNABLE_TO_|ERROR_IN_CERT|ERR_TLS_CERT)/u.test(code))
    return coded(
      'untrusted-certificate',
      `the server's certificate is refused: ${reason ?? code}. ` +
        'If a private certificate authority issued it, name that authority under `trust`',
    );
  const known = plain[code];
  if (known !== undefined) return coded(known[0], `${known[1]} (${code})`);
  if (/^ERR_SSL_.*ALERT/u.test(code) || /\balert\b/iu.test(detail))
    return coded('tls-alert', `the server refused the TLS handshake by an alert (${code})`);
  if (code.startsWith('HPE_') || (error instanceof Error && error.name === 'HTTPParserError'))
    return coded('malformed', `the answer is not HTTP/1.1 (${detail})`);
  if (['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(code)) {
    if (stage === 'waiting') return coded('closed', 'the connection was closed before any answer');
    return coded(
      'reset',
      `the connection broke ${stage === 'connecting' ? 'in the handshake' : 'within the answer'}`,
    );
  }
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO')
    return coded('tls-failed', `the TLS handshake failed (${code})`);
  return coded(stage === 'answering' ? 'malformed' : 'reset', `${detail} (${code || 'no code'})`);
}
