import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  CertificateHeaderError,
  clientCertificate,
  clientCertificateFrom,
  type CertificateHeader,
} from '../../protocol/client-certificate.ts';
import { bodyOf, lost, pairs, refuse, tellJson, watch, writeReturned } from './relay-exchange.ts';
import { listen, proxies, type RelayAddress, type RelayTls } from './relay-listen.ts';
import { parsed, prefixIn, relayPaths, Received, Returned, type Registered } from './relay-protocol.ts';
import { Runs, usualLimits, type RelayLimits, type Run } from './relay-runs.ts';
import { holderOf, readTokens } from './relay-tokens.ts';

/** What a relay is opened with. */
export interface RelayServiceOptions {
  /** Origin under which clients reach it. */
  readonly url: string;
  readonly listen: RelayAddress;
  /** Where certificates are asked for; its URL alone, where a proxy does. */
  readonly mutual?: { readonly url: string; readonly listen?: RelayAddress };
  /** PEM. Without it the relay speaks HTTP, for a proxy in front. */
  readonly tls?: RelayTls;
  /** Addresses, or ranges of them (CIDR), whose word about client certificates is taken. */
  readonly trustedProxies: readonly string[];
  readonly certificateHeader?: CertificateHeader;
  /** Read anew at each registration. */
  readonly tokenFile: string;
  readonly limits?: Partial<RelayLimits>;
  /** What happens, one line each, without secrets. */
  readonly tell: (line: string) => void;
}

/** A running relay. */
export interface RelayService {
  /** Ports that it listens at: of everybody, and of mutual TLS. */
  readonly ports: readonly number[];
  /** Runs that are registered. */
  readonly runs: () => number;
  close(): Promise<void>;
}

/** The longest answer of a run, with its headers, as JSON. */
const longestReturn = 2_097_152;
const longestPoll = 65_536;

/**
 * Opens a relay: a public server that hands requests to runs, which ask for them and need no address of their own.
 * @throws RelayError bad-tokens, bad-certificate, address-taken, unusable-address
 */
