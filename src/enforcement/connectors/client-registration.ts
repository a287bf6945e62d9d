import { Type, type Static } from 'typebox';
import { Reference } from '../../directory/common.ts';
import type { Connector, ConnectorContext, Desired, Memory, Observed } from '../connector.ts';
import { openRegistration, type Registration } from './registration.ts';
import { every, govern, together } from './several.ts';
import { callerOf, secretOf, targetMembers } from './target.ts';

const text = (description: string) => Type.String({ minLength: 1, description });

/** An entry of connectors.yaml: clients that an authorization server lets be managed by RFC 7592. */
export const ClientRegistrationEntry = Type.Object(
  {
    ...targetMembers,
    kind: Type.Literal('client-registration'),
    clients: Type.Array(
      Type.Object(
        {
          client_id: text('One of the client_ids that the integration is registered with.'),
          registration_client_uri: Type.String({
            format: 'uri',
            description: 'URL of the client configuration endpoint.',
          }),
          registration_access_token: Reference,
        },
        { additionalProperties: false },
      ),
      { minItems: 1 },
    ),
  },
  { additionalProperties: false },
);

/**
 * Opens a connector that disables clients by narrowing their registrations to no grant and no response type (RFC 7592,
 * section 2.2), and restores them as they were. A client is deleted only when its integration has ended.
 */
export async function openClientRegistration(
  entry: Static<typeof ClientRegistrationEntry>,
  context: ConnectorContext,
): Promise<Connector> {
  const caller = await callerOf(entry, context);
  const registrations = new Map<string, Registration>();
  for (const client of entry.clients) {
    const token = await secretOf(client.registration_access_token, entry, context);
    registrations.set(client.client_id, openRegistration(client, token, caller));
  }
  const of = (clients: readonly string[]) => clients.flatMap((id) => registrations.get(id) ?? []);

  return {
    name: entry.name,
    concerns: ({ clients }) => of(clients).length > 0,
    async apply(desired, memory) {
      const { left, forget } = await govern(desired, memory);
      await every([
        ...of(left).map((each) => async () => await each.narrow(memory)),
        ...of(desired.clients).map((each) => async () => await change(each, desired, memory)),
      ]);
      await forget();
    },
    async observe(desired, memory) {
      const found: Observed[] = [];
      for (const each of of(desired.clients)) found.push(await each.observe(memory));
      return together(found, desired.access);
    },
    close: async () => await caller[Symbol.asyncDispose](),
  };
}

async function change(registration: Registration, desired: Desired, memory: Memory): Promise<void> {
  if (desired.ended === 'yes') await registration.remove(memory);
  else if (desired.access === 'closed') await registration.narrow(memory);
  else await registration.restore(memory);
}
