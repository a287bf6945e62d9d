import { createHash } from 'node:crypto';
import { Type, type Static } from 'typebox';
import { Reference } from '../../directory/common.ts';
import { ConnectorError, type Connector, type ConnectorContext, type Desired } from '../connector.ts';
import { unexpected } from '../http.ts';
import { scheme, signWebhook } from '../standard-webhook.ts';
import { callerOf, secretOf, targetMembers } from './target.ts';

/** An entry of connectors.yaml that tells somebody of every change, by a signed message (Standard Webhooks). */
export const WebhookEntry = Type.Object(
  {
    ...targetMembers,
    kind: Type.Literal('webhook'),
    url: Type.String({ format: 'uri', description: 'Where the messages are sent.' }),
    secrets: Type.Array(Reference, {
      minItems: 1,
      maxItems: 2,
      description: 'whsec_… or whsk_…; two while one takes the place of the other.',
    }),
    environments: Type.Optional(
      Type.Array(Type.Enum(['sandbox', 'production']), {
        minItems: 1,
        uniqueItems: true,
        description: 'Of which environments it is told. Default: of all.',
      }),
    ),
  },
  { additionalProperties: false },
);

/**
 * Opens a connector that sends a message for each revision. It cannot look at what the receiver does with it. An answer of
 * 410 disables it for good: every further message is refused until the entry has another URL or another name.
 */
export async function openWebhook(
  entry: Static<typeof WebhookEntry>,
  context: ConnectorContext,
): Promise<Connector> {
  const { name, url, environments } = entry;
  const secrets = await Promise.all(entry.secrets.map((each) => secretOf(each, entry, context)));
  for (const secret of secrets) scheme(secret);
  const caller = await callerOf(entry, context);
  const origin = new URL(url).origin;
  const goneKey = `gone/${createHash('sha256').update(url).digest('hex')}`;
  const gone = () =>
    new ConnectorError(
      'configuration',
      `${origin} has answered 410: it wants no messages. Remove the connector ${name}, or give it another URL or name`,
    );
  return {
    name,
    concerns: ({ environment }) => environments === undefined || environments.includes(environment),
    async apply(desired, memory) {
      if (typeof (await memory.get(goneKey)) === 'string') throw gone();
      const body = messageOf(desired);
      const headers = signWebhook({ id: messageId(name, body), at: context.now(), body }, secrets);
      const reply = await caller.call('POST', url, { 'content-type': 'application/json', ...headers }, body);
      if (reply.status >= 200 && reply.status < 300) return;
      if (reply.status === 410) {
        await memory.set(goneKey, context.now().toISOString());
        throw gone();
      }
      throw unexpected(reply, `the message to ${origin}`);
    },
    observe: async () => 'unknown',
    close: async () => await caller[Symbol.asyncDispose](),
  };
}

/** The same bytes for the same desired state: a repeated message is the same message. */
function messageOf(desired: Desired): string {
  const what = desired.ended === 'yes' ? 'ended' : desired.access === 'open' ? 'opened' : 'closed';
  const { integration, environment, revision, reason, evidence, clients, certificates } = desired;
  return JSON.stringify({
    type: `access.${what}`,
    timestamp: desired.at,
    data: { integration, environment, revision, reason, evidence, clients, certificates },
  });
}

/** From the content, so that it stays through retries and crashes, and no rebuilt database gives an old one to new content. */
const messageId = (name: string, body: string): string =>
  `msg_${createHash('sha256').update(`${name}\n${body}`).digest('base64url').slice(0, 32)}`;
