import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import {
  createAuthority,
  selfSigned,
  type Authority,
  type Certificate,
  type CertificateOptions,
} from './authority.ts';
import { tls } from './tls.ts';

/** How a server shows itself that a client must not speak with. */
interface Definition {
  readonly certificate?: (authority: Authority, right: CertificateOptions) => Promise<Certificate>;
  readonly options?: SecureContextOptions;
}

const day = 86_400_000;
const after = ({ now }: Authority, days: number): Date => new Date(now.getTime() + days * day);

/** At security level 0 alone are the signatures of these versions open. */
const only = (version: 'TLSv1' | 'TLSv1.1'): SecureContextOptions => ({
  minVersion: version,
  maxVersion: version,
  ciphers: 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0',
});

const tlsDefects = {
  // A client that compares the end of names, or looks for one in the other, is content with it.
  'wrong-name': {
    certificate: (authority, right) =>
      authority.issue({
        ...right,
        commonName: `not-${right.commonName}`,
        names: [`not-${right.commonName}`],
      }),
  },
  // RFC 9110, section 4.3.4: clients MUST NOT go by the common name. Node, curl and Python do where there is no other.
  'no-san': { certificate: (authority, right) => authority.issue({ ...right, names: [] }) },
  expired: {
    certificate: (authority, right) =>
      authority.issue({ ...right, notBefore: after(authority, -30), notAfter: after(authority, -1) }),
  },
  'not-yet-valid': {
    certificate: (authority, right) =>
      authority.issue({ ...right, notBefore: after(authority, 1), notAfter: after(authority, 30) }),
  },
  'self-signed': { certificate: ({ now }, right) => selfSigned({ ...right, now }) },
  // Of the name that authorities made here have: the name proves nothing.
  'unknown-authority': {
    certificate: async ({ now }, right) => (await createAuthority({ now })).issue(right),
  },
  'client-usage': { certificate: (authority, right) => authority.issue({ ...right, usage: 'client' }) },
  'tls-1.1': { options: only('TLSv1.1') },
  'tls-1.0': { options: only('TLSv1') },
} as const satisfies Record<string, Definition>;

export type TlsDefect = keyof typeof tlsDefects;
export const tlsDefectNames = Object.keys(tlsDefects) as readonly TlsDefect[];

/** What every server here does right. A resumed session shows no certificate, and without tickets there is none. */
export const correct = { ...tls, secureOptions: constants.SSL_OP_NO_TICKET } as const;

const made = new WeakMap<Authority, Map<string, Promise<SecureContext>>>();

/** With what a server of a host meets its clients: all servers of an authority share certificates. */
export function secureContext(
  authority: Authority,
  host: string,
  defect: TlsDefect | undefined,
): Promise<SecureContext> {
  const contexts = made.get(authority) ?? new Map<string, Promise<SecureContext>>();
  made.set(authority, contexts);
  const name = `${defect ?? 'correct'} ${host}`;
  const context = contexts.get(name) ?? makeContext(authority, host, defect);
  contexts.set(name, context);
  return context;
}

async function makeContext(
  authority: Authority,
  host: string,
  defect: TlsDefect | undefined,
): Promise<SecureContext> {
  const right = { commonName: host, names: [host], usage: 'server' } as const;
  const { certificate: issue, options }: Definition = defect === undefined ? {} : tlsDefects[defect];
  const { certificate, key } = await (issue?.(authority, right) ?? authority.issue(right));
  return createSecureContext({ ...correct, cert: certificate, key, ...options });
}
