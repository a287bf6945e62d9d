import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { longestGlass, type Deed, type Registration } from '../certification/act.ts';
import { isInstant } from '../evidence/statement.ts';
import type { Role } from '../requirements/specification.ts';
import { UsageError, type Io } from './io.ts';

const registered = ['partner', 'role', 'client', 'certificate', 'scope', 'credentialsExpire'] as const;
const item = ['requirement', 'edition'] as const;

/** The options that each deed takes, besides those of every act. */
const takes = {
  register: registered,
  suspend: [],
  revoke: [],
  reinstate: [],
  offboard: [],
  waive: [...item, 'owner', 'expires'],
  'withdraw-waiver': item,
  dispute: item,
  'settle-dispute': item,
  'break-glass': ['hours'],
  'end-break-glass': [],
  'retire-edition': ['edition'],
} as const satisfies Readonly<Record<string, readonly (keyof DeedOptions)[]>>;

type Kind = keyof typeof takes;

/** The deeds of `assay act`. */
export const deeds = Object.keys(takes) as readonly Kind[];

/** What options say of a deed; each deed needs some of them. */
export interface DeedOptions {
  readonly partner?: string | undefined;
  readonly role: readonly string[];
  readonly client: readonly string[];
  /** PEM files, or thumbprints. */
  readonly certificate: readonly string[];
  readonly scope: readonly string[];
  readonly credentialsExpire?: string | undefined;
  readonly requirement?: string | undefined;
  readonly edition?: string | undefined;
  readonly owner?: string | undefined;
  readonly expires?: string | undefined;
  readonly hours?: number | undefined;
}

/** The deed that options describe. @throws UsageError naming the option that is missing, wrong or of another deed. */
export async function deedOf(io: Io, kind: Kind, options: DeedOptions): Promise<Deed> {
  const taken: readonly string[] = takes[kind];
  const foreign = Object.entries(options).find(
    ([name, value]: [string, unknown]) =>
      !taken.includes(name) && value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  // Who names an edition, and revokes all, meant something else.
  if (foreign) throw new UsageError(`\`assay act ${kind}\` takes no ${optionOf(foreign[0])}; leave it out`);
  const need = <T>(value: T | undefined, option: string): T => {
    if (value === undefined || value === '')
      throw new UsageError(`expected --${option} with \`assay act ${kind}\``);
    return value;
  };
  const named = () => ({
    requirement: need(options.requirement, 'requirement'),
    edition: need(options.edition, 'edition'),
  });
  switch (kind) {
    case 'register':
      return { kind, registration: await registrationOf(io, need(options.partner, 'partner'), options) };
    case 'waive':
      return {
        kind,
        ...named(),
        owner: need(options.owner, 'owner'),
        expires: instantOf(need(options.expires, 'expires'), 'expires'),
      };
    case 'withdraw-waiver':
    case 'dispute':
    case 'settle-dispute':
      return { kind, ...named() };
    case 'break-glass': {
      const hours = need(options.hours, 'hours');
      if (!(hours > 0 && hours <= longestGlass))
        throw new UsageError(`expected --hours above 0 and up to ${longestGlass}, got ${hours}`);
      return { kind, until: new Date(io.now().getTime() + hours * 3_600_000).toISOString() };
    }
    case 'retire-edition':
      return { kind, edition: need(options.edition, 'edition') };
    default:
      return { kind };
  }
}

/** What an integration file can say that the software is. */
const roles: readonly string[] = ['authorization-server', 'resource-server', 'client'] satisfies Role[];

async function registrationOf(io: Io, partner: string, options: DeedOptions): Promise<Registration> {
  if (options.role.length === 0)
    throw new UsageError('expected --role at least once with `assay act register`');
  const stranger = options.role.find((role) => !roles.includes(role));
  if (stranger !== undefined)
    throw new UsageError(`expected --role to be one of ${roles.join(', ')}, got ${stranger}`);
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
  const [day = '', ...more] = text.split('T');
  const time = new Date(more.length === 0 ? `${day}T23:59:59.999Z` : text);
  // Without an offset it would depend on where this machine stands; days that no calendar has roll over into others.
  const wellFormed =
    more.length === 0 || /^\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/u.test(more.join('T'));
  if (!wellFormed || !isInstant(`${day}T00:00:00.000Z`) || Number.isNaN(time.getTime()))
    throw new UsageError(
      `expected --${option} to be a day (YYYY-MM-DD) or an instant of ISO 8601 with its offset, got ${JSON.stringify(text)}`,
    );
  return time.toISOString();
}

const optionOf = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`;
