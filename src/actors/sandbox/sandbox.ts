import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Scenario } from '../../directory/client-integration.ts';
import type { Feature, Variant } from '../../profiles/plan.ts';
import type { Exchange } from '../../transport/exchange.ts';
import type { Redactor } from '../../transport/redact.ts';
import { bytesOf, type Answer } from './answer.ts';
import { purposes, type Arrival, type Point } from './arrival.ts';
import type { Authority } from './authority.ts';
import type { Deviation } from './deviation.ts';
import { Issuer } from './issuer.ts';
import { ownPorts, type Intake } from './intake.ts';
import type { Connection, Listener } from './listener.ts';
import { mutualSegment } from './relay-protocol.ts';
import { makeServerKeys } from './server-keys.ts';
import type { TlsDefect } from './tls-defects.ts';
import { handle, type Call, type Registration, type World } from './world.ts';

/** What a sandbox is opened with. */
export interface SandboxOptions {
  readonly authority: Authority;
  /** Name under which the client reaches it. */
  readonly host: string;
  /** Port of the issuer; the mutual-TLS server and the API of a fixed issuer have the next ones. Default: any free ones. */
  readonly port?: number;
  /** Where requests come in. Default: at ports of its own. */
  readonly intake?: Intake;
  /** Whether each flow has an issuer of its own, or all have the same one, one after the other. */
  readonly issuers: 'each' | 'fixed';
  readonly registration: Registration;
  readonly variant: Variant;
  readonly features: readonly Feature[];
  readonly calls: readonly Call[];
  /** Whether its user consents at once, or presses a button. */
  readonly consent: 'automatic' | 'page';
  readonly redactor: Redactor;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Told of each connection as it begins, also of those that never ask for anything. */
  readonly onConnection?: (connection: Connection) => void;
}

/** What an issuer is opened for. */
export interface IssuerOptions {
  readonly scenario: Scenario;
  readonly deviation?: Deviation;
}

/** An issuer that answers as long as it is not closed. */
export interface OpenIssuer {
  readonly issuer: Issuer;
  /** What passed so far, redacted, in the order of its end. */
  readonly exchanges: readonly Exchange[];
  /** Gives the endpoints other addresses, which the metadata names from now on. */
  move(): void;
  /**
   * Ends it.
   * @throws FlowError (environment) when not all has passed between client and issuer as it was: then nothing is shown.
   */
  close(): Promise<void>;
}

/** An authorization server and an API on ports of their own, with any number of issuers. */
export interface Sandbox {
  open(options: IssuerOptions): Promise<OpenIssuer>;
  close(): Promise<void>;
}

const longestBody = 1_048_576;

interface Defective {
  readonly listener: Listener;
  close(): Promise<void>;
}

interface Tenant {
  readonly issuer: Issuer;
  readonly exchanges: Exchange[];
  /** Segment of the endpoints' paths. */
  epoch: string;
}

