import { resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page as Tab } from '@playwright/test';
import { isPasswordLike } from '../transport/secrets.ts';
import { findChromium } from './chromium.ts';
import { landed, mostHops, reaches, tooManyHops } from './navigation.ts';
import type { UserConfig } from './open-user.ts';
import { openProxy, type Arrival, type Proxy } from './proxy.ts';
import { makePinnedCertificate, type PinnedCertificate } from './proxy-certificate.ts';
import { UserError } from './user-error.ts';
import type { DriverOptions } from './user-http.ts';
import { pictureOf } from './user-picture.ts';
import type { Decision, Errand, Hop, Page, Picture, User, Visit } from './user.ts';

export type BrowserConfig = Extract<UserConfig, { driver: 'browser' }>;
export type Step = NonNullable<BrowserConfig['accept']>[number];

export interface BrowserOptions extends DriverOptions {
  /** Directory that the script's path starts from. */
  readonly base: string;
  /** Where Chromium is, if not where `findChromium` looks. */
  readonly executablePath?: string;
}

/** Milliseconds that an element, and a document, may take to appear. */
const patience = { element: 10_000, document: 30_000 };

/** One Chromium for a user and all who are made fresh from it. */
interface Shared {
  readonly pinned: PinnedCertificate;
  browser?: Promise<Browser>;
  /** Users whose context and proxy are open. */
  readonly open: Set<User>;
}

/**
 * The user at a real Chromium, which is launched at the first visit. The browser reaches nothing but a proxy of its own,
 * which sends through the transport; it trusts the proxy by the pin of a key that lives in this process only.
 */
export function createBrowserUser(config: BrowserConfig, options: BrowserOptions): User {
  const shared: Shared = { pinned: makePinnedCertificate(), open: new Set() };
  const user = inContext(config, options, shared);
  return {
    ...user,
    async close() {
      for (const each of shared.open) await each.close();
      const launched = shared.browser;
      delete shared.browser;
      await (await launched?.catch(() => undefined))?.close();
    },
  };
}

/**
 * Launches a Chromium that trusts the pinned certificate.
 * @param path Where it is, if not where `findChromium` looks.
 * @throws UserError no-browser
 */
export async function launch(pinned: PinnedCertificate, path?: string): Promise<Browser> {
  const { chromium } = await import('@playwright/test');
  const executablePath = path ?? (await findChromium(process.env))?.executablePath;
  try {
    return await chromium.launch({
      ...(executablePath !== undefined && { executablePath }),
      // Chromium's sandbox does not work for root.
      chromiumSandbox: process.getuid?.() !== 0,
      args: [
        `--ignore-certificate-errors-spki-list=${pinned.pin}`,
        // What does not go through the proxy must not go at all.
        '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
      ],
    });
  } catch (cause) {
    throw new UserError(
      'no-browser',
      `Chromium could not be launched${executablePath === undefined ? '' : ` from ${executablePath}`}; ` +
        "install it with `npx playwright install --only-shell chromium` or as Debian's chromium-headless-shell, " +
        'or name it by ASSAY_CHROMIUM',
      { cause },
    );
  }
}

/** A context without any session, which reaches nothing but the proxy. */
export async function openContext(browser: Browser, proxy: Proxy): Promise<BrowserContext> {
  const context = await browser.newContext({
    proxy: { server: proxy.url },
    serviceWorkers: 'block',
    acceptDownloads: false,
    locale: 'en',
  });
  context.setDefaultTimeout(patience.element);
  context.setDefaultNavigationTimeout(patience.document);
  return context;
}

