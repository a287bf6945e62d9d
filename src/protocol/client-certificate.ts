import { createHash, X509Certificate } from 'node:crypto';

/** A certificate that a client has shown. */
export interface ClientCertificate {
  /** PEM. */
  readonly certificate: string;
  /** SHA-256 of its DER in base64url, as `x5t#S256` has it (RFC 8705, section 3.1). */
  readonly thumbprint: string;
}

/** How a proxy in front tells the certificate that the client has shown to it. */
export interface CertificateHeader {
  /** Its name, such as `client-cert`, in whatever case. */
  readonly header: string;
  /** `rfc9440`: DER in base64 between colons (RFC 9440, section 2.2). `pem-urlencoded`: PEM, percent-encoded. */
  readonly format: 'rfc9440' | 'pem-urlencoded';
}

/** A header that tells no certificate. */
export class CertificateHeaderError extends Error {
  override readonly name = 'CertificateHeaderError';
  readonly code: 'malformed' | 'repeated';

  constructor(code: CertificateHeaderError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What is kept of a certificate. */
export const clientCertificate = (certificate: X509Certificate): ClientCertificate => ({
  certificate: certificate.toString(),
  thumbprint: createHash('sha256').update(certificate.raw).digest('base64url'),
});

/**
 * The certificate that a proxy tells. Anybody can send the header: it is worth as much as the peer that it comes from.
 * @returns Undefined when there is no header, or an empty one: the client has shown no certificate.
 * @throws CertificateHeaderError when it is something else.
 */
export function clientCertificateFrom(
  headers: readonly { readonly name: string; readonly value: string }[],
  { header, format }: CertificateHeader,
): ClientCertificate | undefined {
  const values = headers.filter(({ name }) => name.toLowerCase() === header.toLowerCase());
  const [value = ''] = values.map((each) => each.value.trim());
  // Of two, one is the client's own: the proxy has not taken it away (RFC 9440, section 4).
  if (values.length > 1)
    throw new CertificateHeaderError('repeated', `expected one header ${header}, not ${values.length}`);
  if (value === '') return undefined;
  try {
    return clientCertificate(format === 'rfc9440' ? fromBinary(value) : fromText(value));
  } catch (error) {
    if (error instanceof CertificateHeaderError) throw error;
    throw new CertificateHeaderError('malformed', `expected a certificate in the header ${header}`, {
      cause: error,
    });
  }
}

/** A byte sequence of structured fields (RFC 8941, section 3.3.5), of one certificate. */
function fromBinary(value: string): X509Certificate {
  const base64 = /^:([A-Za-z0-9+/]+={0,2}):$/u.exec(value)?.[1];
  if (base64 === undefined)
    throw new CertificateHeaderError('malformed', 'expected base64 between colons (RFC 9440, section 2.2)');
  const der = Buffer.from(base64, 'base64');
  const certificate = new X509Certificate(der);
  if (!certificate.raw.equals(der))
    throw new CertificateHeaderError('malformed', 'expected one certificate in DER and nothing after it');
  return certificate;
}

function fromText(value: string): X509Certificate {
  const pem = decodeURIComponent(value);
  if (!/^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/u.test(pem))
    throw new CertificateHeaderError('malformed', 'expected one certificate as PEM, percent-encoded');
  return new X509Certificate(pem);
}
