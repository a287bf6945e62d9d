import { createHash, X509Certificate } from 'node:crypto';
import { createSecureContext, rootCertificates, TLSSocket } from 'node:tls';
import { buildConnector, Client, type Dispatcher } from 'undici';
import { guardedLookup, type PrivateNetwork, type Resolve } from './egress.ts';
import { TransportError } from './error.ts';
import type { Exchange } from './exchange.ts';

/** A client certificate: PEM, the chain leaf first, and its private key. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** SHA-256 thumbprint (base64url) of the first certificate of a PEM text or of DER. */
export const thumbprint = (certificate: string | Uint8Array): string =>
  createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url');

/** What a connection negotiated; undefined for plain HTTP. */
export type Tls = Exchange['tls'];

function negotiated(socket: TLSSocket): Tls {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return undefined;
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    certificate: thumbprint(certificate.raw),
  };
}

/** A connection, taken for one exchange. */
interface Wire {
  dispatch: Dispatcher.Dispatch;
  /** What the present connection negotiated. */
  tls(): Tls;
  /** Gives it back after a whole answer, so that another exchange can use it. */
  release(): void;
  /** Ends it and what is under way on it. */
  drop(): void;
}

/** The connections that present one client certificate, or none. */
export interface Connections {
  /** An idle connection to an origin, or a new one: exchanges at the same time never wait for each other. */
  take(origin: string): Wire;
  close(): Promise<void>;
}

export interface ConnectionOptions {
  readonly trust: readonly string[];
  readonly privateNetwork: PrivateNetwork;
  readonly resolve: Resolve;
  readonly certificate: Certificate | undefined;
  readonly connectTimeout: number;
  readonly maxHeaderSize: number;
}

/**
 * HTTP/1.1 connections, kept alive, that verify the server's certificate (chain, dates, name) and hold at most one client
 * certificate. Sessions are not resumed: each connection is a whole handshake, verified as a whole.
 * @throws TransportError invalid-request when the client certificate and its key cannot be used.
 */
export function openConnections(options: ConnectionOptions): Connections {
  const connect = buildConnector({
    allowH2: false,
    maxCachedSessions: 0,
    timeout: options.connectTimeout,
    rejectUnauthorized: true,
    lookup: guardedLookup(options.privateNetwork, options.resolve),
    secureContext: secureContext(options.trust, options.certificate),
  });
  const clients = new Set<Client>();
  const idle = new Map<string, Wire[]>();

  function open(origin: string): Wire {
    let tls: Tls;
    const client = new Client(origin, {
      allowH2: false,
      maxHeaderSize: options.maxHeaderSize,
      connect: (target, callback) =>
        connect(target, (...[error, socket]) => {
          if (error) return callback(error, null);
          tls = socket instanceof TLSSocket ? negotiated(socket) : undefined;
          return callback(null, socket);
        }),
    });
    clients.add(client);
    const wire: Wire = {
      dispatch: (request, handler) => client.dispatch(request, handler),
      tls: () => tls,
      release: () => idle.get(origin)?.push(wire),
      drop: () => {
        clients.delete(client);
        client.destroy(null, () => {});
      },
    };
    return wire;
  }

  return {
    take(origin) {
      const free = idle.get(origin) ?? [];
      idle.set(origin, free);
      return free.pop() ?? open(origin);
    },
    async close() {
      await Promise.all([...clients].map((client) => client.destroy()));
    },
  };
}

function secureContext(trust: readonly string[], certificate: Certificate | undefined) {
  try {
    return createSecureContext({
      ca: [...rootCertificates, ...trust],
      ...(certificate && { cert: certificate.certificate, key: certificate.key }),
    });
  } catch (cause) {
    throw new TransportError(
      'invalid-request',
      'the client certificate, its key or a trusted certificate cannot be used: each has to be PEM, and the key has to belong to the certificate',
      { cause },
    );
  }
}
