import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { ClientIntegration, Scenario } from '../directory/client-integration.ts';
import { loadClientIntegration, type LoadedIntegration } from '../directory/load.ts';
import { resolveReference } from '../directory/reference.ts';
import type { Exchange } from '../transport/exchange.ts';
import type { Redactor } from '../transport/redact.ts';
import { openTransport, type Transport } from '../transport/transport.ts';
import { readRegistration } from './client-registration.ts';
import { createAuthority, openAuthority, type Authority } from './sandbox/authority.ts';
import { FlowError } from './flow-error.ts';
import { purposes } from './sandbox/arrival.ts';
import type { Connection } from './sandbox/connection.ts';
import type { Deviation } from './sandbox/deviation.ts';
import { readDescription } from './sandbox/description.ts';
import { exampleOf } from './sandbox/example.ts';
import type { Issuer } from './sandbox/issuer.ts';
import { openRelay, type Relay } from './sandbox/relay.ts';
import { openSandbox, type OpenIssuer, type Sandbox } from './sandbox/sandbox.ts';
import type { Call, Registration } from './sandbox/world.ts';
import { openTrigger } from './triggers/open-trigger.ts';
import type { Outcome, Start, Trigger } from './triggers/trigger.ts';

/** What a session is opened with. */
export interface ClientSessionOptions {
  /** Path of the integration file. */
  readonly file: string;
  readonly privateNetwork: 'allowed' | 'refused';
  readonly redactor: Redactor;
  /** Milliseconds since 1970, UTC. */
  readonly clock: () => number;
  /** What a person has to be told while a check runs. */
  readonly note?: (text: string) => void;
  /** Told of each connection to the sandbox as it begins. */
  readonly onConnection?: (connection: Connection) => void;
}

/** Which flow the client is to go through. */
export interface FlowOptions {
  readonly scenario?: Scenario;
  /** What is wrong with the issuer; absent for nothing. */
  readonly deviation?: Deviation;
}

/** A flow that is over. */
export interface Flow {
  readonly issuer: Issuer;
  readonly outcome: Outcome;
  /** What passed between client and sandbox, redacted. */
  readonly exchanges: readonly Exchange[];
}

/** Flows that are kept for what is compared between many of them: more than any comparison needs. */
const kept = 200;

/** A client under test with the sandbox that it meets. Its parts come to be when they are first asked for, once. */
export class ClientSession {
  readonly options: ClientSessionOptions;
  /** The flows that came to their end last, in the order of their end. */
  readonly flows: Flow[] = [];

  readonly integration: () => Promise<LoadedIntegration<ClientIntegration>> = once(() =>
    loadClientIntegration(this.options.file, new Date(this.options.clock())),
  );

  readonly authority: () => Promise<Authority> = once(async () => {
    const { value, file } = await this.integration();
    const now = new Date(this.options.clock());
    const given = value.sandbox?.authority;
    if (given === undefined) return createAuthority({ now, commonName: 'Assay sandbox' });
    const base = dirname(file);
    return openAuthority({
      certificate: await resolveReference(given.certificate, base),
      key: await resolveReference(given.key, base),
      now,
    });
  });

  /** PEM texts of the certificate authorities that are trusted besides. */
  readonly trust: () => Promise<readonly string[]> = once(async () => {
    const { value, resolve } = await this.integration();
    return Promise.all((value.trust ?? []).map((path) => readFile(resolve(path), 'utf8')));
  });

  readonly transport: () => Promise<Transport> = once(async () => {
    const { value } = await this.integration();
    const transport = openTransport({
      hosts: value.hosts ?? [],
      trust: await this.trust(),
      privateNetwork: this.options.privateNetwork,
      redactor: this.options.redactor,
      clock: this.options.clock,
    });
    this.#closing.push(() => transport.close());
    return transport;
  });

  readonly registration: () => Promise<Registration> = once(async () =>
    readRegistration(await this.integration(), this.transport),
  );

  /** The relay that the integration file names. */
  readonly relay: () => Promise<Relay | undefined> = once(async () => {
    const { value, file } = await this.integration();
    const { relay: url, token } = value.sandbox ?? {};
    if (url === undefined || token === undefined) return undefined;
    const { client_authentication: authentication, sender_constraint: constraint } = value.profile;
    const relay = await openRelay({
      url,
      token: await resolveReference(token, dirname(file)),
      trust: await this.trust(),
      privateNetwork: this.options.privateNetwork,
      certificates: authentication === 'private_key_jwt' && constraint === 'dpop' ? 'not-needed' : 'needed',
    });
    this.#closing.push(() => relay.close());
    return relay;
  });

