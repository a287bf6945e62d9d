import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { RelayError } from './relay-error.ts';
import { correct } from './tls-defects.ts';

/** Where to listen; without a host, at all addresses. Port 0 is a free one. */
export interface RelayAddress {
  readonly host?: string;
  readonly port: number;
}

/** A certificate and its key, PEM. */
export interface RelayTls {
  readonly certificate: string;
  readonly key: string;
}

const times = {
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
} as const;

/**
 * Listens.
 * @throws RelayError bad-certificate, address-taken, unusable-address
 */
export async function listen(
  tls: RelayTls | undefined,
  ask: 'client-certificate' | 'nothing',
  { host, port }: RelayAddress,
  serve: RequestListener,
): Promise<Server> {
  const server = tls === undefined ? createHttpServer(times, serve) : secured(tls, ask, serve);
  server.maxConnections = 10_000;
  server.listen({ port, ...(host === undefined ? {} : { host }) });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const where = `${host ?? 'every address'}, port ${port}`;
    throw code === 'EADDRINUSE'
      ? new RelayError('address-taken', `expected ${where} to be free, but another process listens there`, {
          cause,
        })
      : new RelayError(
          'unusable-address',
          `expected to listen at ${where}, which cannot be done here (${code})`,
          {
            cause,
          },
        );
  }
  return server;
}

function secured(
  { certificate, key }: RelayTls,
  ask: 'client-certificate' | 'nothing',
  serve: RequestListener,
): Server {
  try {
    // Whose certificate it is, is the run's to judge.
    const asking = { requestCert: ask === 'client-certificate', rejectUnauthorized: false };
    return createHttpsServer({ ...times, ...correct, cert: certificate, key, ...asking }, serve);
  } catch (cause) {
    throw new RelayError(
      'bad-certificate',
      'expected a certificate and its private key, both PEM; these cannot be used together',
      { cause },
    );
  }
}

/** Who is among addresses and ranges. */
export function proxies(texts: readonly string[]): (address: string | undefined) => boolean {
  const ranges = texts.map((text) => ipaddr.parseCIDR(rangeOf(text)));
  return (address) => {
    if (address === undefined || !ipaddr.isValid(address)) return false;
    const peer = ipaddr.process(address);
    return ranges.some(([base, bits]) => base.kind() === peer.kind() && peer.match(base, bits));
  };
}

/** An address is the range of itself. */
const rangeOf = (text: string): string => {
  const version = isIP(text);
  return version === 0 ? text : `${text}/${version === 4 ? 32 : 128}`;
};

/** Whether a text is an address or a range of them. */
export const isRange = (text: string): boolean => ipaddr.isValidCIDR(rangeOf(text));
