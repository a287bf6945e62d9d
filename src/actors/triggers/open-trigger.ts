import type { Trigger as Config } from '../../directory/client-integration.ts';
import type { Reference } from '../../directory/common.ts';
import { resolveReference } from '../../directory/reference.ts';
import type { PrivateNetwork } from '../../transport/egress.ts';
import { createBrowserTrigger } from './browser.ts';
import { createCommandTrigger } from './command.ts';
import { createHttpTrigger } from './http.ts';
import { createManualTrigger } from './manual.ts';
import { openNetwork, type Network } from './network.ts';
import { createPatience } from './patience.ts';
import { hostsOf } from './start-url.ts';
import type { Start, Trigger } from './trigger.ts';

export interface TriggerOptions {
  /** The integration file's `trigger`. */
  readonly trigger: Config;
  /** Directory that paths in the integration file start from, and that commands are started in. */
  readonly base: string;
  /** Path of the PEM file with the authority that the client must trust. */
  readonly authorityFile: string;
  /** PEM texts of the authorities that Assay's browser trusts: the sandbox's and those of the integration file. */
  readonly trust: readonly string[];
  /** The integration file's `hosts`. Those of the trigger's own URLs and the sandbox need not be among them. */
  readonly hosts: readonly string[];
  readonly privateNetwork: PrivateNetwork;
  /** Tells a person something. */
  readonly note: (text: string) => void;
  /** What has arrived of a flow so far, for people who drive the client by hand. */
  readonly progress?: (start: Start) => readonly string[];
}

/** Seconds that a client is waited for. */
const usual = { command: 30, http: 30, browser: 30, manual: 120 };
const loopback = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Opens the trigger that the integration file describes. Nothing is started before the first flow.
 * @throws SecretReferenceError when a reference leads to nothing
 */
export async function openTrigger(options: TriggerOptions): Promise<Trigger> {
  const { trigger, base, authorityFile, trust, hosts, privateNetwork } = options;
  const resolve = (value: string | Reference) =>
    typeof value === 'string' ? value : resolveReference(value, base);
  const patience = createPatience((trigger.timeout ?? usual[trigger.driver]) * 1000);
  const connected = (own: readonly string[], allowed = privateNetwork): Network =>
    openNetwork({
      trust,
      hosts: [...hosts, ...own],
      privateNetwork: allowed,
      patience: patience.milliseconds,
    });

  if (trigger.driver === 'manual')
    return createManualTrigger({ authorityFile, patience, note: options.note, progress: options.progress });
  if (trigger.driver === 'command') {
    const env = Object.entries(trigger.env ?? {}).map(
      async ([name, value]) => [name, await resolve(value)] as const,
    );
    // What runs here reaches this machine's addresses anyway, and its user's browser is on the same machine.
    const network = connected(loopback, 'allowed');
    return closing(
      createCommandTrigger({
        run: trigger.run,
        env: Object.fromEntries(await Promise.all(env)),
        base,
        authorityFile,
        network,
        patience,
      }),
      network,
    );
  }
  if (trigger.driver === 'http') {
    const network = connected(hostsOf(trigger.start, trigger.status));
    return closing(createHttpTrigger(trigger, network, patience), network);
  }
  const steps = await Promise.all(
    (trigger.steps ?? []).map(async (step) => ({
      step,
      value: 'fill' in step ? await resolve(step.with) : '',
    })),
  );
  const network = connected(hostsOf(trigger.start));
  return closing(createBrowserTrigger({ config: trigger, steps, network, patience }), network);
}

const closing = (trigger: Trigger, network: Network): Trigger => ({
  ...trigger,
  async close() {
    await trigger.close();
    await network.close();
  },
});
