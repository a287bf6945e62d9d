import { Type, type Static } from 'typebox';
import { environments } from '../../certification/certification.ts';
import { Reference } from '../../directory/common.ts';
import { EvidenceError } from '../../evidence/error.ts';
import { openSigner, publicJwk } from '../../evidence/signer.ts';
import { KeyReference, type Signer } from '../../evidence/signing.ts';
import { signalQueue, type Refusal, type Signal, type SignalQueue } from '../../store/signals.ts';
import { ConnectorError, type ConnectorContext } from '../connector.ts';
import { members, unexpected, type Caller } from '../http.ts';
import type { Parties } from './signal-token.ts';
import { callerOf, secretOf, targetMembers } from './target.ts';

const text = (description: string) => Type.String({ minLength: 1, description });
/** An entry of connectors.yaml: one stream of the OpenID Shared Signals Framework 1.0, to one receiver. */
export const SignalsEntry = Type.Object(
  {
    ...targetMembers,
    kind: Type.Literal('signals'),
    environment: Type.Enum([...environments], {
      description: 'The environment that the receiver is told of.',
    }),
    issuer: Type.String({
      format: 'uri',
      pattern: '^https://[^?#]*[^/?#]$',
      description:
        'Issuer identifier of the transmitter: the URL under which its endpoints are, without a final slash.',
    }),
    key: KeyReference,
    former_keys: Type.Optional(
      Type.Array(Type.Record(Type.String(), Type.String()), {
        description: 'Public keys (JWK) that signed before: tokens on their way stay verifiable.',
      }),
    ),
    audience: Type.Array(text('As the receiver is called in `aud`.'), { minItems: 1, uniqueItems: true }),
    authorization_server: Type.String({
      format: 'uri',
      pattern: '^https://[^?#]+$',
      description: 'Issuer identifier of the server that the client_ids are registered at.',
    }),
    delivery: Type.Union([
      Type.Object(
        {
          method: Type.Literal('push'),
          endpoint: Type.String({ format: 'uri', description: 'Where tokens are sent (RFC 8935).' }),
          authorization: Type.Optional(Reference),
        },
        { additionalProperties: false, description: 'authorization: the value of the header of that name.' },
      ),
      Type.Object(
        { method: Type.Literal('poll') },
        { additionalProperties: false, description: 'The receiver comes for its tokens (RFC 8936).' },
      ),
    ]),
    receiver_token: Type.Optional(Reference),
  },
  { additionalProperties: false },
);
export type SignalsEntry = Static<typeof SignalsEntry>;

/** A stream that tokens can be put on. */
export interface Stream {
  readonly entry: SignalsEntry;
  readonly parties: Parties;
  readonly signer: Signer;
  readonly queue: SignalQueue;
  /**
   * Sends a token where the stream is pushed; where it is polled the token waits in the queue.
   * @throws ConnectorError
   */
  send(signal: Signal): Promise<void>;
  close(): Promise<void>;
}

/** Opens a stream. @throws ConnectorError `configuration` when a secret or a key of the entry cannot be used. */
export async function openStream(entry: SignalsEntry, context: ConnectorContext): Promise<Stream> {
  const { delivery } = entry;
  if (delivery.method === 'poll' && entry.receiver_token === undefined)
    throw new ConnectorError(
      'configuration',
      `${entry.name}: a receiver that polls needs a \`receiver_token\``,
    );
  const signer = await signerOf(entry, context);
  const queue = signalQueue(context.database, entry.name);
  const common = {
    entry,
    signer,
    queue,
    parties: {
      stream: entry.name,
      issuer: entry.issuer,
      audience: entry.audience,
      authorizationServer: entry.authorization_server,
    },
  };
  if (delivery.method === 'poll')
    return { ...common, send: async () => undefined, close: async () => undefined };
  const authorization =
    delivery.authorization === undefined ? undefined : await secretOf(delivery.authorization, entry, context);
  const caller = await callerOf(entry, context);
  return {
    ...common,
    async send({ jti, event }) {
      await push(caller, delivery.endpoint, event, authorization);
      await queue.answer([jti], new Map(), context.now());
    },
    close: async () => await caller[Symbol.asyncDispose](),
  };
}

/** RFC 8935, section 2: 202 for what was accepted, 400 with a reason for what was not. */
async function push(
  caller: Caller,
  endpoint: string,
  event: string,
  authorization: string | undefined,
): Promise<void> {
  const reply = await caller.call(
    'POST',
    endpoint,
    {
      'content-type': 'application/secevent+jwt',
      accept: 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    },
    event,
  );
  if (reply.status >= 200 && reply.status <= 299) return;
  const refusal = reply.status === 400 ? refusalOf(members(reply.body)) : undefined;
  if (refusal !== undefined)
    throw new ConnectorError(
      'refused',
      `${new URL(endpoint).origin} did not accept a token: ${inWords(refusal)}`,
    );
  throw unexpected(reply, `the token for ${new URL(endpoint).origin}`);
}

/** Reads an error of a receiver: printable ASCII, and not much of it. */
export function refusalOf({ err, description }: Readonly<Record<string, unknown>>): Refusal | undefined {
  if (typeof err !== 'string' || err === '') return undefined;
  return {
    err: printable(err, 50),
    description: typeof description === 'string' ? printable(description, 200) : '',
  };
}

const printable = (value: string, length: number): string =>
  value.slice(0, length).replaceAll(/[^\x20-\x7e]/gu, '?');

/** A refusal for people. */
export const inWords = ({ err, description }: Refusal): string =>
  description === '' ? err : `${err} (${description})`;

async function signerOf(entry: SignalsEntry, context: ConnectorContext): Promise<Signer> {
  try {
    for (const jwk of entry.former_keys ?? []) publicJwk(jwk);
    return await openSigner(entry.key, entry.issuer, context.base);
  } catch (cause) {
    if (!(cause instanceof EvidenceError)) throw cause;
    throw new ConnectorError('configuration', `${entry.name}: ${cause.message}`, { cause });
  }
}
