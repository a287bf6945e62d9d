import type { Resource } from '../directory/integration.ts';
import type { Reply } from '../transport/transport.ts';
import { isGranted, isPushed, memberOf, tokensIn } from './answers.ts';
import type { Client, Grant } from './client.ts';
import type { Edit } from './draft.ts';
import { FlowError } from './flow-error.ts';

/** A request that can be made again and again, valid or with edits. */
export interface Operation {
  /** What is asked, for people. */
  readonly purpose: string;
  /** Brings the client to where it can ask; the result asks. */
  readonly open: (
    client: Client,
    resource: Resource,
  ) => Promise<(...edits: readonly Edit[]) => Promise<Reply>>;
  /** Whether the server granted what was asked. */
  readonly granted: (reply: Reply) => boolean;
}

const isActive = (reply: Reply): boolean => reply.status === 200 && memberOf(reply, 'active') === true;

/** The requests whose deviations a server must refuse. */
export const operations = {
  push: {
    purpose: 'pushed authorization request',
    open:
      async (client) =>
      (...edits) =>
        client.push(...edits),
    granted: isPushed,
  },
  provenPush: {
    purpose: 'pushed authorization request with a DPoP proof',
    open:
      async (client) =>
      (...edits) =>
        client.push(client.provenAtPar(), ...edits),
    granted: isPushed,
  },
  redeem: {
    purpose: 'token request',
    open: async (client) => {
      // The code of a request that was refused serves the next valid one: that it is granted shows that the code was good.
      let left: Grant | undefined;
      return async (...edits) => {
        if (client.parts.variant.grant === 'client_credentials') return client.ownTokens(...edits);
        const grant = (edits.length === 0 ? left : undefined) ?? (await client.grant());
        left = undefined;
        const reply = await client.redeem(grant, ...edits);
        if (!isGranted(reply)) left = grant;
        return reply;
      };
    },
    granted: isGranted,
  },
  refresh: {
    purpose: 'token request with a refresh token',
    open: async (client) => {
      let { refresh: token } = await client.tokens();
      return async (...edits) => {
        if (token === undefined)
          throw new FlowError(
            'refused',
            'configuration',
            'expected a refresh token, as the feature refresh-token is declared; none came',
          );
        const reply = await client.refresh(token, ...edits);
        if (edits.length === 0 && isGranted(reply)) token = tokensIn(reply).refresh ?? token;
        return reply;
      };
    },
    granted: isGranted,
  },
  introspect: {
    purpose: 'introspection request',
    open:
      async (client) =>
      async (...edits) => {
        const reply = await client.introspect((await client.kept()).access, ...edits);
        return edits.length > 0 || isActive(reply)
          ? reply
          : client.introspect((await client.renewed()).access);
      },
    granted: isActive,
  },
  revoke: {
    purpose: 'revocation request',
    open: async (client) => {
      // RFC 7009, section 2.2: the valid request succeeds once more when the token has been revoked.
      const { access } = await client.tokens();
      return async (...edits) => {
        if (edits.length === 0) return client.revoke(access);
        const reply = await client.revoke((await client.kept()).access, ...edits);
        // What was revoked is no longer worth keeping: the next request would ask about an unknown token.
        if (reply.status === 200) await client.renewed();
        return reply;
      };
    },
    granted: (reply) => reply.status === 200,
  },
  call: {
    purpose: 'call of the resource API',
    open: async (client, resource) => {
      const { access } = await client.tokens();
      return (...edits) => client.call(resource, access, ...edits);
    },
    granted: (reply) => reply.status >= 200 && reply.status < 300,
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
