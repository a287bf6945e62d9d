import type { Scenario } from '../../directory/client-integration.ts';

/** What the client is told of the server that it meets. */
export interface Start {
  readonly issuer: string;
  /** Address of the API, without a final slash; the paths of the calls follow it. */
  readonly api: string;
  readonly clientId: string;
  readonly redirectUri: string | undefined;
  readonly scenario: Scenario;
  /** Parameters that somebody else added to the URL that begins the flow. Drivers without one do without them. */
  readonly added?: Readonly<Record<string, string>>;
}

/** How a client told that a flow ended. `unknown`: it did not tell. */
export interface Outcome {
  readonly end: 'completed' | 'failed' | 'unknown';
  /** What it said, in one sentence for people. It may quote the client. */
  readonly told: string;
  /**
   * All that the client itself showed, up to 256 KiB: output, pages, addresses that it led the browser to, and Referer headers
   * that its pages sent to other sites. Secrets are looked for in it, so that it is not
   * recorded as it is. The authorization response is not in it: the sandbox sent it.
   */
  readonly shown: string;
}

/** A flow whose authorization response is on its way to the client, and can be brought otherwise. */
export interface Begun {
  /** The authorization response as the browser would bring it. */
  readonly response: URL;
  /** Brings a response to the client, in the browser that began the flow or in another one without any session. */
  readonly deliver: (response: URL, browser: 'same' | 'other') => Promise<Outcome>;
}

/**
 * Makes the client under test go through flows. Several at a time are possible.
 * @throws TriggerError when the client cannot be started at all (fault: configuration).
 */
export interface Trigger {
  /** Goes through one flow; resolves when the client told how it ended, or when it is no longer waited for. */
  run(start: Start): Promise<Outcome>;
  /**
   * Begins a flow and stops before the response reaches the client; only where Assay is the browser.
   * @param headers Headers of the first request besides, which replace the browser's own.
   * @throws TriggerError `no-response`, with the outcome, when the client did not get as far as to a response.
   */
  readonly begin?: (start: Start, headers?: Readonly<Record<string, string>>) => Promise<Begun>;
  /** Ends flows that are under way, with all that was started for them. */
  close(): Promise<void>;
}

/** The client cannot be started (`not-started`), or its flow came to no authorization response (`no-response`). */
export class TriggerError extends Error {
  override readonly name = 'TriggerError';
  readonly fault: 'configuration' | 'environment';
  readonly code: 'not-started' | 'no-response';
  /** How the flow ended instead of coming to a response. */
  readonly outcome: Outcome | undefined;

  constructor(
    code: TriggerError['code'],
    fault: TriggerError['fault'],
    message: string,
    options?: ErrorOptions & { readonly outcome?: Outcome },
  ) {
    super(message, options);
    this.code = code;
    this.outcome = options?.outcome;
    this.fault = fault;
  }
}
