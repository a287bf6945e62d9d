import type { FastifyInstance } from 'fastify';
import { authzenPaths, evaluation, evaluations, metadata } from '../gate/faces/authzen.ts';
import { envoy, nginx } from '../gate/faces/proxies.ts';
import { decisionToken, type TokenIssuer } from '../gate/faces/token.ts';
import type { Face, Gate } from '../gate/gate.ts';
import { requestOf, send } from './http.ts';

/** Where proxies ask. Envoy puts the path of the call behind its prefix. */
export const gatePaths = { nginx: '/gate/nginx', envoy: '/gate/envoy', token: '/gate/token' } as const;

/** The faces of a gate, for those who ask it. They belong on an address that only proxies reach: a proxy is believed. */
export function addGate(server: FastifyInstance, gate: Gate, issuer: TokenIssuer): void {
  const answer =
    (face: Face) => async (request: Parameters<typeof requestOf>[0], reply: Parameters<typeof send>[0]) =>
      send(reply, await face(requestOf(request), gate));
  server.get(gatePaths.nginx, answer(nginx));
  server.all(gatePaths.envoy, answer(envoy));
  server.all(`${gatePaths.envoy}/*`, answer(envoy));
  server.post(authzenPaths.evaluation, answer(evaluation));
  server.post(authzenPaths.evaluations, answer(evaluations));
  server.get(gatePaths.token, answer(decisionToken(issuer)));
  server.get(authzenPaths.metadata, async (request, reply) =>
    send(reply, await metadata(`${request.protocol}://${request.host}`)(requestOf(request), gate)),
  );
}
