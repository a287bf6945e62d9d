import { setTimeout as delay } from 'node:timers/promises';
import type { Static } from 'typebox';
import type { HttpTrigger } from '../../directory/client-integration.ts';
import type { Reply } from '../../transport/transport.ts';
import type { Hop } from '../user.ts';
import { isSandbox, type Network } from './network.ts';
import { toldNothing, type Patience } from './patience.ts';
import { bare, createShown, quoted } from './shown.ts';
import { filled, startUrl } from './start-url.ts';
import { createTab, explained, nowhere, type Tab } from './tab.ts';
import { TriggerError, type Begun, type Outcome, type Start, type Trigger } from './trigger.ts';

type Config = Static<typeof HttpTrigger>;
type Told = Pick<Outcome, 'end' | 'told'>;

/** A way of the browser, as far as it has come. */
interface Way {
  readonly hops: Hop[];
  /** Whether nobody waits for its end any longer. */
  over: boolean;
}

/** Milliseconds between two questions to the status URL: the first, the longest. */
const pause = { first: 50, longest: 500 };

/** The trigger of an app that runs: Assay is the browser of its user, without scripts. */
export function createHttpTrigger(config: Config, network: Network, patience: Patience): Trigger {
  /** Goes a way, no longer than it is waited for. */
  const bounded = <T>(work: (way: Way) => Promise<T>): Promise<T | Told> =>
    patience.within((over) => {
      const way: Way = { hops: [], over: false };
      const late = over.then((why): Told => {
        way.over = true;
        return { end: 'unknown', told: `${toldNothing(why, patience)}; ${seen(way.hops)}` };
      });
      const working = work(way).catch((error: unknown): Told => explained(error, way.hops));
      return Promise.race([working, late]);
    });

  /** What the app tells once the browser came to a document: by its status, or at the status URL. */
  function judged(start: Start, tab: Tab, reply: Reply, way: Way): Promise<Told> | Told {
    if (isSandbox(start, reply.url)) return stuck(reply);
    return config.status === undefined ? toldBy(reply) : asked(tab, filled(config.status, start), way);
  }

  async function run(start: Start): Promise<Outcome> {
    const shown = createShown();
    const tab = createTab(network.of(start, shown));
    const told = await bounded(async (way): Promise<Told> => {
      const { hops } = way;
      const reply = await tab.go({ url: startUrl(config.start, start), site: 'none', hops });
      const told = await judged(start, tab, reply, way);
      // An app that shows a page first, to be clicked or run, has not begun.
      const absent = start.redirectUri !== undefined && !hops.some(({ url }) => isSandbox(start, url));
      return config.status === undefined && told.end === 'completed' && absent
        ? { end: 'unknown', told: `${told.told} without leading to the sandbox. ${otherDriver}` }
        : told;
    });
    return { ...told, shown: shown.text() };
  }

  async function begin(start: Start, headers: Readonly<Record<string, string>> = {}): Promise<Begun> {
    const shown = createShown();
    const transport = network.of(start, shown);
    const tab = createTab(transport);
    const arrived = await bounded(async ({ hops }): Promise<Told | URL> => {
      const first = { url: startUrl(config.start, start), site: 'none', headers, hops } as const;
      const end = await tab.go(first, start.redirectUri ?? nowhere);
      return end instanceof URL ? end : isSandbox(start, end.url) ? stuck(end) : toldBy(end);
    });
    if (!(arrived instanceof URL))
      throw new TriggerError(
        'no-response',
        'configuration',
        `expected the sandbox to send the browser to ${start.redirectUri ?? 'a redirect URI'}, but ${arrived.told}`,
        { outcome: { ...arrived, shown: shown.text() } },
      );
    return {
      response: arrived,
      async deliver(response, browser) {
        const at = browser === 'same' ? tab : createTab(transport);
        const told = await bounded(async (way): Promise<Told> => {
          const reply = await at.go({ url: response.href, site: 'cross-site', hops: way.hops });
          return judged(start, at, reply, way);
        });
        return { ...told, shown: shown.text() };
      },
    };
  }

  return { run, begin, close: () => patience.close() };
}

const otherDriver = 'Pages that need a click, a form or a script are for the driver `browser`';

const seen = (hops: readonly Hop[]): string => {
  const last = hops.at(-1);
  return last === undefined ? 'nothing was answered' : `${bare(last.url)} answered ${last.status} last`;
};

const stuck = ({ status, url, text }: Reply): Told => ({
  end: 'unknown',
  told:
    `the browser was left at a page of the sandbox, where ${bare(url)} answered ${status}${quoted(text)}; ` +
    `expected it to be sent back to the app. ${otherDriver}`,
});

/** What the status of the app's last page tells. */
function toldBy({ status, url, headers, text }: Reply): Told {
  const told = `${bare(url)} answered ${status}`;
  if (status >= 200 && status < 300) return { end: 'completed', told };
  if (status >= 400) return { end: 'failed', told: `${told}${quoted(text)}` };
  const where = headers['location'];
  return {
    end: 'unknown',
    told: `${told}${where === undefined ? '' : ` with a redirect that a browser does not follow on the web (${bare(where)})`}`,
  };
}

/** Asks the status URL until it tells, with the app's session. */
async function asked(tab: Tab, url: string, way: Way): Promise<Told> {
  for (let wait = pause.first; !way.over; wait = Math.min(wait * 1.5, pause.longest)) {
    // An answer that does not come now may come later; the way's time bounds them all.
    const outcome = await tab.go({ url, site: 'none', hops: [] }).then(
      ({ body }) => (body as { readonly outcome?: unknown } | null | undefined)?.outcome,
      () => undefined,
    );
    if (outcome === 'completed' || outcome === 'failed')
      return { end: outcome, told: `${bare(url)} told: ${outcome}` };
    await delay(wait);
  }
  return { end: 'unknown', told: 'nobody waits any longer' };
}
