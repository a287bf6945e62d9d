import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Deed, Registration } from '../certification/act.ts';
import { UsageError, type Io } from './io.ts';

/** The deeds of `assay act`. */
export const deeds = [
  'register',
  'suspend',
  'revoke',
  'reinstate',
  'offboard',
  'waive',
  'withdraw-waiver',
  'dispute',
  'settle-dispute',
  'break-glass',
  'end-break-glass',
  'retire-edition',
] as const;

/** What options say of a deed; each deed needs some of them. */
export interface DeedOptions {
  readonly partner?: string;
  readonly role: readonly string[];
  readonly client: readonly string[];
  /** PEM files, or thumbprints. */
  readonly certificate: readonly string[];
  readonly scope: readonly string[];
  readonly credentialsExpire?: string;
  readonly requirement?: string;
  readonly edition?: string;
  readonly owner?: string;
  readonly expires?: string;
  readonly hours?: number;
}

/** The deed that options describe. @throws UsageError naming the option that is missing. */
export async function deedOf(io: Io, kind: (typeof deeds)[number], options: DeedOptions): Promise<Deed> {
  const need = <T>(value: T | undefined, option: string): T => {
    if (value === undefined) throw new UsageError(`expected --${option} with \`assay act ${kind}\``);
    return value;
  };
  const item = () => ({
    requirement: need(options.requirement, 'requirement'),
    edition: need(options.edition, 'edition'),
  });
  switch (kind) {
    case 'register':
      return { kind, registration: await registrationOf(io, need(options.partner, 'partner'), options) };
    case 'waive':
      return {
        kind,
        ...item(),
        owner: need(options.owner, 'owner'),
        expires: instantOf(need(options.expires, 'expires'), 'expires'),
      };
    case 'withdraw-waiver':
    case 'dispute':
    case 'settle-dispute':
      return { kind, ...item() };
    case 'break-glass': {
      const hours = need(options.hours, 'hours');
      if (!(hours > 0 && hours <= 168))
        throw new UsageError(`expected --hours above 0 and up to 168, got ${hours}`);
      return { kind, until: new Date(io.now().getTime() + hours * 3_600_000).toISOString() };
    }
    case 'retire-edition':
      return { kind, edition: need(options.edition, 'edition') };
    default:
      return { kind };
  }
}

async function registrationOf(io: Io, partner: string, options: DeedOptions): Promise<Registration> {
  if (options.role.length === 0)
    throw new UsageError('expected --role at least once with `assay act register`');
  const certificates = await Promise.all(options.certificate.map((each) => certificateOf(io, each)));
  const ends = certificates.map(({ expires }) => expires).filter((each) => each !== undefined);
  const expire =
    options.credentialsExpire === undefined
      ? ends.toSorted()[0]
      : instantOf(options.credentialsExpire, 'credentials-expire');
  return {
    partner,
    roles: [...options.role],
    clients: [...options.client],
    certificates: certificates.map(({ thumbprint }) => thumbprint),
    scopes: [...options.scope],
    ...(expire === undefined ? {} : { credentials_expire: expire }),
  };
}

async function certificateOf(io: Io, text: string): Promise<{ thumbprint: string; expires?: string }> {
  if (/^[A-Za-z0-9_-]{43}$/u.test(text)) return { thumbprint: text };
  try {
    const certificate = new X509Certificate(await readFile(resolve(io.cwd, text)));
    return {
      thumbprint: createHash('sha256').update(certificate.raw).digest('base64url'),
      expires: certificate.validToDate.toISOString(),
    };
  } catch (cause) {
    throw new UsageError(
      `expected --certificate to be a PEM file or a SHA-256 thumbprint in base64url, got ${text}`,
      { cause },
    );
  }
}

/** A day stands for its last millisecond in UTC. */
function instantOf(text: string, option: string): string {
  const time = new Date(/^\d{4}-\d\d-\d\d$/u.test(text) ? `${text}T23:59:59.999Z` : text);
  if (Number.isNaN(time.getTime()))
    throw new UsageError(
      `expected --${option} to be a day (YYYY-MM-DD) or an instant of ISO 8601, got ${text}`,
    );
  return time.toISOString();
}