/** Opens a sandbox. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { authority, host, clock, intake = ownPorts } = options;
  const keys = makeServerKeys();
  const tenants = new Map<string, Tenant>();

  /** Whom the servers with a defect tell of their connections: of those, to a fixed issuer, there are no others. */
  const watched = new Map<Listener, (connection: Connection) => void>();

  async function listen(
    server: Arrival['server'],
    more: { readonly port?: number; readonly defect?: TlsDefect } = {},
  ): Promise<Listener> {
    const listener: Listener = await intake.listen({
      host,
      ...more,
      authority,
      ask: server === 'mutual' ? 'client-certificate' : 'nothing',
      onConnection(connection) {
        options.onConnection?.(connection);
        watched.get(listener)?.(connection);
      },
      handler: (request, response, connection) =>
        void serve({ server, origin: listener.origin, connection }, request, response).catch(() =>
          response.destroy(),
        ),
    });
    return listener;
  }
  const after = (count: number) => (options.port === undefined ? {} : { port: options.port + count });
  const main = await listen('main', after(0));
  const mutual = await listen('mutual', after(1));
  const bound = options.variant.sender_constraint === 'mtls' ? 'mutual' : 'main';
  const servers = { main, mutual };
  // A client that knows one issuer only knows one API only, which must be able to have a defect of its own.
  const api = options.issuers === 'fixed' ? await listen(bound, after(2)) : servers[bound];
  const plain = await intake.listenPlain({
    host,
    onRequest({ method, url = '/' }) {
      const { origin, pathname } = URL.parse(url, plain.origin) ?? new URL(plain.origin);
      locate(pathname)?.tenant.issuer.clear.push(`${method} ${origin}${pathname}`);
    },
  });

  async function serve(
    { server, origin, connection }: Pick<Arrival, 'server' | 'connection'> & { readonly origin: string },
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const started = clock();
    const url = URL.parse(request.url ?? '/', origin) ?? new URL(origin);
    const found = locate(url.pathname);
    if (found === undefined) {
      response.writeHead(404).end();
      return;
    }
    const { tenant, at } = found;
    const body = await bodyOf(request);
    if (body === undefined) {
      response.writeHead(413, { connection: 'close' }).end();
      return;
    }
    const form = formOf(request, body);
    const arrival: Arrival = {
      at: at === 'token' && form.get('grant_type') === 'refresh_token' ? 'refresh' : at,
      method: request.method ?? '',
      url,
      headers: pairs(request.rawHeaders),
      body,
      form,
      connection,
      server,
      time: started / 1000,
    };
    const answer = await tenant.issuer.answer(arrival);
    await write(tenant, arrival, answer, response, started);
  }

  /** Whose request it is, and what it is for, by its path. */
  function locate(path: string): { readonly tenant: Tenant; readonly at: Point } | undefined {
    const [, ...all] = path.split('/');
    const [first = '', ...rest] = all[0] === mutualSegment ? all.slice(1) : all;
    // RFC 8414, section 3.1 has the well-known part first, OpenID Connect Discovery last.
    if (first === '.well-known') {
      const tenant = tenants.get(rest[1] ?? '');
      const known = rest[0] === 'oauth-authorization-server' || rest[0] === 'openid-configuration';
      return tenant && { tenant, at: known && rest.length === 2 ? 'metadata' : 'elsewhere' };
    }
    const tenant = tenants.get(first);
    return tenant && { tenant, at: pointOf(tenant, rest) };
  }

  async function write(
    tenant: Tenant,
    arrival: Arrival,
    answer: Answer,
    response: ServerResponse,
    started: number,
  ): Promise<void> {
    const bytes = bytesOf(answer);
    const keep = (outcome: Pick<Exchange, 'response' | 'error'>): void => {
      tenant.exchanges.push(
        options.redactor.exchange({
          id: tenant.exchanges.length + 1,
          at: new Date(started).toISOString(),
          duration_ms: Math.max(0, clock() - started),
          purpose: purposes[arrival.at],
          edits: tenant.issuer.deviation?.at === arrival.at ? [tenant.issuer.deviation.name] : [],
          request: {
            method: arrival.method,
            url: arrival.url.href,
            headers: [...arrival.headers],
            ...(arrival.body === '' ? {} : { body: arrival.body }),
            ...(arrival.connection.certificate === undefined
              ? {}
              : { certificate: arrival.connection.certificate.thumbprint }),
          },
          ...outcome,
        }),
      );
    };
    if (answer.lost === 'yes') {
      tenant.issuer.written(arrival);
      keep({ error: { code: 'closed', message: 'the connection was closed instead of an answer' } });
      response.destroy();
      return;
    }
    if (answer.after === 'never') {
      tenant.issuer.written(arrival);
      keep({ error: { code: 'silent', message: 'no answer was given' } });
      return;
    }
    if (answer.after !== undefined) await later(answer.after, response);
    // Shown before it is written: who reads quickly is back before the writing is over.
    tenant.issuer.written(arrival);
    if (answer.stream === undefined) {
      response.writeHead(answer.status, { ...answer.headers, 'content-length': bytes.length });
      response.end(bytes);
    } else {
      response.writeHead(answer.status, answer.headers);
      // Who stops reading has read enough.
      await pipeline(answer.stream, response).catch(() => response.destroy());
    }
    keep({
      response: {
        status: answer.status,
        headers: Object.entries(answer.headers).map(([name, value]) => ({ name, value })),
        body:
          answer.stream !== undefined
            ? '[a stream]'
            : bytes.length > 65_536
              ? `[${bytes.length} bytes]`
              : bytes.toString(),
      },
    });
  }

  /** A server with the TLS defect of a deviation, for as long as the deviation is there. */
  async function defective(at: Point, defect: TlsDefect): Promise<Defective> {
    // The fixed issuer, and its API, have one address each.
    const only: Readonly<Partial<Record<Point, Listener>>> =
      options.issuers === 'fixed' ? { metadata: main, call: api } : {};
    const fixed = only[at];
    if (fixed !== undefined) {
      await fixed.setDefect(defect);
      return { listener: fixed, close: () => fixed.setDefect(undefined) };
    }
    const authenticated = options.variant.client_authentication !== 'private_key_jwt';
    const presented =
      at === 'call'
        ? bound === 'mutual'
        : ['push', 'token'].includes(at) && (bound === 'mutual' || authenticated);
    const listener = await listen(presented ? 'mutual' : 'main', { defect });
    return { listener, close: () => listener.close() };
  }

  return {
    async open({ scenario, deviation }) {
      const whole = intake.watch();
      const name = `${intake.prefix}${options.issuers === 'fixed' ? 'issuer' : handle().slice(0, 12)}`;
      const at = deviation?.at;
      const apart = deviation?.tls === undefined ? undefined : await defective(deviation.at, deviation.tls);
      const { registration, variant, features, calls } = options;
      const originOf = (point: Point, otherwise: Listener): string =>
        (apart !== undefined && at === point ? apart.listener : otherwise).origin;
      const issuer = `${originOf('metadata', main)}/${name}`;
      const below = (origin: string): string => `${origin}/${name}/${tenant.epoch}`;
      const world: World = {
        issuer,
        get base() {
          return below(main.origin);
        },
        get mutualBase() {
          return below(mutual.origin);
        },
        get clearBase() {
          return below(plain.origin);
        },
        get apart() {
          return apart && at && { at, base: below(apart.listener.origin) };
        },
        api: `${originOf('call', api)}/${name}/api`,
        registration,
        variant,
        features,
        scenario,
        consent: options.consent,
        calls,
        keys,
        now: () => Math.floor(clock() / 1000),
      };
      const opened = new Issuer(world, deviation);
      const tenant: Tenant = { issuer: opened, exchanges: [], epoch: newEpoch() };
      tenants.set(name, tenant);
      if (apart !== undefined) watched.set(apart.listener, (connection) => opened.meet(connection));
      return {
        issuer: opened,
        exchanges: tenant.exchanges,
        move() {
          tenant.epoch = newEpoch();
        },
        async close() {
          if (tenants.get(name) === tenant) tenants.delete(name);
          if (apart !== undefined) {
            watched.delete(apart.listener);
            await apart.close();
          }
          await whole();
        },
      };
    },
    async close() {
      await Promise.all(
        [main, mutual, plain, ...(api === servers[bound] ? [] : [api])].map((each) => each.close()),
      );
    },
  };
}

const newEpoch = (): string => handle().slice(0, 8);

const places: Readonly<Record<string, Point>> = {
  push: 'push',
  authorize: 'authorization',
  consent: 'consent',
  token: 'token',
  keys: 'keys',
  userinfo: 'userinfo',
  introspect: 'introspection',
  revoke: 'revocation',
};

function pointOf({ epoch }: Tenant, path: readonly string[]): Point {
  if (path.join('/') === '.well-known/openid-configuration') return 'metadata';
  if (path[0] === 'api') return 'call';
  return (path[0] === epoch && path.length === 2 && places[path[1] ?? '']) || 'elsewhere';
}

const pairs = (raw: readonly string[]): readonly { readonly name: string; readonly value: string }[] =>
  Array.from({ length: raw.length / 2 }, (_, at) => ({
    name: raw[at * 2] ?? '',
    value: raw[at * 2 + 1] ?? '',
  }));

const formOf = ({ headers }: IncomingMessage, body: string): URLSearchParams =>
  new URLSearchParams(
    /^application\/x-www-form-urlencoded(?:$|\s*;)/iu.test(headers['content-type'] ?? '') ? body : '',
  );

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > longestBody) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

/** Waits, unless the other side goes away. */
const later = (milliseconds: number, response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    response.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
