import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** A port that takes connections. */
export interface Port {
  readonly number: number;
  /** Destroys all connections; new ones are taken. */
  cut(): void;
  close(): Promise<void>;
}

/** Where a port is. */
export interface PortOptions {
  /** A name or an address of this machine. */
  readonly host: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly accept: (socket: Socket) => void;
}

/** Clients differ in which of the two they try, and whether they try the other one. */
const loopback = ['127.0.0.1', '::1'] as const;
const attempts = 5;

/** Opens a port; that of `localhost` at both loopback addresses, as far as the machine has them. */
export async function openPort(options: PortOptions): Promise<Port> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await openOnce(options);
    } catch (error) {
      // A port that is free at one address may be another program's at the second.
      if (options.port !== undefined || attempt === attempts || codeOf(error) !== 'EADDRINUSE') throw error;
    }
}

async function openOnce({ host, port = 0, accept }: PortOptions): Promise<Port> {
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const close = async (): Promise<void> => {
    const closed = servers.map((server) => once(server.close(), 'close'));
    cut();
    await Promise.all(closed);
  };
  let number = port;
  try {
    for (const address of host === 'localhost' ? loopback : [host]) {
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
        socket.on('error', () => socket.destroy());
        accept(socket);
      });
      server.listen(number, address);
      try {
        await once(server, 'listening');
      } catch (error) {
        if (servers.length > 0 && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error))) continue;
        throw error;
      }
      servers.push(server);
      const bound = server.address();
      if (typeof bound === 'object' && bound !== null) number = bound.port;
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { number, cut, close };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
