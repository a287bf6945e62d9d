import type { Scenario } from '../../directory/client-integration.ts';

/** What the client is told of the server that it meets. */
export interface Start {
  readonly issuer: string;
  /** Address of the API, without a final slash; the paths of the calls follow it. */
  readonly api: string;
  readonly clientId: string;
  readonly redirectUri: string | undefined;
  readonly scenario: Scenario;
}

/** How a client told that a flow ended. `unknown`: it did not tell. */
export interface Outcome {
  readonly end: 'completed' | 'failed' | 'unknown';
  /** What it said: exit code, status or page, and how; for people. */
  readonly told: string;
  /** All that it showed: output, page texts, addresses. Secrets are looked for in it. */
  readonly shown: string;
}

/** A flow whose authorization response is on its way to the client, and can be brought otherwise. */
export interface Begun {
  /** The authorization response as the browser would bring it. */
  readonly response: URL;
  /** Brings a response to the client, in the browser that began the flow or in another one without any session. */
  deliver(response: URL, browser: 'same' | 'other'): Promise<Outcome>;
}

/**
 * Makes the client under test go through flows. Several at a time are possible.
 * @throws TriggerError when the client cannot be started at all (fault: configuration).
 */
export interface Trigger {
  /** Goes through one flow; resolves when the client told how it ended, or when it is no longer waited for. */
  run(start: Start): Promise<Outcome>;
  /** Begins a flow and stops before the response reaches the client; only where Assay is the browser. */
  readonly begin?: (start: Start, headers?: Readonly<Record<string, string>>) => Promise<Begun>;
  close(): Promise<void>;
}

/** The client cannot be started. */
export class TriggerError extends Error {
  override readonly name = 'TriggerError';
  readonly fault: 'configuration' | 'environment';
  readonly code: 'not-started' | 'no-response';

  constructor(
    code: TriggerError['code'],
    fault: TriggerError['fault'],
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.fault = fault;
  }
}
