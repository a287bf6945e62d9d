import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Scenario } from '../../directory/client-integration.ts';
import type { Feature, Variant } from '../../profiles/plan.ts';
import type { Exchange } from '../../transport/exchange.ts';
import type { Redactor } from '../../transport/redact.ts';
import { bytesOf, type Answer } from './answer.ts';
import { purposes, type Arrival, type Point } from './arrival.ts';
import type { Authority } from './authority.ts';
import type { Deviation } from './deviation.ts';
import { Issuer } from './issuer.ts';
import { openListener, type Connection, type Listener } from './listener.ts';
import { makeServerKeys } from './server-keys.ts';
import { handle, type Call, type Registration } from './world.ts';

/** What a sandbox is opened with. */
export interface SandboxOptions {
  readonly authority: Authority;
  /** Name under which the client reaches it. */
  readonly host: string;
  /** Port of the issuer; the mutual-TLS server has the next one. Default: any free ones. */
  readonly port?: number;
  /** Whether each flow has an issuer of its own, or all have the same one, one after the other. */
  readonly issuers: 'each' | 'fixed';
  readonly registration: Registration;
  readonly variant: Variant;
  readonly features: readonly Feature[];
  readonly calls: readonly Call[];
  readonly redactor: Redactor;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
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
  close(): Promise<void>;
}

/** An authorization server and an API on ports of their own, with any number of issuers. */
export interface Sandbox {
  open(options: IssuerOptions): Promise<OpenIssuer>;
  close(): Promise<void>;
}

const longestBody = 1_048_576;

interface Tenant {
  readonly issuer: Issuer;
  readonly exchanges: Exchange[];
  /** Segment of the endpoints' paths. */
  readonly epoch: string;
}

/** Opens a sandbox. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { authority, host, clock } = options;
  const keys = makeServerKeys();
  const certificate = await authority.issue({ commonName: host, names: [host], usage: 'server' });
  const tenants = new Map<string, Tenant>();

  const listen = (server: Arrival['server'], port: number | undefined): Promise<Listener> =>
    openListener({
      host,
      ...(port === undefined ? {} : { port }),
      authority,
      certificate,
      ask: server === 'mutual' ? 'client-certificate' : 'nothing',
      handler: (request, response, connection) =>
        void serve(server, request, response, connection).catch(() => response.destroy()),
    });
  const main = await listen('main', options.port);
  const mutual = await listen('mutual', options.port === undefined ? undefined : options.port + 1);

  async function serve(
    server: Arrival['server'],
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
  ): Promise<void> {
    const started = clock();
    const origin = server === 'main' ? main.origin : mutual.origin;
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
    const arrival: Arrival = {
      at: at === 'token' && /(?:^|&)grant_type=refresh_token(?:&|$)/u.test(body) ? 'refresh' : at,
      method: request.method ?? '',
      url,
      headers: pairs(request.rawHeaders),
      body,
      form: formOf(request, body),
      connection,
      server,
      time: started / 1000,
    };
    const answer = await tenant.issuer.answer(arrival);
    await write(tenant, arrival, answer, response, started);
  }

  /** Whose request it is, and what it is for, by its path. */
  function locate(path: string): { readonly tenant: Tenant; readonly at: Point } | undefined {
    const [, first = '', ...rest] = path.split('/');
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
          edits:
            tenant.issuer.deviation?.at === arrival.at ? [tenant.issuer.deviation.name] : [],
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
    response.writeHead(answer.status, { ...answer.headers, 'content-length': bytes.length });
    response.end(bytes);
    keep({
      response: {
        status: answer.status,
        headers: Object.entries(answer.headers).map(([name, value]) => ({ name, value })),
        body: bytes.length > 65_536 ? `[${bytes.length} bytes]` : bytes.toString(),
      },
    });
  }

  return {
    async open({ scenario, deviation }) {
      const name = options.issuers === 'fixed' ? 'issuer' : handle().slice(0, 12);
      const epoch = handle().slice(0, 8);
      const { registration, variant, features, calls } = options;
      const issuer = `${main.origin}/${name}`;
      const server = variant.sender_constraint === 'mtls' ? mutual : main;
      const world = {
        issuer,
        base: `${issuer}/${epoch}`,
        mutualBase: `${mutual.origin}/${name}/${epoch}`,
        api: `${server.origin}/${name}/api`,
        registration,
        variant,
        features,
        scenario,
        calls,
        keys,
        now: () => Math.floor(clock() / 1000),
      };
      const opened = new Issuer(world, deviation);
      const exchanges: Exchange[] = [];
      tenants.set(name, { issuer: opened, exchanges, epoch });
      return {
        issuer: opened,
        exchanges,
        async close() {
          if (tenants.get(name)?.issuer === opened) tenants.delete(name);
        },
      };
    },
    async close() {
      await Promise.all([main.close(), mutual.close()]);
    },
  };
}

const places: Readonly<Record<string, Point>> = {
  push: 'push',
  authorize: 'authorization',
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
  Array.from({ length: raw.length / 2 }, (_, at) => ({ name: raw[at * 2] ?? '', value: raw[at * 2 + 1] ?? '' }));

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
