import type { FastifyInstance } from 'fastify';
import type { Transition } from '../certification/act.ts';
import { CertificationError } from '../certification/error.ts';
import { EvidenceError, type EvidenceErrorCode } from '../evidence/error.ts';

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

/**
 * Whether it is the envelope that is at fault. The same errors of evidence also tell what is wrong with a log: those that can
 * be of an envelope are named, and all others are the server's.
 */
const isRefusal = (error: unknown): error is EvidenceError | CertificationError =>
  (error instanceof EvidenceError && refusals.has(error.code)) ||
  (error instanceof CertificationError && error.fault === 'configuration');

const refusals: ReadonlySet<EvidenceErrorCode> = new Set([
  'malformed',
  'not-canonical',
  'unknown-key',
  'bad-signature',
  'key-not-entitled',
  'wrong-subject',
]);
