import { openListener, openPlain } from './listener.ts';

/** Where the requests of a sandbox come in: at ports of its own, or at a relay. */
export interface Intake {
  /** What the names of issuers begin with. */
  readonly prefix: string;
  readonly listen: typeof openListener;
  readonly listenPlain: typeof openPlain;
  /**
   * Begins to look whether all passes as it is. What is returned asks for that, and throws a FlowError (environment) when
   * something was lost meanwhile: what a client did then shows nothing.
   */
  watch(): () => Promise<void>;
}

/** Ports of this machine, which lose nothing. */
export const ownPorts: Intake = {
  prefix: '',
  listen: openListener,
  listenPlain: openPlain,
  watch: () => async () => {},
};
