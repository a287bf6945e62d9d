import { setTimeout as delay } from 'node:timers/promises';
import type { PrivateNetwork } from '../../transport/egress.ts';
import { TransportError } from '../../transport/error.ts';
import { openTransport, type Reply } from '../../transport/transport.ts';
import { FlowError } from '../flow-error.ts';
import type { Intake } from './intake.ts';
import type { ListenerOptions } from './listener.ts';
import { RelayError } from './relay-error.ts';
import { openInjection } from './relay-injection.ts';
import {
  Losses,
  mutualSegment,
  parsed,
  Polled,
  Registered,
  relayPaths,
  type Relayed,
  type Returned,
} from './relay-protocol.ts';

/** What a run tells to use a relay. */
export interface RelayOptions {
  /** Origin of the relay. */
  readonly url: string;
  readonly token: string;
  /** PEM texts of certificate authorities that are trusted besides. */
  readonly trust: readonly string[];
  readonly privateNetwork: PrivateNetwork;
  /** Whether the client under test shows a certificate. */
  readonly certificates: 'needed' | 'not-needed';
}

/** Requests that come by way of a relay. */
export interface Relay extends Intake {
  close(): Promise<void>;
}

/** Questions for requests that are open at the same time: while one is answered, another is there already. */
const polls = 3;
/** Milliseconds until a connection that was lost is taken up again: the first time, at most. */
const pause = { first: 100, longest: 5_000 };
const attempts = 4;
/** More requests than can be on their way again. */
const remembered = 1_000;

/**
 * Registers with a relay, and takes requests from it until it is closed. Nothing listens here, and all connections go out.
 * @throws RelayError wrong-token, no-relay, no-certificates, full; TransportError when the relay is not reached
 */