export async function openRelayService(options: RelayServiceOptions): Promise<RelayService> {
  const { tell, certificateHeader } = options;
  const limits = { ...usualLimits, ...options.limits };
  await readTokens(options.tokenFile);
  const trusted = proxies(options.trustedProxies);
  const runs = new Runs(limits, ({ holder }) => tell(`a run of ${holder} is over; ${runs.size} at once`));
  let held = 0;

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const work = request.url?.startsWith('/.assay/') === true ? command : relay;
    work(request, response).catch((error: unknown) => {
      tell(`a request could not be answered: ${error instanceof Error ? error.message : String(error)}`);
      response.destroy();
    });
  };

  /** A request of anybody, for the run that its address names. */
  async function relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: target = '/', method = '' } = request;
    const run = runs.get(prefixIn(target) ?? '');
    if (run === undefined) return refuse(response, 404, 'there is nothing here');
    const { gone, own } = watch(response);
    const headers = pairs(request.rawHeaders);
    let certificate: string | undefined;
    try {
      certificate = certificateOf(request, headers);
    } catch (error) {
      if (!(error instanceof CertificateHeaderError)) throw error;
      return lost(run, response, 400, `a proxy tells certificates wrongly: ${error.message}`);
    }
    try {
      const body = await bodyOf(request, limits.body, (size) => {
        held += size;
        own.size += size;
        return held <= limits.held;
      });
      if (body === 'too-long') return refuse(response, 413, 'the body is too long');
      if (body === 'no-room') return lost(run, response, 503, 'the relay holds too many requests');
      const taken = run.take(
        {
          method,
          target,
          headers: headers.filter(([name]) => !tellsCertificates(name)),
          body: body.toString('base64'),
          ...(certificate === undefined ? {} : { certificate }),
        },
        gone,
      );
      if (taken === undefined) return lost(run, response, 503, 'too many requests of the run wait already');
      const end = await taken;
      if (gone.aborted) return;
      if (end === 'over') return refuse(response, 503, 'the run is over');
      if (end === 'late') return lost(run, response, 504, 'a request had no answer of the run in time');
      writeReturned(run, request, response, end);
    } finally {
      held -= own.size;
    }
  }

  /** What a run wants of the relay. */
  async function command(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: path = '' } = request;
    if (request.method !== 'POST') return refuse(response, 405, 'use POST');
    const secret = /^Bearer ([\w~+/.=-]+)$/u.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (path === relayPaths.register) return register(secret, response);
    const [prefix = '', key = ''] = secret.split('.');
    const run = runs.get(prefix);
    if (run?.knows(key) !== true) return refuse(response, 401, 'there is no such run, or its key is another');
    if (path === relayPaths.poll) return poll(run, request, response);
    if (path === relayPaths.losses) return tellJson(response, 200, run.losses);
    if (path === relayPaths.end) {
      runs.end(run);
      return tellJson(response, 200, {});
    }
    const [, id] =
      /^(\d+)$/u.exec(path.startsWith(relayPaths.answer) ? path.slice(relayPaths.answer.length) : '') ?? [];
    if (id === undefined) return refuse(response, 404, 'there is nothing here');
    const body = await bodyOf(request, longestReturn, () => true);
    const returned = Buffer.isBuffer(body) ? parsed(Returned, body.toString()) : undefined;
    if (returned === undefined) return refuse(response, 400, 'expected an answer as JSON, not too long');
    run.answer(id, returned);
    return tellJson(response, 200, {});
  }

  async function register(token: string, response: ServerResponse): Promise<void> {
    const holder = holderOf(await readTokens(options.tokenFile), token);
    if (holder === undefined) return refuse(response, 401, 'the token is not known');
    const begun = runs.begin(holder);
    if (begun === undefined) return refuse(response, 429, 'there are too many runs');
    tell(`a run of ${holder} begins; ${runs.size} at once`);
    const registered: Registered = {
      prefix: begun.run.prefix,
      key: begun.key,
      url: options.url,
      ...(options.mutual !== undefined
        ? { mutual_url: options.mutual.url }
        : certificateHeader === undefined
          ? {}
          : { mutual_url: options.url }),
    };
    return tellJson(response, 200, registered);
  }

  const tellsCertificates = (name: string): boolean => {
    const told = certificateHeader?.header.toLowerCase();
    // RFC 9440, section 2.3 has the chain beside it.
    return told !== undefined && [told, `${told}-chain`].includes(name.toLowerCase());
  };

  function certificateOf(
    request: IncomingMessage,
    headers: readonly (readonly [string, string])[],
  ): string | undefined {
    const { socket } = request;
    // Anybody can send the header. The connection of a proxy is not the client's.
    if (certificateHeader !== undefined && trusted(socket.remoteAddress)) {
      const fields = headers.map(([name, value]) => ({ name, value }));
      return clientCertificateFrom(fields, certificateHeader)?.certificate;
    }
    const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    return shown === undefined ? undefined : clientCertificate(shown).certificate;
  }

  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    runs.endAll();
    await Promise.all(
      servers.map(async (server) => {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      }),
    );
  };
  try {
    const places = [
      { at: options.listen, ask: 'nothing' },
      ...(options.mutual?.listen === undefined
        ? []
        : [{ at: options.mutual.listen, ask: 'client-certificate' } as const]),
    ] as const;
    for (const { at, ask } of places) servers.push(await listen(options.tls, ask, at, serve));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ports: servers.map((server) => (server.address() as AddressInfo).port),
    runs: () => runs.size,
    close,
  };
}

async function poll(run: Run, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { gone } = watch(response);
  const body = await bodyOf(request, longestPoll, () => true);
  const told = Buffer.isBuffer(body) ? parsed(Received, body.toString()) : undefined;
  if (told === undefined) return refuse(response, 400, 'expected to be told what was received, as JSON');
  const requests = await run.poll(told.received, gone);
  if (gone.aborted) return run.retake(requests);
  response.once('close', () => {
    if (!response.writableFinished) run.retake(requests);
  });
  return tellJson(response, 200, { requests });
}
