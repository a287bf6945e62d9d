import type { X509Certificate } from 'node:crypto';
import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectTls, type SecureVersion } from 'node:tls';
import { guardedLookup, permit, systemResolve, type Egress, type Resolve } from './egress.ts';
import { classify, TransportError } from './error.ts';
import type { Certificate } from './transport.ts';

export interface ProbeOptions extends Egress {
  /** Milliseconds for the whole probe; 10 s by default. */
  readonly timeout?: number;
  readonly resolve?: Resolve;
}

const patience = 10_000;

const failureCode = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : '';

/** node:tls reports the other side's orderly end in the handshake as a reset that no system call saw. */
const isOrderlyEnd = (error: Error): boolean =>
  failureCode(error) === 'ECONNRESET' && !('syscall' in error && error.syscall !== undefined);

const isAlert = (error: Error): boolean => /^ERR_SSL_.*ALERT/u.test(failureCode(error));

/**
 * Offers one TLS version alone. `accepted`: the other side chose it and agreed on keys, whatever it then demanded of a
 * client certificate. `refused`: it answered with an alert, or ended the connection in order. The server's certificate
 * is not judged here and nothing is sent over the connection.
 * @throws TransportError when neither can be said: no connection, no answer, a reset, a failure on this side.
 */
export function offers(
  host: string,
  port: number,
  version: SecureVersion,
  options: ProbeOptions,
): Promise<'accepted' | 'refused'> {
  const where = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    permit(host, port, options);
    let connected: 'no' | 'yes' = 'no';
    const socket = connectTls({
      host,
      port,
      servername: isIP(host) === 0 ? host : '',
      minVersion: version,
      maxVersion: version,
      // The old versions are refused locally at any higher level: that would look like a refusal of the other side.
      ciphers: 'ALL:@SECLEVEL=0',
      rejectUnauthorized: false,
      lookup: guardedLookup(options.privateNetwork, options.resolve ?? systemResolve),
    });
    const timer = setTimeout(
      () =>
        socket.destroy(
          new TransportError('timeout', `${where}: no answer to a ${version} handshake in time`),
        ),
      options.timeout ?? patience,
    );
    const accepted = () => {
      resolve('accepted');
      socket.destroy();
    };
    socket.once('connect', () => {
      connected = 'yes';
    });
    // Keys are agreed on before the server judges the client certificate.
    socket.once('keylog', accepted);
    socket.once('secureConnect', accepted);
    socket.once('error', (error) => {
      if (connected === 'yes' && (isAlert(error) || isOrderlyEnd(error))) resolve('refused');
      else reject(classify(error, where, 'connecting'));
    });
    socket.once('close', () => {
      clearTimeout(timer);
      reject(
        new TransportError('reset', `${where}: the connection ended without an answer to the handshake`),
      );
    });
  });
}

/** What a port did with plain HTTP. */
export type PlainAnswer =
  | { readonly outcome: 'answered'; readonly status: number }
  | { readonly outcome: 'refused'; readonly status?: number };

/**
 * Speaks plain HTTP to a port that should speak TLS only. `answered`: an HTTP answer with a status below 400.
 * `refused`: any other answer, or the end of the connection without one.
 * @throws TransportError when there was no connection, or no answer in time.
 */
export function plainHttp(
  host: string,
  port: number,
  options: ProbeOptions & { readonly path?: string },
): Promise<PlainAnswer> {
  const where = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    permit(host, port, options);
    let connected: 'no' | 'yes' = 'no';
    let received = '';
    const socket = connectPlain({
      host,
      port,
      lookup: guardedLookup(options.privateNetwork, options.resolve ?? systemResolve),
    });
    const timer = setTimeout(
      () =>
        socket.destroy(new TransportError('timeout', `${where}: no answer to a plain HTTP request in time`)),
      options.timeout ?? patience,
    );
    const judge = () => {
      const [, digits] = /^HTTP\/1\.[01] (\d{3})/u.exec(received) ?? [];
      if (digits === undefined) resolve({ outcome: 'refused' });
      else resolve({ outcome: Number(digits) < 400 ? 'answered' : 'refused', status: Number(digits) });
    };
    socket.once('connect', () => {
      connected = 'yes';
      socket.write(`GET ${options.path ?? '/'} HTTP/1.1\r\nhost: ${where}\r\nconnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (received.length < 'HTTP/1.1 200'.length) return;
      judge();
      socket.destroy();
    });
    socket.once('error', (error) => {
      if (connected === 'yes' && !(error instanceof TransportError)) judge();
      else reject(classify(error, where, 'connecting'));
    });
    socket.once('close', () => {
      clearTimeout(timer);
      judge();
    });
  });
}

/**
 * The certificates that a server presents, its own first, in DER. They are not judged here.
 * @param options With the client's own certificate, without which some servers end a handshake of TLS 1.2.
 * @throws TransportError when there was no handshake in time.
 */
export function presentedCertificates(
  host: string,
  port: number,
  options: ProbeOptions & { readonly certificate?: Certificate },
): Promise<readonly Uint8Array[]> {
  const where = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    permit(host, port, options);
    const socket = connectTls({
      host,
      port,
      servername: isIP(host) === 0 ? host : '',
      rejectUnauthorized: false,
      ...(options.certificate && { cert: options.certificate.certificate, key: options.certificate.key }),
      lookup: guardedLookup(options.privateNetwork, options.resolve ?? systemResolve),
    });
    const timer = setTimeout(
      () => socket.destroy(new TransportError('timeout', `${where}: no answer to a handshake in time`)),
      options.timeout ?? patience,
    );
    socket.once('secureConnect', () => {
      resolve(chainOf(socket.getPeerX509Certificate()));
      socket.destroy();
    });
    socket.once('error', (error) => reject(classify(error, where, 'connecting')));
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new TransportError('reset', `${where}: the connection ended during the handshake`));
    });
  });
}

/** A root that is presented is its own issuer. */
function chainOf(leaf: X509Certificate | undefined): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (let each = leaf; each !== undefined && chain.length < 10; each = each.issuerCertificate)
    if (chain.some((known) => each && each.raw.equals(known))) break;
    else chain.push(each.raw);
  return chain;
}
