import { deflateSync, inflateSync } from 'node:zlib';
import type { PublicJwk } from '../../evidence/keys.ts';
import type { Standing } from '../standing.ts';
import { PublicationError } from './error.ts';
import { forceOf, type Force, type Scope } from './force.ts';
import { endpointsOf, type TrustMarkIssuer } from './issuer.ts';
import { readJwt, seconds, signJwt } from './jwt.ts';

/** What has an index in the status list. */
export interface StatusKey extends Scope {
  readonly integration: string;
}

/** The registered status types that are used. */
export const statusTypes: Readonly<Record<Force, number>> = { valid: 0x00, invalid: 0x01, suspended: 0x02 };

/** Seconds after which a reader should look again. */
export const statusListTtl = 300;
/** Seconds after which a status list says nothing any more. */
const lifetime = 3600;
const bits = 2;
/** The largest list that a reader unpacks, in bytes: 64 million statuses. A bomb does not get further. */
const maxBytes = 2 ** 24;

/**
 * The keys in the order in which the log first mentions them. The log only grows, so that an index once given stays what it
 * is, and is given to nothing else.
 * @param mentions The transitions in the order of the log.
 */
export function statusKeys(mentions: Iterable<StatusKey>): readonly StatusKey[] {
  const seen = new Map<string, StatusKey>();
  for (const { integration, environment, edition } of mentions) {
    const key = nameOf({ integration, environment, edition });
    if (!seen.has(key)) seen.set(key, { integration, environment, edition });
  }
  return [...seen.values()];
}

/** The index of a key, or undefined where it has none. */
export function statusIndex(keys: readonly StatusKey[], key: StatusKey): number | undefined {
  const index = keys.findIndex((each) => nameOf(each) === nameOf(key));
  return index === -1 ? undefined : index;
}

const nameOf = ({ integration, environment, edition }: StatusKey): string =>
  JSON.stringify([integration, environment, edition]);

/**
 * The status list token of an issuer. An integration without a standing is invalid, and so is an index that is not given yet.
 * @param keys In the order of their indexes.
 * @param standings Effective at `now`.
 * @returns A JWT of the type `statuslist+jwt`.
 * @see Token Status List, sections 4 and 5.1
 */
export function statusList(
  issuer: TrustMarkIssuer,
  keys: readonly StatusKey[],
  standings: readonly Standing[],
  now: Date,
): Promise<string> {
  const byId = new Map(standings.map((standing) => [standing.integration, standing]));
  const statuses = keys.map((key) => statusTypes[forceOf(byId.get(key.integration), key, now)]);
  const perByte = 8 / bits;
  // Whole bytes, and at least one.
  const unused = Array.from({ length: perByte - (keys.length % perByte) }, () => statusTypes.invalid);
  const iat = seconds(now);
  return signJwt(issuer.signer, 'statuslist+jwt', {
    sub: endpointsOf(issuer).statusList,
    iat,
    exp: iat + lifetime,
    ttl: statusListTtl,
    status_list: { bits, lst: packStatuses([...statuses, ...unused], bits) },
  });
}

type Bits = 1 | 2 | 4 | 8;

/**
 * Statuses as the compressed byte array `lst`, in base64url: the first in the lowest bits of the first byte.
 * @see Token Status List, section 4.1
 */
export function packStatuses(statuses: ArrayLike<number>, width: Bits): string {
  const bytes = new Uint8Array(Math.ceil((statuses.length * width) / 8));
  for (let index = 0; index < statuses.length; index++) {
    const at = Math.floor((index * width) / 8);
    bytes[at] = (bytes[at] ?? 0) | ((statuses[index] ?? 0) << ((index * width) % 8));
  }
  return deflateSync(bytes, { level: 9 }).toString('base64url');
}

/**
 * The status at an index of a `lst`.
 * @throws PublicationError `malformed`, or `out-of-range` where the list says nothing.
 * @see Token Status List, section 8.3
 */
export function unpackStatus(lst: string, width: Bits, index: number): number {
  let bytes: Uint8Array;
  try {
    bytes = inflateSync(Buffer.from(lst, 'base64url'), { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new PublicationError('malformed', `expected at most ${maxBytes} bytes in ZLIB format in lst`, {
      cause,
    });
  }
  const byte = Number.isSafeInteger(index) && index >= 0 ? bytes[Math.floor((index * width) / 8)] : undefined;
  if (byte === undefined)
    throw new PublicationError(
      'out-of-range',
      `expected an index below ${(bytes.length * 8) / width}, got ${index}; the list says nothing of it`,
    );
  return (byte >> ((index * width) % 8)) & (2 ** width - 1);
}

/**
 * The status that a status list token gives to an index.
 * @param reader The URL of the token, the keys of its issuer, and the time.
 * @throws PublicationError for every reason why the token says nothing.
 * @see Token Status List, section 8.3
 */
export async function statusAt(
  token: string,
  index: number,
  reader: { readonly uri: string; readonly keys: readonly PublicJwk[]; readonly now: Date },
): Promise<number> {
  const { sub, status_list: list } = await readJwt(token, { typ: 'statuslist+jwt', ...reader });
  if (sub !== reader.uri)
    throw new PublicationError(
      'wrong-subject',
      `expected the status list ${reader.uri}, got ${sub ?? 'none'}`,
    );
  if (!isList(list))
    throw new PublicationError(
      'malformed',
      'expected status_list with bits of 1, 2, 4 or 8 and lst, got something else',
    );
  return unpackStatus(list.lst, list.bits, index);
}

const isList = (value: unknown): value is { readonly bits: Bits; readonly lst: string } =>
  typeof value === 'object' &&
  value !== null &&
  'bits' in value &&
  typeof value.bits === 'number' &&
  [1, 2, 4, 8].includes(value.bits) &&
  'lst' in value &&
  typeof value.lst === 'string';
