import { ConnectorError, type Memory, type Observed } from '../connector.ts';
import { members, unexpected, type Caller, type Reply } from '../http.ts';
import { mark, seal, unseal } from '../sealed.ts';

/** One client at a client configuration endpoint (RFC 7592). All may be called again at any time. */
export interface Registration {
  /** Leaves the client no grant and no response type; what it was is kept. */
  narrow(memory: Memory): Promise<void>;
  /** Gives back what was kept. */
  restore(memory: Memory): Promise<void>;
  /** Narrows it, then deletes it. */
  remove(memory: Memory): Promise<void>;
  observe(memory: Memory): Promise<Observed>;
}

type Metadata = Readonly<Record<string, unknown>>;

/** Members that a request must not have, or whose value must not be kept (RFC 7592, section 2.2). */
const withheld: ReadonlySet<string> = new Set([
  'registration_access_token',
  'registration_client_uri',
  'client_id_issued_at',
  'client_secret_expires_at',
  'client_secret',
]);

/** A client without either obtains nothing: no code, no token, no refresh. */
const nothing: Metadata = { grant_types: [], response_types: [] };

const purpose = 'registration access token';

/**
 * Opens a client's registration.
 * @param configured The registration access token that the operator configured. Where the server replaces it, the newer
 * one is kept in the memory, sealed under it.
 */
export function openRegistration(
  client: { readonly client_id: string; readonly registration_client_uri: string },
  configured: string,
  caller: Caller,
): Registration {
  const { client_id: id, registration_client_uri: uri } = client;
  const keys = { token: `token/${id}`, kept: `registration/${id}`, removed: `removed/${id}` };
  const what = `the registration of ${id} at ${new URL(uri).origin}`;

  const tokenOf = async (memory: Memory) =>
    unseal(await memory.get(keys.token), configured, purpose) ?? configured;

  const call = async (memory: Memory, method: 'GET' | 'PUT' | 'DELETE', metadata?: Metadata) => {
    const token = await tokenOf(memory);
    const reply = await caller.call(
      method,
      uri,
      {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(metadata === undefined ? {} : { 'content-type': 'application/json' }),
      },
      metadata === undefined ? undefined : JSON.stringify(metadata),
    );
    const { registration_access_token: newer } = members(reply.body);
    // Section 2.2: the old one is of no use any more.
    if (reply.status === 200 && typeof newer === 'string' && newer !== token)
      await memory.set(keys.token, seal(newer, configured, purpose));
    return { reply, token };
  };

  const refused = (reply: Reply): ConnectorError =>
    reply.status === 401
      ? new ConnectorError(
          'refused',
          `${what} was answered with 401: its registration_access_token is wrong or was replaced, or the client is gone. ` +
            'Obtain a new token from the server and configure it',
        )
      : unexpected(reply, what);

  /** The registration as it is; undefined when it was removed by us. */
  const read = async (memory: Memory): Promise<Metadata | undefined> => {
    const { reply, token } = await call(memory, 'GET');
    if (reply.status === 200) return described(reply.body, what);
    if (await wasRemoved(memory, reply, token)) return undefined;
    throw refused(reply);
  };

  /** A server answers 401 for a client that is gone (section 2.1): of the token that we removed it with, it says no more. */
  const wasRemoved = async (memory: Memory, { status }: Reply, token: string) =>
    status === 401 && (await memory.get(keys.removed)) === mark(token);

  const write = async (memory: Memory, metadata: Metadata) => {
    const { reply } = await call(memory, 'PUT', metadata);
    if (reply.status !== 200) throw refused(reply);
    const wanted = narrowness(metadata);
    // Section 2.2: a server may replace what was asked for by something else.
    if (narrowness(described(reply.body, what)) !== wanted)
      throw new ConnectorError(
        'refused',
        `${what} was to be ${wanted}, and the server did not make it so; it cannot be managed by narrowing`,
      );
  };

  const narrow = async (memory: Memory): Promise<void> => {
    const now = await read(memory);
    if (now === undefined || narrowness(now) === 'narrow') return;
    // Kept before it is changed: who dies in between must find what it was.
    await memory.set(keys.kept, sendable(now));
    await write(memory, { ...sendable(now), ...nothing });
  };

  return {
    narrow,
    async restore(memory) {
      const now = await read(memory);
      if (now === undefined)
        throw new ConnectorError(
          'absent',
          `${what} was removed when the integration ended; register it anew`,
        );
      if (narrowness(now) === 'wide') {
        await memory.set(keys.kept, sendable(now));
        return;
      }
      const kept = await memory.get(keys.kept);
      if (typeof kept !== 'object' || kept === null)
        throw new ConnectorError(
          'configuration',
          `${what} has no grant types, and what it had before is not known; restore it by hand`,
        );
      await write(memory, { ...kept });
    },
    async remove(memory) {
      await narrow(memory);
      await memory.set(keys.removed, mark(await tokenOf(memory)));
      const { reply, token } = await call(memory, 'DELETE');
      if (reply.status !== 204 && !(await wasRemoved(memory, reply, token))) throw refused(reply);
      await memory.set(keys.kept, null);
    },
    async observe(memory) {
      const now = await read(memory);
      if (now === undefined) return 'absent';
      return narrowness(now) === 'narrow' ? 'closed' : 'open';
    },
  };
}

/** An absent member stands for a default that is not empty (RFC 7591, section 2). */
function narrowness(metadata: Metadata): 'narrow' | 'wide' {
  const none = (value: unknown) => Array.isArray(value) && value.length === 0;
  return none(metadata['grant_types']) && none(metadata['response_types']) ? 'narrow' : 'wide';
}

const sendable = (metadata: Metadata): Metadata =>
  Object.fromEntries(Object.entries(metadata).filter(([name]) => !withheld.has(name)));

function described(body: string, what: string): Metadata {
  const metadata = members(body);
  if (typeof metadata['client_id'] !== 'string')
    throw new ConnectorError('refused', `${what} was answered with something that describes no client`);
  return metadata;
}
