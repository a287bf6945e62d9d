import type { X509Certificate } from 'node:crypto';
import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';
import { guardedLookup, permit, systemResolve, type Egress, type Resolve } from './egress.ts';
import { classify, TransportError } from './error.ts';
import type { Certificate } from './transport.ts';

export interface ProbeOptions extends Egress {
  /** Milliseconds for the whole probe; 10 s by default. */
  readonly timeout?: number;
  readonly resolve?: Resolve;
}

const patience = 10_000;

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

/** What a server shows of who it is. */
export interface Presentation {
  /** Its certificates in DER, its own first. */
  readonly chain: readonly Uint8Array[];
  /** Why the chain or the name would not be accepted, by the code of OpenSSL; absent where they would. */
  readonly refusal?: string;
}

/** How a presentation is asked for. */
export interface PresentationOptions extends ProbeOptions {
  /** The client's own certificate, without which some servers end a handshake of TLS 1.2. */
  readonly certificate?: Certificate;
  /** PEM texts of authorities that are trusted beside those that Node brings. */
  readonly trust?: readonly string[];
}

/**
 * The certificates that a server presents. They are reported, and none is refused here.
 * @throws TransportError when there was no handshake in time.
 */
export function presentation(
  host: string,
  port: number,
  options: PresentationOptions,
): Promise<Presentation> {
  const where = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    permit(host, port, options);
    const socket = connectTls({
      host,
      port,
      servername: isIP(host) === 0 ? host : '',
      rejectUnauthorized: false,
      // A key that is too weak is to be seen, not to end the handshake.
      ciphers: 'DEFAULT:@SECLEVEL=0',
      ...(options.trust && { ca: [...rootCertificates, ...options.trust] }),
      ...(options.certificate && { cert: options.certificate.certificate, key: options.certificate.key }),
      lookup: guardedLookup(options.privateNetwork, options.resolve ?? systemResolve),
    });
    const timer = setTimeout(
      () => socket.destroy(new TransportError('timeout', `${where}: no answer to a handshake in time`)),
      options.timeout ?? patience,
    );
    socket.once('secureConnect', () => {
      const refusal = refusalOf(socket.authorizationError);
      resolve({
        chain: chainOf(socket.getPeerX509Certificate()),
        ...(refusal === undefined ? {} : { refusal }),
      });
      socket.destroy();
    });
    socket.once('error', (error) => reject(classify(error, where, 'connecting')));
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new TransportError('reset', `${where}: the connection ended during the handshake`));
    });
  });
}

/** Node gives the code itself where OpenSSL refuses, and an error that has one where the name is another. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.message;
  return typeof error === 'string' ? error : undefined;
}

/** A root that is presented is its own issuer. */
function chainOf(leaf: X509Certificate | undefined): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (let each = leaf; each !== undefined && chain.length < 10; each = each.issuerCertificate)
    if (chain.some((known) => each && each.raw.equals(known))) break;
    else chain.push(each.raw);
  return chain;
}
