import { Type, type Static } from 'typebox';
import { environments } from '../../certification/certification.ts';
import { Reference } from '../../directory/common.ts';
import { EvidenceError } from '../../evidence/error.ts';
import { openSigner } from '../../evidence/signer.ts';
import { KeyReference } from '../../evidence/signing.ts';
import {
  ConnectorError,
  type Connector,
  type ConnectorContext,
  type Desired,
  type Memory,
} from '../connector.ts';
import { members } from '../http.ts';
import { openAdmin, type Admin, type Authentication } from './keycloak-admin.ts';
import { every, govern, together } from './several.ts';
import { callerOf, secretOf, targetMembers } from './target.ts';

const text = (description: string) => Type.String({ minLength: 1, description });

/** An entry of connectors.yaml: the clients of one realm of Keycloak, by its Admin REST API. */
export const KeycloakEntry = Type.Object(
  {
    ...targetMembers,
    kind: Type.Literal('keycloak'),
    environment: Type.Enum([...environments], {
      description: 'The environment whose decisions hold in this realm.',
    }),
    url: Type.String({
      format: 'uri',
      pattern: '[^/]$',
      description: 'Base URL of Keycloak, without /realms and without a final slash.',
    }),
    realm: text('The realm that the integrations are clients of.'),
    client_id: text(
      'A client of that realm with a service account that has the role manage-clients of realm-management.',
    ),
    key: Type.Optional(KeyReference),
    secret: Type.Optional(Reference),
    at_offboarding: Type.Optional(
      Type.Enum(['disable', 'delete'], {
        description: 'What happens to the clients of an integration that is offboarded. Default: disable.',
      }),
    ),
  },
  { additionalProperties: false },
);

/**
 * Opens a connector that disables clients, and revokes what they were issued by their not-before; opening enables them
 * again and leaves not-before where it is, so that no token from before the closing comes back to life.
 */
export async function openKeycloak(
  entry: Static<typeof KeycloakEntry>,
  context: ConnectorContext,
): Promise<Connector> {
  const authentication = await authenticationOf(entry, context);
  const caller = await callerOf(entry, context);
  const admin = openAdmin({
    url: entry.url,
    realm: entry.realm,
    clientId: entry.client_id,
    authentication,
    caller,
    now: context.now,
  });
  return {
    name: entry.name,
    concerns: ({ environment }) => environment === entry.environment,
    async apply(desired, memory) {
      const { left, forget } = await govern(desired, memory);
      let known = 0;
      await every([
        ...left.map((id) => async () => {
          const client = await find(admin, id);
          if (client !== undefined) await close(admin, client);
        }),
        ...desired.clients.map((id) => async () => {
          const client = await find(admin, id);
          if (client === undefined) return;
          known += 1;
          if (desired.ended === 'yes') await end(admin, client, desired, memory, entry.at_offboarding);
          else if (desired.access === 'closed') await close(admin, client);
          else await open(admin, client, memory);
        }),
      ]);
      await forget();
      // A client that is not there has no access: only opening lacks something.
      if (desired.access === 'open' && desired.clients.length > 0 && known === 0)
        throw new ConnectorError(
          'absent',
          `none of the clients ${desired.clients.join(', ')} is in the realm ${entry.realm}; register one, or correct the integration`,
        );
    },
    async observe(desired) {
      if (desired.clients.length === 0) return 'unknown';
      const found = await Promise.all(
        desired.clients.map(async (id) => {
          const client = await find(admin, id);
          return client === undefined ? 'absent' : client.enabled ? 'open' : 'closed';
        }),
      );
      return together(found, desired.access);
    },
    close: async () => await caller[Symbol.asyncDispose](),
  };
}

/** What is looked at of Keycloak's ClientRepresentation. */
interface Client {
  /** Its internal id. */
  readonly id: string;
  readonly clientId: string;
  readonly enabled: boolean;
  /** Seconds since 1970; what was issued before does not count. */
  readonly notBefore: number;
  readonly description: string;
  /** Where an adapter of the client is told of revocations; empty for almost all. */
  readonly adminUrl: string;
}

