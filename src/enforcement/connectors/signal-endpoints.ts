import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { compile } from '../../directory/schema.ts';
import { keyId, publicJwk } from '../../evidence/signer.ts';
import { ConnectorError, type ConnectorContext } from '../connector.ts';
import { members } from '../http.ts';
import {
  common,
  invalid,
  json,
  type SignalEndpoint,
  type SignalReply,
  type SignalRequest,
} from './signal-http.ts';
import { openNews, poll } from './signal-poll.ts';
import { accessEvent, signToken, verificationClaims } from './signal-token.ts';
import { openStream, SignalsEntry, type Stream } from './signal-stream.ts';
import { secretOf } from './target.ts';

/** The endpoints of a transmitter; closing it lets waiting receivers go. */
export interface Transmitter extends AsyncDisposable {
  readonly endpoints: readonly SignalEndpoint[];
}

type Streams = readonly [SignalsEntry, ...SignalsEntry[]];

/** The streams among the entries of connectors.yaml, those of one issuer together: each group is for one transmitter. */
export function streamsByIssuer(connectors: readonly { readonly entry: unknown }[]): readonly Streams[] {
  const check = compile(SignalsEntry);
  const groups = new Map<string, [SignalsEntry, ...SignalsEntry[]]>();
  for (const { entry } of connectors) {
    const checked = check(entry);
    if (!checked.ok) continue;
    const group = groups.get(checked.value.issuer);
    if (group === undefined) groups.set(checked.value.issuer, [checked.value]);
    else group.push(checked.value);
  }
  return [...groups.values()];
}

/** How long receivers may be kept, and how many tokens they get. */
export interface TransmitterLimits {
  /** Milliseconds that a poll waits for a token. Default: 20,000. */
  readonly patience?: number;
  /** Tokens in one answer at most. Default: 100. */
  readonly most?: number;
}

/** Seconds between two verifications that a receiver asks for. */
const verificationInterval = 30;

/**
 * Opens what a transmitter offers of SSF 1.0 for streams that the operator configures, all of one issuer: metadata, keys,
 * and for receivers with a `receiver_token` the configuration and the status of their streams, verification, and polling.
 * Streams are neither made, changed, paused nor deleted by receivers, and subjects are not chosen.
 * @throws ConnectorError `configuration`
 */
export async function openTransmitter(
  entries: Streams,
  context: ConnectorContext,
  { patience = 20_000, most = 100 }: TransmitterLimits = {},
): Promise<Transmitter> {
  const [{ issuer }] = entries;
  const other = entries.find((entry) => entry.issuer !== issuer);
  if (other !== undefined)
    throw new ConnectorError(
      'configuration',
      `${other.name}: expected the issuer ${issuer}, got ${other.issuer}`,
    );
  const streams: Received[] = [];
  for (const entry of entries) {
    const token = entry.receiver_token && (await secretOf(entry.receiver_token, entry, context));
    streams.push({ ...(await openStream(entry, context)), token, verification: undefined });
  }
  const news = await openNews(context.database, patience);
  const base = new URL(issuer).pathname.replace(/\/$/u, '');
  const own = (request: SignalRequest) => streams.filter(({ token }) => presents(request, token));
  /** What an endpoint does once it is known who asks. */
  const protectedBy =
    (answer: (request: SignalRequest, mine: readonly Received[]) => Promise<SignalReply>) =>
    async (request: SignalRequest): Promise<SignalReply> => {
      const mine = own(request);
      if (mine.length > 0) return await answer(request, mine);
      return {
        ...json(401, { err: 'authentication_failed' }),
        headers: { ...common, 'www-authenticate': 'Bearer' },
      };
    };

  return {
    endpoints: [
      { method: 'GET', path: metadataPath(issuer), answer: async () => json(200, metadataOf(issuer)) },
      {
        method: 'GET',
        path: `${base}${paths.keys}`,
        answer: async () => json(200, { keys: keysOf(streams) }),
      },
      {
        method: 'GET',
        path: `${base}${paths.configuration}`,
        answer: protectedBy(async ({ query }, mine) => {
          const id = query.get('stream_id');
          if (id === null) return json(200, mine.map(configurationOf));
          const stream = mine.find(({ entry }) => entry.name === id);
          return stream === undefined ? noStream : json(200, configurationOf(stream));
        }),
      },
      {
        method: 'GET',
        path: `${base}${paths.status}`,
        answer: protectedBy(async ({ query }, mine) => {
          const id = query.get('stream_id');
          const known = mine.some(({ entry }) => entry.name === id);
          return known ? json(200, { stream_id: id, status: 'enabled' }) : noStream;
        }),
      },
      {
        method: 'POST',
        path: `${base}${paths.verification}`,
        answer: protectedBy(async ({ body }, mine) => await verify(members(body), mine, context)),
      },
      ...streams
        .filter(({ entry }) => entry.delivery.method === 'poll')
        .map((stream): SignalEndpoint => ({
          method: 'POST',
          path: new URL(pollUrl(stream.entry)).pathname,
          answer: protectedBy(async ({ body }, mine) =>
            mine.includes(stream) ? await poll(stream, body, { news, most, now: context.now }) : noStream,
          ),
        })),
    ],
    async [Symbol.asyncDispose]() {
      await news.close();
      for (const stream of streams) await stream.close();
    },
  };
}

