import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Client as Registration, Integration, Resource } from '../directory/integration.ts';
import { loadServerIntegration, type LoadedIntegration } from '../directory/load.ts';
import { resolveReference } from '../directory/reference.ts';
import { readSigningKey, type SigningKey } from '../protocol/keys.ts';
import { endpoint, metadataUrls, readMetadata, type Metadata } from '../protocol/metadata.ts';
import { nth, systemResolve, type Resolve } from '../transport/egress.ts';
import type { Exchange } from '../transport/exchange.ts';
import { createRedactor, type Redactor } from '../transport/redact.ts';
import { openTransport, type Certificate, type Reply, type Transport } from '../transport/transport.ts';
import { Client } from './client.ts';
import { FlowError } from './flow-error.ts';
import { openUser } from './open-user.ts';
import { openHosted, type Hosted } from './hosted.ts';
import { Samples } from './observed-secrets.ts';
import type { User } from './user.ts';

/** Addresses of one name that are asked at most. */
const mostNodes = 8;

const tokenEndpoints = (metadata: Metadata): readonly string[] =>
  (['key', 'certificate'] as const).flatMap((by) => endpoint(metadata, 'token_endpoint', by) ?? []);

/** What a session is opened with. */
export interface SessionOptions {
  /** Path of the integration file. */
  readonly file: string;
  readonly privateNetwork: 'allowed' | 'refused';
  /** Salt of the digests that stand for secrets; the same for a whole run. */
  readonly salt: string;
  /** Milliseconds since 1970, UTC. */
  readonly clock: () => number;
}

/**
 * An integration with everything that is needed to talk to it. Its parts come to be when they are first asked for,
 * once, so that a part that cannot come to be troubles only the checks that need it.
 */
export class Session {
  readonly options: SessionOptions;
  readonly redactor: Redactor;
  /** What the server issued to the clients of the session. */
  readonly samples = new Samples();
  /** Where recorded exchanges go. One check at a time uses a session. */
  record: (exchange: Exchange) => void = () => {};

  readonly integration: () => Promise<LoadedIntegration<Integration>> = once(() =>
    loadServerIntegration(this.options.file, new Date(this.options.clock())),
  );

  /** PEM texts of the certificate authorities that are trusted besides. */
  readonly trust: () => Promise<readonly string[]> = once(async () => {
    const { value, resolve } = await this.integration();
    return Promise.all((value.trust ?? []).map((path) => readFile(resolve(path), 'utf8')));
  });