function inContext(config: BrowserConfig, options: BrowserOptions, shared: Shared): User {
  let opened: Promise<{ proxy: Proxy; context: BrowserContext }> | undefined;
  // One visit at a time: hops belong to the visit that is under way.
  let turn: Promise<unknown> = Promise.resolve();

  async function open() {
    shared.browser ??= launch(shared.pinned, options.executablePath);
    const browser = await shared.browser.catch((error: unknown) => {
      delete shared.browser;
      throw error;
    });
    const proxy = await openProxy(options.transport, shared.pinned);
    return { proxy, context: await openContext(browser, proxy) };
  }

  async function visit(url: string, errand: Errand): Promise<Visit> {
    opened ??= open();
    shared.open.add(self);
    const { proxy, context } = await opened.catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    const recipe = await read(config, errand.decision, options);
    const tab = await context.newPage();
    try {
      return await makeVisit(tab, proxy, recipe, url, errand);
    } catch (error) {
      // Chromium may never close a tab that is between two documents.
      await proxy.quiet();
      throw error;
    } finally {
      proxy.watch(undefined);
      await tab.close();
    }
  }

  const self: User = {
    visit(url, errand) {
      const mine = turn.then(() => visit(url, errand));
      turn = mine.catch(() => undefined);
      return mine;
    },
    fresh: () => inContext(config, options, shared),
    async close() {
      shared.open.delete(self);
      await turn;
      const closing = await opened?.catch(() => undefined);
      opened = undefined;
      await closing?.context.close();
      await closing?.proxy.close();
    },
  };
  return self;
}

interface Recipe {
  readonly steps: readonly { readonly step: Step; readonly value: string }[];
  readonly script: ((tab: Tab, decision: Decision) => unknown) | undefined;
  readonly secrets: readonly string[];
}

async function read(config: BrowserConfig, decision: Decision, options: BrowserOptions): Promise<Recipe> {
  const secrets: string[] = [];
  const steps = await Promise.all(
    (decision === 'leave' ? [] : (config[decision] ?? [])).map(async (step) => {
      if (!('fill' in step)) return { step, value: '' };
      const value = typeof step.with === 'string' ? step.with : await options.resolve(step.with);
      if (typeof step.with !== 'string' || isPasswordLike(step.fill)) secrets.push(value);
      return { step, value };
    }),
  );
  if (config.script === undefined || decision === 'leave') return { steps, script: undefined, secrets };
  const path = resolvePath(options.base, config.script);
  try {
    const module: { default?: unknown } = await import(pathToFileURL(path).href);
    const script = module.default;
    if (typeof script !== 'function') throw new TypeError(`expected a default export that is a function`);
    return { steps, script: (tab, decided) => script(tab, decided), secrets };
  } catch (cause) {
    throw new UserError('script-failed', `the script ${path} cannot be used: ${String(cause)}`, { cause });
  }
}

