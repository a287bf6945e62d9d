import type { ClientCertificate } from '../../protocol/client-certificate.ts';
import type { ClientHello } from '../../protocol/client-hello.ts';

/**
 * How a connection ended:
 * `silent`, before it said anything whole;
 * `plaintext`, after HTTP where TLS was due;
 * `no-agreement`, because the client offered nothing that the server could take, or spoke a broken TLS;
 * `refused` by the client, which began a handshake and asked for nothing;
 * `used`, after requests over TLS;
 * `cut` by the listener before any of these.
 */
export type Ending = 'silent' | 'plaintext' | 'no-agreement' | 'refused' | 'used' | 'cut';

/** A connection of a client, as far as it has come. */
export interface Connection {
  /** Unique in its listener. */
  readonly id: number;
  readonly hello?: ClientHello;
  /** Whether the handshake was completed. Clients that judge the certificate afterwards refuse after that. */
  readonly secured: boolean;
  /** Whether HTTP came where TLS was due. */
  readonly plaintext: boolean;
  /** Requests over TLS, with those that could not be read. */
  readonly requests: number;
  readonly certificate?: ClientCertificate;
  /** The alert by which the client ended it, as the registry names it: `unknown_ca`. */
  readonly alert?: string;
  /** Why the server ended the handshake, in OpenSSL's words. */
  readonly reason?: string;
  /** Absent while it is open. */
  readonly ending?: Ending;
  readonly ended: Promise<Ending>;
}

/** A connection whose listener writes what it sees. */
export type Seen = { -readonly [Key in keyof Connection]: Connection[Key] };

/** A connection under way. Who ends it first has ended it. */
export interface Begun {
  readonly seen: Seen;
  end(by: 'client' | 'listener'): void;
}

/** Begins to watch a connection. */
export function begin(id: number): Begun {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  const seen: Seen = { id, secured: false, plaintext: false, requests: 0, ended: promise };
  return {
    seen,
    end(by) {
      seen.ending ??= by === 'listener' && seen.requests === 0 && !seen.plaintext ? 'cut' : endingOf(seen);
      resolve(seen.ending);
    },
  };
}

function endingOf({ plaintext, requests, alert, reason, hello }: Seen): Ending {
  if (plaintext) return 'plaintext';
  if (requests > 0) return 'used';
  if (alert !== undefined) return 'refused';
  if (reason !== undefined) return 'no-agreement';
  return hello === undefined ? 'silent' : 'refused';
}