  readonly transport: () => Promise<Transport> = once(() => this.#open());

  /**
   * The first client, once for each address of the token endpoint's host, at which it reaches that address only: behind
   * each there may be another node of the server. An address may be out of reach.
   */
  readonly nodes: () => Promise<readonly Client[]> = once(async () => {
    const client = await this.client();
    const hosts = tokenEndpoints(client.parts.metadata).map((url) => new URL(url).hostname);
    const counts = await Promise.all(hosts.map(async (host) => (await systemResolve(host)).length));
    const count = Math.min(Math.max(...counts), mostNodes);
    if (count <= 1) return [client];
    const transports = Array.from({ length: count }, (_, at) => this.#open(nth(at)));
    return (await Promise.all(transports)).map((transport) => new Client({ ...client.parts, transport }));
  });

  readonly metadata: () => Promise<Metadata> = once(async () => {
    const reply = await this.fetchMetadata();
    if (reply.status !== 200) throw FlowError.refused('metadata request', reply);
    const { issuer, profile } = (await this.integration()).value;
    const grant = profile.grant ?? 'authorization_code';
    // A client goes by the issuer that it is configured with; whether the document agrees is a check's question.
    return { ...readMetadata(reply.body, reply.url, grant), ...(issuer === undefined ? {} : { issuer }) };
  });

  readonly user: () => Promise<User> = once(async () => {
    const { value, file } = await this.integration();
    if (value.user === undefined) return absentUser;
    const user = await openUser({ user: value.user, transport: await this.transport(), base: dirname(file) });
    this.#closing.push(() => user.close());
    return user;
  });

  /** The first test client of the integration file. */
  readonly client: () => Promise<Client> = once(() => this.#client(0));

  /** The second one, for mix-ups between clients. */
  readonly other: () => Promise<Client> = once(() => this.#client(1));

  /** A certificate of the first test client that has expired. */
  readonly expired: () => Promise<Certificate> = once(async () => {
    const { value, file } = await this.integration();
    const [first] = value.clients;
    const expired = first && (await expiredCertificate(first, dirname(file)));
    if (!expired)
      throw new FlowError('no-key', 'configuration', 'expected expired_certificate of the first client');
    return expired;
  });

  /** A third client, whose keys the server fetches from here. */
  readonly hosted: () => Promise<Hosted> = once(async () => {
    const { value, file } = await this.integration();
    const registration = value.hosted_client;
    if (!registration)
      throw new FlowError('no-key', 'configuration', 'expected hosted_client in the integration file');
    const base = dirname(file);
    const certificate = {
      certificate: await resolveReference(registration.tls_certificate, base),
      key: await resolveReference(registration.tls_key, base),
    };
    const own = await clientCertificate(registration, base);
    const hosted = await openHosted(registration, certificate, (key) => this.#make(registration, key, own));
    this.#closing.push(() => hosted.host.close());
    return hosted;
  });

  readonly #closing: (() => Promise<void>)[] = [];

  constructor(options: SessionOptions) {
    this.options = options;
    this.redactor = createRedactor(options.salt);
  }

  /** Fetches the metadata document, from where the file says or where the issuer's may stand. */
  async fetchMetadata(open: () => Promise<Transport> = this.transport): Promise<Reply> {
    const { issuer, discovery } = (await this.integration()).value;
    const transport = await open();
    const [url, ...others] = discovery ? [discovery] : issuer ? metadataUrls(issuer) : [];
    if (url === undefined)
      throw new FlowError(
        'no-endpoint',
        'configuration',
        'expected issuer or discovery in the integration file',
      );
    const fetch = (from: string): Promise<Reply> =>
      transport.send({
        method: 'GET',
        url: from,
        headers: [['accept', 'application/json']],
        purpose: 'metadata request',
      });
    let reply = await fetch(url);
    for (const another of others) if (reply.status !== 200) reply = await fetch(another);
    return reply;
  }

  /** The first declared call of the resource API. */
  async resource(): Promise<Resource> {
    const { value } = await this.integration();
    const [first] = value.resources;
    if (!first)
      throw new FlowError(
        'no-endpoint',
        'configuration',
        'expected a call under resources in the integration file',
      );
    return first;
  }

  async close(): Promise<void> {
    for (const close of this.#closing.toReversed()) await close();
  }

  async #open(find?: Resolve): Promise<Transport> {
    const { value } = await this.integration();
    const transport = openTransport({
      hosts: value.hosts,
      trust: await this.trust(),
      privateNetwork: this.options.privateNetwork,
      redactor: this.redactor,
      clock: this.options.clock,
      ...(find === undefined ? {} : { resolve: find }),
    });
    this.#closing.push(() => transport.close());
    return transport.recordedBy((exchange) => this.record(exchange));
  }

  async #client(index: 0 | 1): Promise<Client> {
    const { value, file } = await this.integration();
    const registration = value.clients[index];
    if (!registration)
      throw new FlowError('no-key', 'configuration', 'expected two clients in the integration file');
    const base = dirname(file);
    return this.#make(
      registration,
      await signingKey(registration, base),
      await clientCertificate(registration, base),
    );
  }

  async #make(
    registration: Registration,
    key: SigningKey | undefined,
    certificate: Certificate | undefined,
  ): Promise<Client> {
    const { value } = await this.integration();
    return new Client({
      registration,
      ...(key ? { key } : {}),
      ...(certificate ? { certificate } : {}),
      variant: value.profile,
      features: value.features,
      metadata: await this.metadata(),
      transport: await this.transport(),
      user: await this.user(),
      samples: this.samples,
      clock: () => this.options.clock() / 1000,
    });
  }
}

/** The key that signs the assertions of a test client. */
export async function signingKey(registration: Registration, base: string): Promise<SigningKey | undefined> {
  return registration.key && readSigningKey(await resolveReference(registration.key, base), registration.alg);
}

/** The certificate of a test client, with its key. */
export async function clientCertificate(
  registration: Pick<Registration, 'certificate' | 'certificate_key'>,
  base: string,
): Promise<Certificate | undefined> {
  const { certificate, certificate_key: key } = registration;
  if (!certificate || !key) return undefined;
  return { certificate: await resolveReference(certificate, base), key: await resolveReference(key, base) };
}

/** A certificate of a test client that was valid once, with its key. */
export async function expiredCertificate(
  { expired_certificate: certificate, expired_certificate_key: key }: Registration,
  base: string,
): Promise<Certificate | undefined> {
  if (!certificate || !key) return undefined;
  return { certificate: await resolveReference(certificate, base), key: await resolveReference(key, base) };
}

/** An integration without a user: whoever asks for one asks for what the file does not declare. */
const absentUser: User = {
  visit: async () => {
    throw new FlowError('not-given', 'configuration', 'expected user in the integration file');
  },
  fresh: () => absentUser,
  close: async () => {},
};

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