async function makeVisit(
  tab: Tab,
  proxy: Proxy,
  recipe: Recipe,
  url: string,
  { callback, decision, pictures }: Errand,
): Promise<Visit> {
  const hops: Hop[] = [];
  const pages: Page[] = [];
  let arrival: Arrival | undefined;
  let failure: UserError | undefined;
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  proxy.watch({
    callback,
    secrets: recipe.secrets,
    hops,
    arrived(at) {
      arrival ??= at;
      end();
    },
    failed(error) {
      failure ??= error;
      end();
    },
  });
  const isOver = () => arrival !== undefined || failure !== undefined;
  const orOver = (waiting: Promise<unknown>) => Promise.race([over, waiting.catch(() => undefined)]);

  async function look(): Promise<void> {
    const seen = isOver() ? undefined : await Promise.race([over, seenAt(tab)]);
    if (!seen || isOver()) return;
    const hop =
      hops.findLast((each) => withoutFragment(each.url) === withoutFragment(seen.url)) ?? hops.at(-1);
    const page = { ...seen, status: hop?.status ?? 0 };
    const last = pages.at(-1);
    if (last?.url === page.url && last.text === page.text && last.status === page.status) return;
    const place = pages.push(page) - 1;
    if (pictures === undefined) return;
    const picture = await Promise.race([over, picturedAs(tab, page)]);
    if (picture) pages[place] = { ...page, picture };
  }

  await orOver(tab.goto(url));
  await look();
  try {
    // A script does not tell when it has come to another page: a look is taken before each thing that it does.
    if (recipe.script) {
      await tab.addLocatorHandler(tab.locator('body'), look, { noWaitAfter: true });
      await orRejected(over, Promise.resolve(recipe.script(tab, decision)));
    } else
      for (const { step, value } of recipe.steps) {
        if (isOver()) break;
        await orRejected(over, take(tab, step, value));
        if ('click' in step) await orOver(tab.waitForLoadState('load'));
        await look();
      }
  } catch (cause) {
    if (!isOver())
      throw new UserError(
        'script-failed',
        `the recipe could not be followed at ${tab.url().replace(/[?#].*/su, '')}: ${String(cause)}`,
        {
          cause,
          hops,
        },
      );
  }
  // A page's own script may lead on once its requests are answered.
  if (!isOver()) await orOver(proxy.quiet());
  if (failure) throw failure;
  // Chromium gives up an endless redirect by itself, without asking for more.
  if (!arrival && hops.length >= mostHops) throw tooManyHops(url, callback, hops);
  if (arrival) {
    // The fragment is known to the browser alone; and a tab is closed safely only once its document is loaded.
    const { url: at, form } = arrival;
    await tab
      .waitForURL((each) => reaches(each.href, callback), { timeout: patience.element })
      .catch(() => undefined);
    return { hops, pages, landing: landed(reaches(tab.url(), callback) ? tab.url() : at, form) };
  }
  await look();
  for (const { step } of recipe.steps)
    if ('fill' in step && (await isPassword(tab, step.fill)))
      throw new UserError(
        'login-failed',
        `the field ${step.fill} is still there after the recipe; expected the login to succeed. ` +
          'Check the values and steps under `user`, and the test user at the server',
        { hops },
      );
  const page = pages.at(-1) ?? { url: tab.url(), status: hops.at(-1)?.status ?? 0, title: '', text: '' };
  return { hops, pages, landing: { at: 'page', page } };
}

const withoutFragment = (url: string) => url.replace(/#.*$/su, '');

/** Waits for either; a rejection counts only while the visit is not over. */
async function orRejected(over: Promise<void>, waiting: Promise<unknown>): Promise<void> {
  const quiet = over.then(() => waiting.catch(() => undefined));
  await Promise.race([over, waiting]);
  void quiet;
}

/** Takes a step of a recipe; one whose element is not there is passed over. */
export async function take(tab: Tab, step: Step, value: string): Promise<void> {
  if ('wait' in step) {
    await tab
      .locator(step.wait)
      .first()
      .waitFor()
      .catch(() => undefined);
    return;
  }
  const element = tab.locator('fill' in step ? step.fill : step.click).first();
  if (!(await element.isVisible())) return;
  await ('fill' in step ? element.fill(value) : element.click());
}

async function isPassword(tab: Tab, selector: string): Promise<boolean> {
  const element = tab.locator(selector).first();
  return (await element.isVisible()) && (await element.getAttribute('type')) === 'password';
}

/** The picture of a page; none where the tab has gone on meanwhile, as it might be of what came next. */
async function picturedAs(tab: Tab, page: Page): Promise<Picture | undefined> {
  const picture = await pictureOf(tab).catch(() => undefined);
  const seen = picture && (await seenAt(tab));
  return seen?.url === page.url && seen.text === page.text ? picture : undefined;
}

/** What is shown; undefined between two documents. */
export async function seenAt(tab: Tab): Promise<Omit<Page, 'status'> | undefined> {
  if (!/^https?:/u.test(tab.url())) return undefined;
  try {
    const [title, text, policies] = await Promise.all([
      tab.title(),
      tab.locator('body').innerText({ timeout: 1000 }),
      tab
        .locator('meta[name=referrer i]')
        .evaluateAll((all) => all.flatMap((each) => each.getAttribute('content') ?? [])),
    ]);
    return {
      url: tab.url(),
      title,
      text: text.replaceAll(/\s+/gu, ' ').trim(),
      ...(policies.length === 0 ? {} : { referrer: policies.at(-1) ?? '' }),
    };
  } catch {
    return undefined;
  }
}
