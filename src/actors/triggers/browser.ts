import type { Browser, BrowserContext, Page as Tab } from '@playwright/test';
import type { Static } from 'typebox';
import type { BrowserTrigger } from '../../directory/client-integration.ts';
import { makePinnedCertificate } from '../proxy-certificate.ts';
import { openProxy } from '../proxy.ts';
import { launch, openContext, seenAt, take, type Step } from '../user-browser.ts';
import type { UserError } from '../user-error.ts';
import type { Hop } from '../user.ts';
import { isSandbox, type Network } from './network.ts';
import { toldNothing, type Over, type Patience } from './patience.ts';
import { bare, createShown, quoted, type Shown } from './shown.ts';
import { filled } from './start-url.ts';
import { explained, nowhere } from './tab.ts';
import { TriggerError, type Outcome, type Start, type Trigger } from './trigger.ts';

type Config = Static<typeof BrowserTrigger>;

export interface BrowserTriggerOptions {
  readonly config: Config;
  /** The steps of the integration file, with what they fill in. */
  readonly steps: readonly { readonly step: Step; readonly value: string }[];
  readonly network: Network;
  readonly patience: Patience;
}

type Told = Pick<Outcome, 'end' | 'told'>;

/** Milliseconds that a page which shows the end may go on loading. */
const longestLoad = 2000;

/** The trigger of an app that needs a real browser. Each flow has a session of its own in one Chromium. */
export function createBrowserTrigger({ config, steps, network, patience }: BrowserTriggerOptions): Trigger {
  const pinned = makePinnedCertificate();
  let launched: Promise<Browser> | undefined;

  async function browser(): Promise<Browser> {
    try {
      return await (launched ??= launch(pinned).then((chromium) =>
        // The next flow has another one.
        chromium.once('disconnected', () => {
          launched = undefined;
        }),
      ));
    } catch (cause) {
      launched = undefined;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new TriggerError('not-started', 'environment', message, { cause });
    }
  }

  async function run(start: Start, over: Promise<Over>): Promise<Outcome> {
    const chromium = await browser();
    const shown = createShown();
    const proxy = await openProxy(network.of(start, shown), pinned);
    let context: BrowserContext | undefined;
    try {
      context = await openContext(chromium, proxy);
      const tab = await context.newPage();
      const hops: Hop[] = [];
      const { promise: broken, resolve: failed } = Promise.withResolvers<UserError>();
      proxy.watch({ callback: nowhere, secrets: [], hops, arrived: () => {}, failed });
      keepShown(tab, start, hops, shown);
      const sign = signOf(tab, config).catch((cause: unknown): Told => ({
        end: 'unknown',
        told: `the page could not be looked at${quoted(firstLine(cause))}`,
      }));
      const late = over.then(async (why): Promise<Told> => {
        const page = why === 'late' ? await seenAt(tab) : undefined;
        return {
          end: 'unknown',
          told: `${toldNothing(why, patience)}${page ? ` at ${bare(page.url)}${quoted(page.text)}` : ''}`,
        };
      });
      if (config.consent === 'page') void consent(tab, start).catch(() => undefined);
      const told = await Promise.race([
        sign,
        follow(tab, filled(config.start, start), { steps, hops }).then(
          () => sign,
          (cause: unknown): Told => {
            if (cause instanceof TriggerError) throw cause;
            const at = bare(tab.url());
            return {
              end: 'unknown',
              told: `the steps could not be followed at ${at}${quoted(firstLine(cause))}`,
            };
          },
        ),
        broken.then((error) => explained(error, hops)),
        late,
      ]);
      return { ...told, shown: shown.text() };
    } finally {
      // First the proxy: Chromium may never close a page that waits for an answer.
      await proxy.close();
      await context?.close();
    }
  }

  return {
    run: (start) => patience.within((over) => run(start, over)),
    async close() {
      await patience.close();
      await (await launched?.catch(() => undefined))?.close();
      launched = undefined;
    },
  };
}

const firstLine = (cause: unknown) =>
  (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? '';

/** Resolves when the page shows how the flow ended. */
async function signOf(tab: Tab, { completed, failed }: Config): Promise<Told> {
  const [done, refused] = [tab.locator(completed).first(), tab.locator(failed).first()];
  const seen = (sign: typeof done) => sign.waitFor({ timeout: 0 });
  await Promise.race([seen(done), seen(refused)]);
  // What the page loads tells others where it came from.
  await tab.waitForLoadState('load', { timeout: longestLoad }).catch(() => undefined);
  const [isDone, isRefused] = await Promise.all([done.isVisible(), refused.isVisible()]);
  const at = bare(tab.url());
  if (isDone && isRefused)
    return {
      end: 'unknown',
      told: `${at} shows both ${completed} and ${failed}; each has to be shown for one end only`,
    };
  return isRefused
    ? { end: 'failed', told: `${at} shows ${failed}` }
    : { end: 'completed', told: `${at} shows ${completed}` };
}

/**
 * Opens the app and takes the steps.
 * @throws TriggerError when the browser refuses the address; what the app answers, or does not, is seen otherwise.
 */
async function follow(
  tab: Tab,
  url: string,
  { steps, hops }: Pick<BrowserTriggerOptions, 'steps'> & { readonly hops: readonly Hop[] },
): Promise<void> {
  await tab.goto(url, { timeout: 0 }).catch((cause: unknown) => {
    if (hops.length > 0) return;
    const message = `the browser could not open ${bare(url)}${quoted(firstLine(cause))}`;
    throw new TriggerError('not-started', 'configuration', message, { cause });
  });
  for (const { step, value } of steps) {
    await take(tab, step, value);
    if ('click' in step) await tab.waitForLoadState('load');
  }
}

/** Presses the button of the sandbox's page whenever it is shown. */
async function consent(tab: Tab, start: Start): Promise<void> {
  const button = tab.locator('button[name=consent][value=accept]').first();
  for (;;) {
    await button.waitFor({ timeout: 0 });
    if (isSandbox(start, tab.url())) await button.click();
    await button.waitFor({ state: 'detached', timeout: 0 });
  }
}

/** Keeps what only the browser knows: where scripts led it, and what they said. */
function keepShown(tab: Tab, start: Start, hops: readonly Hop[], shown: Shown): void {
  tab.on('console', (message) => shown.add(`console: ${message.text()}\n`));
  tab.on('framenavigated', (frame) => {
    const url = frame.url();
    // The response's own address is the sandbox's work.
    const brought = hops.some(
      (hop) => isSandbox(start, hop.url) && URL.parse(hop.headers['location'] ?? '', hop.url)?.href === url,
    );
    if (!brought && !isSandbox(start, url) && /^https?:/u.test(url)) shown.add(`address: ${url}\n`);
  });
}
