import { createHash, X509Certificate } from 'node:crypto';
import { environments, type Environment } from '../../certification/certification.ts';
import type { FaceRequest, Party, Question } from '../gate.ts';

/**
 * Whom a proxy asks about, from the headers that it sets. A certificate counts before a client_id: it was proven in the
 * handshake. Undefined where neither is there, or is unreadable: nobody was authenticated.
 *
 * - `x-assay-client-certificate`: the PEM text, percent-encoded (nginx's `$ssl_client_escaped_cert`)
 * - `x-forwarded-client-cert`: Envoy's, of which the hash of the last element is taken: the one that the nearest proxy added
 * - `x-assay-client-id`: a client_id that the proxy has verified
 */
export function partyIn({ headers }: FaceRequest): Party | undefined {
  const certificate = headers['x-assay-client-certificate'] ?? '';
  if (certificate !== '') return certificateParty(thumbprintOf(certificate));
  const forwarded = headers['x-forwarded-client-cert'] ?? '';
  if (forwarded !== '') return certificateParty(forwardedThumbprint(forwarded));
  const client = headers['x-assay-client-id'] ?? '';
  return client === '' ? undefined : { kind: 'client', value: client };
}

const certificateParty = (value: string | undefined): Party | undefined =>
  value === undefined ? undefined : { kind: 'certificate', value };

/** The environment that the proxy guards: `x-assay-environment`, production where it says nothing. */
export function environmentIn({ headers }: FaceRequest): Environment | undefined {
  const named = headers['x-assay-environment'] ?? 'production';
  return environments.find((each) => each === named);
}

/** The question of a proxy, which always asks for access. */
export function questionOf(request: FaceRequest): Question | 'nobody' | 'no-environment' {
  const environment = environmentIn(request);
  if (environment === undefined) return 'no-environment';
  const party = partyIn(request);
  return party === undefined ? 'nobody' : { party, environment, action: 'access' };
}

function thumbprintOf(escaped: string): string | undefined {
  try {
    const { raw } = new X509Certificate(decodeURIComponent(escaped));
    return createHash('sha256').update(raw).digest('base64url');
  } catch {
    return undefined;
  }
}

/** Elements are separated by commas, members by semicolons; both may stand in quoted values. */
function forwardedThumbprint(header: string): string | undefined {
  const last = header.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+/gu)?.at(-1) ?? '';
  const hashes = [...last.replaceAll(/"(?:\\.|[^"\\])*"/gu, '').matchAll(/(?:^|;)\s*Hash=(?<hex>[^;]*)/giu)];
  const [hash, another] = hashes.map(({ groups }) => groups?.['hex'] ?? '');
  if (hash === undefined || another !== undefined || !/^[0-9a-f]{64}$/iu.test(hash)) return undefined;
  return Buffer.from(hash, 'hex').toString('base64url');
}
