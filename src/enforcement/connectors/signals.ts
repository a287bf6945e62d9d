import {
  ConnectorError,
  type Connector,
  type ConnectorContext,
  type Desired,
  type Memory,
} from '../connector.ts';
import { every } from './several.ts';
import { inWords, openStream, type SignalsEntry, type Stream } from './signal-stream.ts';
import { accessClaims, signToken } from './signal-token.ts';

/**
 * Opens a connector that tells a receiver of every change, a token for each client. That a token was accepted does not say
 * what the receiver made of it (RFC 8935, section 2.2): it cannot look.
 */
export async function openSignals(entry: SignalsEntry, context: ConnectorContext): Promise<Connector> {
  const stream = await openStream(entry, context);
  const { queue } = stream;
  return {
    name: entry.name,
    concerns: ({ environment }) => environment === entry.environment,
    async apply(desired, memory) {
      const before = await toldOf(desired, memory);
      const news = [
        ...desired.clients.map((client) => ({ client, desired })),
        // Nobody would ever close a client that the integration no longer has.
        ...[...before]
          .filter(([client, { access }]) => access === 'open' && !desired.clients.includes(client))
          .map(([client]) => ({ client, desired: { ...desired, access: 'closed', reason: left } as const })),
      ];
      const created = context.now();
      const tokens = await Promise.all(news.map(async (each) => await tokenFor(each, stream, created)));
      const told = new Map([
        ...before,
        ...tokens.map(({ client, jti, access }) => [client, { jti, access }] as const),
      ]);
      const jtis = [...told.values()].map(({ jti }) => jti);
      // What a newer token of the same client says otherwise is out of date, and must not arrive after it.
      const instead = [...before.values()].map(({ jti }) => jti).filter((jti) => !jtis.includes(jti));
      await queue.put(tokens, instead);
      await memory.set(keyOf(desired), Object.fromEntries(told));
      await queue.offerAgain(jtis);
      const waiting = (await queue.find(jtis)).filter(({ answered }) => answered === 'nothing');
      await every(waiting.map((signal) => async () => await stream.send(signal)));
    },
    async observe(desired, memory) {
      const told = [...(await toldOf(desired, memory)).values()];
      for (const { answered } of await queue.find(told.map(({ jti }) => jti)))
        if (typeof answered === 'object')
          throw new ConnectorError(
            'refused',
            `the receiver of ${entry.name} did not accept a token: ${inWords(answered)}`,
          );
      return 'unknown';
    },
    close: async () => await stream.close(),
  };
}

const left = 'the integration no longer has this client';

async function tokenFor(
  { client, desired }: { readonly client: string; readonly desired: Desired },
  { parties, signer }: Stream,
  created: Date,
) {
  const claims = accessClaims(parties, desired, client, created);
  const { jti } = claims;
  return { client, access: desired.access, jti, event: await signToken(claims, signer), created };
}

/** The last token about a client, and what it says. */
interface Told {
  readonly jti: string;
  readonly access: Desired['access'];
}

const keyOf = ({ integration, environment }: Desired): string => `told/${integration}/${environment}`;

/** What the receiver has been told of the clients of an integration. */
async function toldOf(desired: Desired, memory: Memory): Promise<ReadonlyMap<string, Told>> {
  // Only `apply` writes it.
  return new Map(
    Object.entries(((await memory.get(keyOf(desired))) ?? {}) as Readonly<Record<string, Told>>),
  );
}