export async function openRelay(options: RelayOptions): Promise<Relay> {
  const { hostname, port, origin } = new URL(options.url);
  const transport = openTransport({
    hosts: [`${hostname}:${port === '' ? 443 : port}`],
    trust: options.trust,
    privateNetwork: options.privateNetwork,
    // Nothing of it is recorded: the sandbox records what arrives.
    redactor: { exchange: (exchange) => exchange, scrub: (text) => text, learn: () => {} },
    clock: () => 0,
    limits: { headers: 40_000, total: 60_000, size: 4_194_304 },
  });
  const call = (path: string, secret: string, body?: unknown): Promise<Reply> =>
    transport.send({
      method: 'POST',
      url: `${origin}${path}`,
      headers: [
        ['authorization', `Bearer ${secret}`],
        ...(body === undefined ? [] : [['content-type', 'application/json'] as const]),
      ],
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      purpose: 'relay',
    });

  let registered: Registered;
  try {
    registered = registeredBy(await call(relayPaths.register, options.token), origin);
    if (options.certificates === 'needed' && registered.mutual_url === undefined)
      throw new RelayError(
        'no-certificates',
        `the relay ${origin} learns of no client certificates, which this variant needs; have it opened with --client-certificate-header or --listen-mutual`,
      );
  } catch (error) {
    await transport.close();
    throw error;
  }
  const { prefix, key, url, mutual_url: mutualUrl = url } = registered;
  const secret = `${prefix}.${key}`;
  const bases = {
    main: new URL(url).origin,
    mutual: `${new URL(mutualUrl).origin}/${mutualSegment}`,
  } as const;
  const handlers = new Map<string, ListenerOptions['handler']>();
  const injection = openInjection();
  const closing = new AbortController();
  /** What was lost on this side. */
  const own = { count: 0, last: '' };
  const lose = (what: string): void => {
    own.count += 1;
    own.last = what;
  };
  const taken = new Set<string>();
  /** Losses of both sides that were told already. */
  let known = 0;

  /** Whether a request comes for the first time: it is given again where its receipt was not told in time. */
  function isNew(id: string): boolean {
    if (taken.has(id)) return false;
    taken.add(id);
    const [oldest = ''] = taken;
    if (taken.size > remembered) taken.delete(oldest);
    return true;
  }

  async function take(relayed: Relayed): Promise<void> {
    const server = relayed.target.startsWith(`/${mutualSegment}/`) ? 'mutual' : 'main';
    const handler = handlers.get(server);
    if (handler === undefined) return lose('a request came before there was a server for it');
    const returned = await injection.handle(relayed, handler);
    if (returned !== 'too-long') return give(relayed.id, returned);
    lose('an answer was too long for the relay');
    return give(relayed.id, { closed: 'yes' });
  }

  /** Answers; again when it is not known to have arrived, as only the first answer counts. */
  async function give(id: string, returned: Returned): Promise<void> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const reply = await call(`${relayPaths.answer}${id}`, secret, returned).catch(() => undefined);
      if (reply?.status === 200) return;
    }
    lose('an answer did not reach the relay');
  }

  async function poll(): Promise<void> {
    let wait = pause.first;
    let received: readonly string[] = [];
    while (!closing.signal.aborted) {
      const reply = await call(relayPaths.poll, secret, { received }).catch(() => undefined);
      if (reply?.status === 401) {
        lose('the relay no longer knows the run');
        return;
      }
      const polled = reply?.status === 200 ? parsed(Polled, reply.text) : undefined;
      if (polled === undefined) {
        await delay(wait, undefined, { signal: closing.signal }).catch(() => undefined);
        wait = Math.min(wait * 2, pause.longest);
        continue;
      }
      wait = pause.first;
      received = polled.requests.map(({ id }) => id);
      for (const relayed of polled.requests.filter(({ id }) => isNew(id)))
        void take(relayed).catch((error: unknown) =>
          lose(error instanceof Error ? error.message : String(error)),
        );
    }
  }
  const polling = Array.from({ length: polls }, () => poll());

  return {
    prefix: `${prefix}.`,
    async listen({ ask, defect, handler }) {
      if (defect !== undefined) throw endsAtRelay();
      const server = ask === 'client-certificate' ? 'mutual' : 'main';
      // Several servers of a kind are one here: they differ in what handles their TLS.
      if (!handlers.has(server)) handlers.set(server, handler);
      return {
        origin: bases[server],
        port: Number(new URL(bases[server]).port || 443),
        async setDefect(given) {
          if (given !== undefined) throw endsAtRelay();
        },
        async close() {
          handlers.delete(server);
        },
      };
    },
    async listenPlain() {
      return {
        get origin() {
          lose('nothing without TLS can be shown through a relay');
          return `http://${new URL(url).hostname}`;
        },
        async close() {},
      };
    },
    watch() {
      const before = known;
      return async () => {
        const reply = await call(relayPaths.losses, secret).catch(explained);
        const told =
          typeof reply === 'string' || reply.status !== 200 ? undefined : parsed(Losses, reply.text);
        if (told !== undefined) known = Math.max(known, own.count + told.count);
        if (told !== undefined && own.count + told.count <= before) return;
        const why = told === undefined && typeof reply === 'string' ? reply : own.last || told?.last;
        throw new FlowError(
          'unavailable',
          'environment',
          `expected the relay ${origin} to pass on all between client and run, which it did not: ${why ?? 'it no longer knows the run'}`,
        );
      };
    },
    async close() {
      closing.abort();
      injection.close();
      await call(relayPaths.end, secret).catch(() => undefined);
      await transport.close();
      await Promise.all(polling);
    },
  };
}

const endsAtRelay = (): FlowError =>
  new FlowError(
    'not-given',
    'environment',
    'TLS ends at the relay, where a run can show nothing that is wrong with it; run where the client reaches the sandbox itself',
  );

const explained = (error: unknown): string =>
  error instanceof TransportError ? error.message : String(error);

function registeredBy({ status, text }: Reply, origin: string): Registered {
  if (status === 401)
    throw new RelayError(
      'wrong-token',
      `the relay ${origin} does not know the token of sandbox/token; have its SHA-256 added to the relay's file of tokens`,
    );
  if (status === 429)
    throw new RelayError('full', `the relay ${origin} has too many runs at once; try again later`);
  const registered = status === 200 ? parsed(Registered, text) : undefined;
  if (registered === undefined)
    throw new RelayError(
      'no-relay',
      `expected a relay of Assay at ${origin}, which answered ${status} with something else`,
    );
  return registered;
}
