import { randomUUID } from 'node:crypto';
import type { Signer } from '../../evidence/signing.ts';
import { ConnectorError } from '../connector.ts';
import { members, unexpected, type Caller, type Reply } from '../http.ts';
import { signCompact } from './jwt.ts';

/** How Assay shows Keycloak who it is: private_key_jwt, or a secret. */
export type Authentication = { readonly signer: Signer } | { readonly secret: string };

/** Where the Admin REST API is, and as whom it is called. */
export interface AdminOptions {
  /** Base URL of Keycloak, without a final slash. */
  readonly url: string;
  readonly realm: string;
  readonly clientId: string;
  readonly authentication: Authentication;
  readonly caller: Caller;
  readonly now: () => Date;
}

/** Keycloak's Admin REST API for one realm. */
export interface Admin {
  /**
   * Sends a request; the path starts behind the realm.
   * @throws ConnectorError for every answer but 2xx; `absent` for 404.
   */
  send(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Reply>;
  /** Seconds since 1970 by Keycloak's own clock, at most two too many: it has not reached them. */
  soon(): Promise<number>;
}

interface Token {
  readonly value: string;
  /** Milliseconds since 1970 by this machine's clock. */
  readonly until: number;
  /** Seconds that Keycloak's clock was ahead of this machine's, rounded down. */
  readonly ahead: number;
}

/** Opens the Admin REST API. Nothing is sent before the first request. */
export function openAdmin(options: AdminOptions): Admin {
  const { url, caller, now } = options;
  const realm = encodeURIComponent(options.realm);
  let kept: Token | undefined;

  const token = async (): Promise<Token> => {
    if (kept === undefined || kept.until <= now().getTime())
      kept = await fetchToken(options, `${url}/realms/${realm}`);
    return kept;
  };

  async function attempt(method: Parameters<Admin['send']>[0], path: string, body: unknown): Promise<Reply> {
    const { value } = await token();
    return await caller.call(
      method,
      `${url}/admin/realms/${realm}${path}`,
      {
        authorization: `Bearer ${value}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? [] : [JSON.stringify(body)]),
    );
  }

  return {
    async send(method, path, body) {
      let reply = await attempt(method, path, body);
      if (reply.status === 401) {
        // It forgets sessions and keys when it is set up anew: a token may die before its time.
        kept = undefined;
        reply = await attempt(method, path, body);
      }
      if (reply.status === 403)
        throw new ConnectorError(
          'refused',
          `Keycloak does not let ${options.clientId} manage clients of ${options.realm}: its service account needs the role manage-clients of realm-management`,
        );
      if (reply.status < 200 || reply.status > 299)
        throw unexpected(reply, `${method} of ${path.replace(/\?.*/u, '')} in the realm ${options.realm}`);
      return reply;
    },
    async soon() {
      const { ahead } = await token();
      return Math.floor(now().getTime() / 1000 + ahead) + 2;
    },
  };
}

async function fetchToken(options: AdminOptions, realm: string): Promise<Token> {
  const { caller, now, clientId } = options;
  const sent = now().getTime();
  const reply = await caller.call(
    'POST',
    `${realm}/protocol/openid-connect/token`,
    { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      ...(await authenticate(options, realm)),
    }).toString(),
  );
  if (reply.status === 404) throw noRealm(options);
  if (reply.status !== 200) throw unexpected(reply, `the token request of ${clientId}`);
  const { access_token: value, expires_in: seconds } = members(reply.body);
  if (typeof value !== 'string' || typeof seconds !== 'number')
    throw new ConnectorError(
      'refused',
      `expected an access token for ${clientId}, got an answer without one`,
    );
  const issued = members(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString())['iat'];
  return {
    value,
    // Half of its time, so that none dies on the way.
    until: sent + seconds * 500,
    ahead: typeof issued === 'number' ? issued - sent / 1000 : 0,
  };
}

async function authenticate(options: AdminOptions, realm: string): Promise<Record<string, string>> {
  const { authentication, clientId, now, caller } = options;
  if ('secret' in authentication) return { client_secret: authentication.secret };
  // Behind another host name Keycloak goes on to call itself by the public one.
  const metadata = await caller.call('GET', `${realm}/.well-known/openid-configuration`, {});
  if (metadata.status === 404) throw noRealm(options);
  if (metadata.status !== 200) throw unexpected(metadata, `the metadata of ${realm}`);
  const { issuer } = members(metadata.body);
  const { signer } = authentication;
  const seconds = Math.floor(now().getTime() / 1000);
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signCompact(
      // Keycloak knows Ed25519 by its older name only.
      { typ: 'JWT', ...(signer.alg === 'Ed25519' ? { alg: 'EdDSA' } : {}) },
      { iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), iat: seconds, exp: seconds + 60 },
      signer,
    ),
  };
}

const noRealm = ({ url, realm }: AdminOptions): ConnectorError =>
  new ConnectorError(
    'configuration',
    `there is no realm ${realm} at ${url}; expected the base URL of Keycloak, without /realms`,
  );
