import type { FastifyInstance } from 'fastify';
import {
  openTransmitter,
  streamsByIssuer,
  type Transmitter,
} from '../enforcement/connectors/signal-endpoints.ts';
import type { ConnectorContext } from '../enforcement/connector.ts';
import { ServiceError } from './error.ts';
import { requestOf, send } from './http.ts';

/**
 * What receivers of Shared Signals ask for, of every stream in connectors.yaml, on the public address. To close what is
 * returned lets waiting receivers go.
 * @throws ConnectorError `configuration`; ServiceError `path-taken`
 */
export async function addSignals(
  server: FastifyInstance,
  connectors: readonly { readonly entry: unknown }[],
  context: ConnectorContext,
): Promise<readonly Transmitter[]> {
  const transmitters = await Promise.all(
    streamsByIssuer(connectors).map((streams) => openTransmitter(streams, context)),
  );
  for (const endpoint of transmitters.flatMap(({ endpoints }) => endpoints)) {
    const { method, path } = endpoint;
    if (server.hasRoute({ method, url: path }))
      throw new ServiceError(
        'path-taken',
        `expected issuers of streams in connectors.yaml whose paths differ from each other and from publication.yaml's, but two answer at ${path}`,
      );
    server.route({
      method,
      url: path,
      handler: async (request, reply) => {
        const { query, headers, body } = requestOf(request);
        return send(reply, await endpoint.answer({ query, headers, body }));
      },
    });
  }
  return transmitters;
}
