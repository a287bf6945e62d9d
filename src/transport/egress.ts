import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import ipaddr from 'ipaddr.js';
import { TransportError } from './error.ts';

/** Whether addresses that are not on the public Internet may be called. */
export type PrivateNetwork = 'refused' | 'allowed';

/** Finds all addresses of a name. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>;

/** What may be called. */
export interface Egress {
  /** host or host:port, as the integration declares them; a host without a port stands for all of its ports. */
  readonly hosts: readonly string[];
  readonly privateNetwork: PrivateNetwork;
}

// A public address that answers only inside Azure, with the secrets of the machine.
const metadata = new Set(['168.63.129.16']);

/** Whether an address is an ordinary one on the public Internet; an IPv4 address mapped into IPv6 counts as IPv4. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return parsed.range() === 'unicast' && !metadata.has(parsed.toString());
}

const bare = (host: string) => (host.startsWith('[') ? host.slice(1, -1) : host);

function declares(declared: string, host: string, port: number): boolean {
  const [, name = '', only] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/u.exec(declared.toLowerCase()) ?? [];
  return bare(name) === bare(host.toLowerCase()) && (only === undefined || Number(only) === port);
}

/**
 * Refuses what is not declared, and literal addresses that are not public.
 * @throws TransportError host-not-declared, private-address
 */
export function permit(host: string, port: number, { hosts, privateNetwork }: Egress): void {
  if (!hosts.some((declared) => declares(declared, host, port)))
    throw new TransportError(
      'host-not-declared',
      `${host}:${port} is not among the declared hosts (${hosts.join(', ')}); add it under \`hosts\` if it is right`,
    );
  const literal = bare(host);
  if (isIP(literal) !== 0) permitAddress(literal, host, privateNetwork);
}

function permitAddress(address: string, host: string, privateNetwork: PrivateNetwork): void {
  if (privateNetwork === 'allowed' || isPublic(address)) return;
  throw new TransportError(
    'private-address',
    `${host} is at ${address}, which is not a public address; ` +
      'private networks are called only with --allow-private-network',
  );
}

/** The operating system's way to find the addresses of a name. */
export const systemResolve: Resolve = (name) =>
  new Promise((resolve, reject) => {
    systemLookup(name, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });

/**
 * The lookup of a connection. The addresses that are judged here are those that the connection then uses, so a name
 * whose answer changes (DNS rebinding) gains nothing. One private address among the answers refuses them all.
 */
export function guardedLookup(privateNetwork: PrivateNetwork, resolve: Resolve): LookupFunction {
  const judged = callbackify(async (host: string, wanted: string | number | undefined) => {
    const all = await resolve(host);
    for (const { address } of all) permitAddress(address, host, privateNetwork);
    const family = wanted === 'IPv4' ? 4 : wanted === 'IPv6' ? 6 : (wanted ?? 0);
    const usable = all.filter((each) => family === 0 || each.family === family);
    const [first] = usable;
    if (first === undefined) throw new TransportError('unresolved', `${host} has no usable address`);
    return { usable, first };
  });
  return (host, options, callback) =>
    judged(host, options.family, (error, found) => {
      if (error) callback(error, '');
      else if (options.all) callback(null, [...found.usable]);
      else callback(null, found.first.address, found.first.family);
    });
}

/** Finds one address only of each name: the one at a position in their order, beginning anew behind the last. */
export const nth =
  (at: number, resolve: Resolve = systemResolve): Resolve =>
  async (name) => {
    // Name servers answer in another order each time.
    const all = (await resolve(name)).toSorted((one, other) => (one.address < other.address ? -1 : 1));
    return all.slice(at % all.length, (at % all.length) + 1);
  };
