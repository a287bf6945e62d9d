import type { Database } from '../store/database.ts';

/** What an integration's access shall be outside, as the gate decided. */
export interface Desired {
  readonly integration: string;
  readonly environment: 'sandbox' | 'production';
  readonly access: 'open' | 'closed';
  /** Offboarded: what a connector made may be removed for good. */
  readonly ended: 'yes' | 'no';
  /** Grows with each decision that differs from the one before; a connector never goes back behind what it applied. */
  readonly revision: number;
  readonly reason: string;
  /** Digests of the statements that it rests on. */
  readonly evidence: readonly string[];
  /** When it was decided, ISO 8601 in UTC. */
  readonly at: string;
  /** client_ids and certificate thumbprints of the integration. */
  readonly clients: readonly string[];
  readonly certificates: readonly string[];
}

/** What a connector found outside. `unknown`: it cannot look (a webhook), or what it should look at is not there. */
export type Observed = 'open' | 'closed' | 'absent' | 'unknown';

/** What a connector may remember between calls, such as a registration before it was narrowed. Kept in the database. */
export interface Memory {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

/** Makes decisions true at one system. Every method may be called again at any time with the same outcome. */
export interface Connector {
  /** Unique among the configured ones. */
  readonly name: string;
  /** Whether this system knows the integration at all. */
  concerns(desired: Desired): boolean;
  /** @throws ConnectorError; `temporary` ones are tried again with backoff. */
  apply(desired: Desired, memory: Memory): Promise<void>;
  /** Looks at what is true now: the check that it took effect, and how drift is found. */
  observe(desired: Desired, memory: Memory): Promise<Observed>;
  close(): Promise<void>;
}

/** What a connector is opened with besides its entry in connectors.yaml. */
export interface ConnectorContext {
  /** The directory that relative paths of the entry start from: that of connectors.yaml. */
  readonly base: string;
  readonly database: Database;
  readonly now: () => Date;
}

/** Why a connector could not do its work. */
export type ConnectorErrorCode = 'temporary' | 'refused' | 'configuration' | 'absent';

/** A connector that could not make a decision true, or not find out. */
export class ConnectorError extends Error {
  override readonly name = 'ConnectorError';
  readonly code: ConnectorErrorCode;
  readonly fault: 'configuration' | 'environment';
  /** Seconds that the target asked to be left alone for (Retry-After). */
  readonly retryAfter: number;

  constructor(
    code: ConnectorErrorCode,
    message: string,
    options?: ErrorOptions & { readonly retryAfter?: number },
  ) {
    super(message, options);
    this.code = code;
    this.retryAfter = options?.retryAfter ?? 0;
    this.fault = code === 'temporary' ? 'environment' : 'configuration';
  }
}