interface Received extends Stream {
  readonly token: string | undefined;
  /** The last that its receiver asked for. */
  verification: { readonly jti: string; readonly at: Date } | undefined;
}

const paths = {
  keys: '/jwks.json',
  configuration: '/streams',
  status: '/status',
  verification: '/verification',
} as const;

const pollUrl = ({ issuer, name }: SignalsEntry): string => `${issuer}/poll/${name}`;

/** Where the metadata is: between host and path of the issuer (SSF 1.0, section 7.2). */
function metadataPath(issuer: string): string {
  return `/.well-known/ssf-configuration${new URL(issuer).pathname.replace(/\/$/u, '')}`;
}

/** SSF 1.0, section 7.1. */
const metadataOf = (issuer: string) => ({
  spec_version: '1_0',
  issuer,
  jwks_uri: issuer + paths.keys,
  delivery_methods_supported: [methods.push, methods.poll],
  configuration_endpoint: issuer + paths.configuration,
  status_endpoint: issuer + paths.status,
  verification_endpoint: issuer + paths.verification,
  authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6750' }],
  default_subjects: 'ALL',
});

const methods = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' } as const;

/** SSF 1.0, section 8.1.1. */
const configurationOf = ({ entry }: Stream) => ({
  stream_id: entry.name,
  iss: entry.issuer,
  aud: entry.audience,
  events_supported: [accessEvent],
  events_requested: [accessEvent],
  events_delivered: [accessEvent],
  delivery: {
    method: methods[entry.delivery.method],
    endpoint_url: entry.delivery.method === 'push' ? entry.delivery.endpoint : pollUrl(entry),
  },
  min_verification_interval: verificationInterval,
});

function keysOf(streams: readonly Stream[]): readonly object[] {
  const keys = new Map<string, object>();
  for (const { signer, entry } of streams) {
    keys.set(signer.id, { ...signer.jwk, kid: signer.id, alg: signer.alg, use: 'sig' });
    for (const jwk of entry.former_keys ?? [])
      keys.set(keyId(jwk), { ...publicJwk(jwk), kid: keyId(jwk), use: 'sig' });
  }
  return [...keys.values()];
}

/** SSF 1.0, section 8.1.4.2. */
async function verify(
  { stream_id: id, state }: Readonly<Record<string, unknown>>,
  mine: readonly Received[],
  { now }: ConnectorContext,
): Promise<SignalReply> {
  if (typeof id !== 'string' || !(state === undefined || (typeof state === 'string' && state.length <= 1024)))
    return invalid('expected stream_id, and perhaps a state of at most 1024 characters');
  const stream = mine.find(({ entry }) => entry.name === id);
  if (stream === undefined) return noStream;
  const at = now();
  const { verification: last } = stream;
  if (last !== undefined && at.getTime() - last.at.getTime() < verificationInterval * 1000)
    return json(429, { err: 'too_many_requests', description: `expected one in ${verificationInterval} s` });
  const claims = verificationClaims(stream.parties, state, randomUUID(), at);
  const signal = { jti: claims.jti, event: await signToken(claims, stream.signer) };
  stream.verification = { jti: signal.jti, at };
  await stream.queue.put([{ ...signal, created: at }], last === undefined ? [] : [last.jti]);
  try {
    await stream.send(signal);
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    // The receiver asks whether the stream works: that it does not is the answer, and it can ask again.
    await stream.queue.put([], [signal.jti]);
    return json(503, { err: 'undelivered', description: error.message });
  }
  return { status: 204, headers: common, body: '' };
}

const noStream = json(404, { err: 'not_found', description: 'no stream of yours has this id' });

function presents({ headers }: SignalRequest, token: string | undefined): boolean {
  const presented = /^Bearer (?<token>\S+)$/iu.exec(headers['authorization'] ?? '')?.groups?.['token'];
  if (token === undefined || presented === undefined) return false;
  const digest = (value: string) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(presented), digest(token));
}