async function find(admin: Admin, clientId: string): Promise<Client | undefined> {
  const { body } = await admin.send('GET', `/clients?clientId=${encodeURIComponent(clientId)}`);
  const client = list(body).find((each) => each['clientId'] === clientId);
  if (client === undefined) return undefined;
  const { id, enabled, notBefore, description, adminUrl } = client;
  if (typeof id !== 'string' || typeof enabled !== 'boolean')
    throw new ConnectorError(
      'refused',
      `expected id and enabled of the client ${clientId}, got a client without`,
    );
  return {
    id,
    clientId,
    enabled,
    notBefore: typeof notBefore === 'number' ? notBefore : 0,
    description: typeof description === 'string' ? description : '',
    adminUrl: typeof adminUrl === 'string' ? adminUrl : '',
  };
}

function list(body: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const value: unknown = JSON.parse(body);
    if (Array.isArray(value)) return value.filter((each) => typeof each === 'object' && each !== null);
  } catch {
    // What is no JSON is no list either.
  }
  throw new ConnectorError('refused', 'expected a list of clients, got an answer that is none');
}

const pathOf = ({ id }: Client): string => `/clients/${encodeURIComponent(id)}`;

/** Keycloak takes members that are not sent for unchanged. */
const update = async (admin: Admin, client: Client, change: Partial<Client>): Promise<unknown> =>
  await admin.send('PUT', pathOf(client), { clientId: client.clientId, ...change });

async function close(admin: Admin, client: Client, description?: string): Promise<void> {
  const soon = await admin.soon();
  await update(admin, client, {
    enabled: false,
    notBefore: Math.max(soon, client.notBefore),
    ...(description === undefined ? {} : { description }),
  });
  if (client.adminUrl === '') return;
  const { body } = await admin.send('POST', `${pathOf(client)}/push-revocation`);
  const { failedRequests } = members(body);
  if (Array.isArray(failedRequests) && failedRequests.length > 0)
    throw new ConnectorError(
      'temporary',
      `the client ${client.clientId} is disabled, but Keycloak could not tell its adapter at ${client.adminUrl}`,
    );
}

const descriptionKey = ({ id }: Client): string => `description/${id}`;

async function open(admin: Admin, client: Client, memory: Memory): Promise<void> {
  const description = await memory.get(descriptionKey(client));
  const replaced = typeof description === 'string';
  if (!client.enabled || replaced)
    await update(admin, client, { enabled: true, ...(replaced ? { description } : {}) });
  if (replaced) await memory.set(descriptionKey(client), null);
}

async function end(
  admin: Admin,
  client: Client,
  { at, reason }: Desired,
  memory: Memory,
  how: 'disable' | 'delete' = 'disable',
): Promise<void> {
  if (how === 'delete') {
    await admin.send('DELETE', pathOf(client));
    return;
  }
  if (typeof (await memory.get(descriptionKey(client))) !== 'string')
    await memory.set(descriptionKey(client), client.description);
  // The column holds 255 characters.
  await close(admin, client, `Offboarded ${at}: ${reason}`.slice(0, 255));
}

async function authenticationOf(
  entry: Static<typeof KeycloakEntry>,
  context: ConnectorContext,
): Promise<Authentication> {
  const { key, secret, name } = entry;
  if (secret !== undefined && key === undefined) return { secret: await secretOf(secret, entry, context) };
  if (key === undefined || secret !== undefined)
    throw new ConnectorError('configuration', `${name}: expected either \`key\` (better) or \`secret\``);
  try {
    return { signer: await openSigner(key, entry.client_id, context.base) };
  } catch (cause) {
    if (!(cause instanceof EvidenceError)) throw cause;
    throw new ConnectorError('configuration', `${name}: ${cause.message}`, { cause });
  }
}
