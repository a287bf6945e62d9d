import type { FastifyInstance } from 'fastify';
import {
  openTransmitter,
  streamsByIssuer,
  type Transmitter,
} from '../enforcement/connectors/signal-endpoints.ts';
import type { ConnectorContext } from '../enforcement/connector.ts';
import { requestOf, send } from './http.ts';

/**
 * What receivers of Shared Signals ask for, of every stream in connectors.yaml, on the public address. To close what is
 * returned lets waiting receivers go.
 */
export async function addSignals(
  server: FastifyInstance,
  connectors: readonly { readonly entry: unknown }[],
  context: ConnectorContext,
): Promise<readonly Transmitter[]> {
  const transmitters = await Promise.all(
    streamsByIssuer(connectors).map((streams) => openTransmitter(streams, context)),
  );
  for (const { method, path, answer } of transmitters.flatMap(({ endpoints }) => endpoints))
    server.route({
      method,
      url: path,
      handler: async (request, reply) => {
        const { query, headers, body } = requestOf(request);
        return send(reply, await answer({ query, headers, body }));
      },
    });
  return transmitters;
}
