import { createHash, X509Certificate } from 'node:crypto';
import { environments, type Environment } from '../../certification/certification.ts';
import type { FaceRequest, Party, Question } from '../gate.ts';

/**
 * In which header a proxy hands on the client's certificate. The other one may come from the client itself: a proxy clears
 * what it sets, and nothing else.
 */
export type Proxy = 'nginx' | 'envoy';

/**
 * Whom a proxy asks about, from the headers that it sets. A certificate counts before a client_id: it was proven in the
 * handshake. Undefined where neither is there, or is unreadable: nobody was authenticated.
 *
 * - nginx: `x-assay-client-certificate`, the PEM text of one certificate, percent-encoded (`$ssl_client_escaped_cert`)
 * - Envoy: `x-forwarded-client-cert` with one element, of which the hash is taken (`forward_client_cert_details: SANITIZE_SET`)
 * - both: `x-assay-client-id`, a client_id that the proxy has verified; it must set or clear this header in every request
 */
export function partyIn({ headers }: FaceRequest, proxy: Proxy): Party | undefined {
  const [header, thumbprintOf] = certificates[proxy];
  const certificate = headers[header] ?? '';
  if (certificate !== '') {
    const value = thumbprintOf(certificate);
    return value === undefined ? undefined : { kind: 'certificate', value };
  }
  const client = headers['x-assay-client-id'] ?? '';
  return client === '' ? undefined : { kind: 'client', value: client };
}

/**
 * The environment that the proxy guards: `x-assay-environment`. There is no default, as a proxy that does not set the header
 * passes on the client's: it would choose the environment that is open to it.
 */
export function environmentIn({ headers }: FaceRequest): Environment | undefined {
  return environments.find((each) => each === headers['x-assay-environment']);
}

/** The question of a proxy, which always asks for access. */
export function questionOf(request: FaceRequest, proxy: Proxy): Question | 'nobody' | 'no-environment' {
  const environment = environmentIn(request);
  if (environment === undefined) return 'no-environment';
  const party = partyIn(request, proxy);
  return party === undefined ? 'nobody' : { party, environment, action: 'access' };
}

/** A second certificate behind the first is one that somebody else added. */
const onePem = /^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/u;

/**
 * Thumbprints by the header that they were read from: a proxy sends the same ones again and again. A certificate that is read
 * leaves an object that the garbage collector must finalize; a thousand of them a second make it stop everything for
 * milliseconds.
 */
const known = new Map<string, string>();
/** More than that are not worth their memory, of about a kilobyte each. */
const thumbprintsKept = 5000;

function escapedThumbprint(escaped: string): string | undefined {
  const before = known.get(escaped);
  if (before !== undefined) return before;
  const thumbprint = readThumbprint(escaped);
  if (thumbprint === undefined) return undefined;
  if (known.size >= thumbprintsKept) known.clear();
  known.set(escaped, thumbprint);
  return thumbprint;
}

function readThumbprint(escaped: string): string | undefined {
  try {
    const text = decodeURIComponent(escaped);
    if (!onePem.test(text)) return undefined;
    return createHash('sha256').update(new X509Certificate(text).raw).digest('base64url');
  } catch {
    return undefined;
  }
}

/**
 * The hash of the one element. Which of several is the proxy's cannot be told: a quote that a client leaves open in its own
 * element swallows the hash that the proxy puts behind it. So wherever a second one stands, nobody was authenticated.
 */
function forwardedThumbprint(header: string): string | undefined {
  const [hash, another] = [...header.matchAll(/hash=(?<hex>[^;,"]*)/giu)];
  const hex = hash?.groups?.['hex'] ?? '';
  if (another !== undefined || !/^[0-9a-f]{64}$/iu.test(hex)) return undefined;
  return Buffer.from(hex, 'hex').toString('base64url');
}

const certificates = {
  nginx: ['x-assay-client-certificate', escapedThumbprint],
  envoy: ['x-forwarded-client-cert', forwardedThumbprint],
} as const;