  readonly sandbox: () => Promise<Sandbox> = once(async () => {
    const { value } = await this.integration();
    const intake = await this.relay();
    const { issuer = 'each', host = 'localhost', port } = value.sandbox ?? {};
    const { edition: _, ...variant } = value.profile;
    const sandbox = await openSandbox({
      authority: await this.authority(),
      host,
      ...(port === undefined ? {} : { port }),
      ...(intake === undefined ? {} : { intake }),
      issuers: issuer,
      registration: await this.registration(),
      variant,
      features: value.features,
      consent: (value.trigger.driver === 'browser' && value.trigger.consent) || 'automatic',
      calls: await Promise.all(value.resources.map((call) => this.#call(call))),
      redactor: this.options.redactor,
      clock: this.options.clock,
      ...(this.options.onConnection === undefined ? {} : { onConnection: this.options.onConnection }),
    });
    this.#closing.push(() => sandbox.close());
    return sandbox;
  });

  readonly trigger: () => Promise<Trigger> = once(async () => {
    const { value, file } = await this.integration();
    const authority = await this.authority();
    const directory = await mkdtemp(join(tmpdir(), 'assay-sandbox-'));
    this.#closing.push(() => rm(directory, { recursive: true, force: true }));
    const authorityFile = join(directory, 'ca.pem');
    const trust = await this.trust();
    // The relay's certificate is of somebody else.
    const trusted =
      value.sandbox?.relay === undefined ? [authority.certificate] : [...trust, ...rootCertificates];
    await writeFile(authorityFile, trusted.join('\n'));
    const trigger = await openTrigger({
      trigger: value.trigger,
      base: dirname(file),
      authorityFile,
      trust: [authority.certificate, ...trust],
      hosts: value.hosts ?? [],
      privateNetwork: this.options.privateNetwork,
      note: this.options.note ?? (() => {}),
      progress: ({ issuer }) => (this.#open.get(issuer)?.arrivals ?? []).map(({ at }) => purposes[at]),
    });
    this.#closing.push(() => trigger.close());
    return trigger;
  });

  readonly #closing: (() => Promise<void>)[] = [];
  /** Issuers of the flows that are under way. */
  readonly #open = new Map<string, Issuer>();
  readonly #twins = new Map<Scenario, Promise<Flow>>();

  constructor(options: ClientSessionOptions) {
    this.options = options;
  }

  /** Opens an issuer for the client to meet. */
  async open({ scenario = 'connect', deviation }: FlowOptions = {}): Promise<OpenIssuer> {
    const sandbox = await this.sandbox();
    return sandbox.open({ scenario, ...(deviation === undefined ? {} : { deviation }) });
  }

  /** What the client is told of an issuer. */
  startAt({ world }: Issuer): Start {
    const { issuer, api, registration, scenario } = world;
    return { issuer, api, clientId: registration.id, redirectUri: registration.redirectUris[0], scenario };
  }

  /** Makes the client go through a flow. */
  async flow(options: FlowOptions = {}): Promise<Flow> {
    const opened = await this.open(options);
    const { issuer, exchanges } = opened;
    this.#open.set(issuer.world.issuer, issuer);
    let outcome: Outcome;
    try {
      const trigger = await this.trigger();
      outcome = await trigger.run(this.startAt(issuer));
    } finally {
      this.#open.delete(issuer.world.issuer);
      await opened.close();
    }
    const flow = { issuer, exchanges, outcome };
    this.flows.push(flow);
    if (this.flows.length > kept) this.flows.shift();
    return flow;
  }

  /** The valid flow of a scenario, which everything that is compared with it shares. */
  twin(scenario: Scenario = 'connect'): Promise<Flow> {
    const known = this.#twins.get(scenario) ?? this.flow({ scenario });
    this.#twins.set(scenario, known);
    return known;
  }

  async #call({ openapi, answer, ...call }: ClientIntegration['resources'][number]): Promise<Call> {
    if (openapi === undefined) return { ...call, answer: answer ?? {} };
    const document = readDescription(await this.#described(openapi), openapi);
    return { ...call, answer: answer ?? exampleOf({ ...call, document }), document };
  }

  async #described(where: string): Promise<string> {
    if (!URL.canParse(where)) return readFile((await this.integration()).resolve(where), 'utf8');
    const transport = await this.transport();
    const reply = await transport.send({ method: 'GET', url: where, purpose: 'API description request' });
    if (reply.status !== 200) throw FlowError.refused('API description request', reply);
    return reply.text;
  }

  async close(): Promise<void> {
    for (const close of this.#closing.toReversed()) await close();
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
