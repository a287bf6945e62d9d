import { randomBytes } from 'node:crypto';
import { connect, isIP } from 'node:net';
import { readAnswer, type HelloAnswer } from '../protocol/tls-answer.ts';
import { clientHello, randomLength, type Offer } from '../protocol/tls-hello.ts';
import { HelloError } from '../protocol/tls-reader.ts';
import { guardedLookup, permit, systemResolve } from './egress.ts';
import { classify, TransportError } from './error.ts';
import type { ProbeOptions } from './tls.ts';

/** What came back of an offer: a choice, an alert, or the end of the connection in order. */
type Handshake = HelloAnswer | { readonly answer: 'closed' };

const patience = 10_000;

/**
 * Sends a ClientHello and reads what answers it, up to the server's part of the key agreement. The connection ends there:
 * nothing is encrypted, and no certificate is judged.
 * @throws TransportError when there was no connection, no answer in time, a reset, or an answer that is no TLS.
 */
export function shakeHands(
  host: string,
  port: number,
  offer: Offer,
  options: ProbeOptions,
): Promise<Handshake> {
  const where = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    permit(host, port, options);
    let received = Buffer.alloc(0);
    const socket = connect({
      host,
      port,
      lookup: guardedLookup(options.privateNetwork, options.resolve ?? systemResolve),
    });
    const timer = setTimeout(
      () =>
        socket.destroy(
          new TransportError('timeout', `${where}: no answer to an offer of ${offer.version} in time`),
        ),
      options.timeout ?? patience,
    );
    socket.once('connect', () =>
      socket.write(clientHello(offer, isIP(host) === 0 ? host : undefined, randomBytes(randomLength))),
    );
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      try {
        const answer = readAnswer(received, offer);
        if (!answer) return;
        resolve(answer);
      } catch (error) {
        reject(
          error instanceof HelloError
            ? new TransportError('tls-failed', `${where}: the answer is no TLS handshake: ${error.message}`, {
                cause: error,
              })
            : error,
        );
      }
      socket.destroy();
    });
    socket.once('end', () => resolve({ answer: 'closed' }));
    socket.once('error', (error) => reject(classify(error, where, 'connecting')));
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new TransportError('reset', `${where}: the connection ended without an answer to the offer`));
    });
  });
}
