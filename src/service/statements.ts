import type { FastifyInstance } from 'fastify';
import type { Transition } from '../certification/act.ts';

/** Takes an envelope into the log; rejects with an error that has a fault where it does not count. */
export type Settle = (envelope: string) => Promise<{
  readonly digest: string;
  readonly index: number;
  readonly transitions: readonly Transition[];
  readonly proof: string;
}>;

/**
 * Where envelopes are handed in. Who may do so is decided by their signatures alone: what keys that count have signed is
 * taken, whoever brings it, and taking it twice changes nothing.
 */
export function addStatements(server: FastifyInstance, settle: Settle): void {
  server.post('/log/v1/statements', async (request, reply) => {
    const envelope = typeof request.body === 'string' ? request.body : '';
    try {
      return await reply.code(200).send(await settle(envelope));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return reply.code(422).send({ error: error.code, error_description: error.message });
    }
  });
}

const isRefusal = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  'fault' in error &&
  (error.fault === 'configuration' || error.fault === 'subject');
