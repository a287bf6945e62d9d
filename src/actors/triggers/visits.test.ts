import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { createAuthority } from '../../../fixtures/pki/authority.ts';
import { openTrigger, type TriggerOptions } from './open-trigger.ts';
import type { Start } from './trigger.ts';

const authority = createAuthority({ now: new Date() });

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

async function serve(handler: Handler) {
  const { certificate: cert, key } = await (
    await authority
  ).issue({ commonName: 'server', names: ['localhost'], usage: 'server' });
  const server = createServer({ cert, key }, (request, response) =>
    handler(request, response, new URL(request.url ?? '', 'https://localhost')),
  );
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const redirect = (response: ServerResponse, location: string) => response.writeHead(303, { location }).end();
const page = (response: ServerResponse, status: number, body: string) =>
  response.writeHead(status, { 'content-type': 'text/html' }).end(`<!doctype html><title>App</title>${body}`);
const hang = () => {};

/** An app and the server that it meets. What the app does is chosen by its start URL. */
async function open(trigger: TriggerOptions['trigger'] | ((app: string) => TriggerOptions['trigger'])) {
  const requests: string[] = [];
  const sandbox = await serve((_request, response, url) => {
    const back = `${url.searchParams.get('redirect_uri')}`;
    const mode = url.searchParams.get('mode');
    if (mode === 'stuck') page(response, 400, 'request_uri is missing');
    else if (mode === 'consent' && url.pathname === '/check/authorize')
      page(
        response,
        200,
        `<form action="/check/consent"><input type="hidden" name="redirect_uri" value="${back}"><button name="consent" value="accept">Allow</button></form>`,
      );
    else redirect(response, `${back}?code=the-code&state=1`);
  });
  const app = await serve((request, response, url) => {
    const { cookie = '', 'sec-fetch-site': site = '' } = request.headers;
    const mode = url.searchParams.get('mode') ?? /mode=([\w-]+)/u.exec(cookie)?.[1] ?? '';
    requests.push(`${url.pathname} ${site}`);
    const issuer = url.searchParams.get('issuer');
    const toSandbox = `${issuer}/authorize?mode=${mode}&redirect_uri=${app.origin}/callback`;
    if (url.pathname === '/start') {
      if (site === 'cross-site') page(response, 403, 'begun by another site');
      else if (mode === 'page') page(response, 200, `<a href="${toSandbox}">Connect</a>`);
      else if (mode === 'loop') redirect(response, request.url ?? '');
      else if (mode === 'away') redirect(response, 'https://elsewhere.example/');
      else if (mode === 'scheme') redirect(response, 'bank-app://open?code=1');
      else if (mode === 'hang') hang();
      else {
        response.setHeader('set-cookie', `session=mode=${mode}; Secure; HttpOnly; Path=/`);
        redirect(response, toSandbox);
      }
    } else if (url.pathname === '/callback') {
      if (!cookie.includes('session=')) page(response, 400, '<p id=refused>no session');
      else if (mode === 'refuse') page(response, 400, '<p id=refused>iss differs');
      else if (mode === 'both') page(response, 200, '<p id=connected>yes<p id=refused>no');
      else if (mode === 'refer')
        page(
          response,
          200,
          '<meta name=referrer content=unsafe-url><p id=connected>done<img src="https://tracker.example/x"><img src="/x">',
        );
      else if (mode === 'leak') redirect(response, `/done?code=${url.searchParams.get('code')}`);
      else page(response, 200, '<p id=connected>3 accounts<script>console.log("was here")</script>');
    } else if (url.pathname === '/status') {
      const asked = requests.filter((each) => each.startsWith('/status')).length;
      response.writeHead(asked === 1 ? 503 : 200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ outcome: asked < 3 ? 'pending' : mode === 'refuse' ? 'failed' : 'completed' }),
      );
    } else page(response, 200, '<p id=connected>done');
  });
  const opened = await openTrigger({
    trigger: typeof trigger === 'function' ? trigger(app.origin) : trigger,
    base: '/',
    authorityFile: '/ca.pem',
    trust: [(await authority).certificate],
    hosts: [],
    privateNetwork: 'allowed',
    note: () => {},
  });
  const start: Start = {
    issuer: `${sandbox.origin}/check`,
    api: `${sandbox.origin}/check/api`,
    clientId: 'client-1',
    redirectUri: `${app.origin}/callback`,
    scenario: 'connect',
  };
  return {
    trigger: opened,
    start,
    requests,
    async [Symbol.asyncDispose]() {
      await opened.close();
      sandbox.stop();
      app.stop();
    },
  };
}

const http =
  (mode: string, more: { status?: string; timeout?: number } = {}) =>
  (app: string): TriggerOptions['trigger'] => ({
    driver: 'http',
    start: `${app}/start?issuer={issuer}&mode=${mode}`,
    ...more,
    ...(more.status !== undefined && { status: `${app}${more.status}` }),
  });

const browser =
  (mode: string, more: object = {}) =>
  (app: string): TriggerOptions['trigger'] => ({
    driver: 'browser',
    start: `${app}/start?issuer={issuer}&mode=${mode}`,
    completed: '#connected',
    failed: '#refused',
    ...more,
  });

test.describe('http', () => {
  test('goes through the sandbox to the app, as a browser does', async () => {
    await using opened = await open(http('ok'));
    const outcome = await opened.trigger.run(opened.start);
    expect(outcome).toMatchObject({
      end: 'completed',
      told: `${opened.start.redirectUri} answered 200`,
    });
    expect(outcome.shown).toContain('3 accounts');
    expect(opened.requests).toEqual(['/start none', '/callback cross-site']);
  });

  test('keeps what the app shows, not what the sandbox sent', async () => {
    await using opened = await open(http('ok'));
    expect((await opened.trigger.run(opened.start)).shown).not.toContain('the-code');
    await using leaking = await open(http('leak'));
    expect((await leaking.trigger.run(leaking.start)).shown).toContain('location: /done?code=the-code');
  });

  test('an error of the app tells that it refused', async () => {
    await using opened = await open(http('refuse'));
    const outcome = await opened.trigger.run(opened.start);
    expect(outcome).toMatchObject({
      end: 'failed',
      told: expect.stringMatching(/callback answered 400: .*iss differs$/u),
    });
  });

  for (const [mode, told] of Object.entries({
    stuck: /left at a page of the sandbox, where .*answered 400: .*request_uri is missing/u,
    page: /answered 200 without leading to the sandbox\. .*driver `browser`/u,
    loop: /within 20 requests/u,
    away: /elsewhere\.example:443 is not among the declared hosts/u,
    scheme: /a redirect that a browser does not follow on the web \(bank-app:\/\/open\)$/u,
    hang: /^the client did not tell within 1 s how the flow ended; nothing was answered$/u,
  }))
    test(`knows nothing of the end: ${mode}`, async () => {
      await using opened = await open(http(mode, { timeout: 1 }));
      const outcome = await opened.trigger.run(opened.start);
      expect(outcome).toMatchObject({ end: 'unknown', told: expect.stringMatching(told) });
    });

  for (const [mode, end] of [
    ['ok', 'completed'],
    ['refuse', 'failed'],
  ] as const)
    test(`the status URL tells: ${end}`, async () => {
      await using opened = await open(http(mode, { status: '/status' }));
      const outcome = await opened.trigger.run(opened.start);
      expect(outcome).toMatchObject({
        end,
        told: expect.stringMatching(RegExp(`/status told: ${end}$`, 'u')),
      });
      expect(opened.requests.filter((each) => each.startsWith('/status'))).toHaveLength(3);
    });

  test('an app that is not there is no outcome', async () => {
    await using opened = await open({ driver: 'http', start: 'https://localhost:1/start' });
    await expect(opened.trigger.run(opened.start)).rejects.toMatchObject({
      code: 'not-started',
      fault: 'environment',
    });
  });

  test('stops before the response, and brings it to the browser that began or to another', async () => {
    await using opened = await open(http('ok'));
    const { begin } = opened.trigger;
    const begun = await begin?.(opened.start);
    expect(begun?.response.href).toBe(`${opened.start.redirectUri}?code=the-code&state=1`);
    expect(opened.requests).toEqual(['/start none']);
    const response = new URL(begun?.response ?? '');
    expect(await begun?.deliver(response, 'other')).toMatchObject({ end: 'failed' });
    expect(await begun?.deliver(response, 'same')).toMatchObject({ end: 'completed' });
    expect(opened.requests).toEqual(['/start none', '/callback cross-site', '/callback cross-site']);
  });

  test('begins as another site would', async () => {
    await using opened = await open(http('ok'));
    await expect(
      opened.trigger.begin?.(opened.start, { 'Sec-Fetch-Site': 'cross-site' }),
    ).rejects.toMatchObject({
      code: 'no-response',
      outcome: { end: 'failed', told: expect.stringMatching(/start answered 403/u) },
    });
  });
});

test.describe('browser', () => {
  test('follows the steps, consents, and sees that the flow completed', async () => {
    await using opened = await open(browser('consent', { consent: 'page' }));
    const outcome = await opened.trigger.run(opened.start);
    expect(outcome).toMatchObject({ end: 'completed', told: `${opened.start.redirectUri} shows #connected` });
    expect(outcome.shown).toContain('console: was here');
    expect(outcome.shown).not.toContain('the-code');
    expect(opened.trigger.begin).toBeUndefined();
  });

  test('clicks, and sees that the app refused', async () => {
    await using opened = await open(
      browser('page', { steps: [{ click: 'text=Connect' }, { wait: '#never' }] }),
    );
    expect(await opened.trigger.run(opened.start)).toMatchObject({
      end: 'failed',
      told: `${opened.start.redirectUri} shows #refused`,
    });
  });

  test('keeps where the app led the browser', async () => {
    await using opened = await open(browser('leak'));
    const { end, shown } = await opened.trigger.run(opened.start);
    expect(end).toBe('completed');
    expect(shown).toMatch(/address: .*\/done\?code=the-code/u);
  });

  test('keeps what pages of the app tell other sites', async () => {
    await using opened = await open(browser('refer'));
    const { end, shown } = await opened.trigger.run(opened.start);
    expect(end).toBe('completed');
    expect(shown.match(/referer: .*/gu)).toEqual([
      `referer: ${opened.start.redirectUri}?code=the-code&state=1`,
    ]);
  });

  for (const [mode, told] of Object.entries({
    stuck: /^the client did not tell within 3 s how the flow ended at .*authorize: request_uri is missing$/u,
    both: /shows both #connected and #refused/u,
    away: /elsewhere\.example:443 is not among the declared hosts/u,
  }))
    test(`knows nothing of the end: ${mode}`, async () => {
      await using opened = await open(browser(mode, { timeout: 3 }));
      const outcome = await opened.trigger.run(opened.start);
      expect(outcome).toMatchObject({ end: 'unknown', told: expect.stringMatching(told) });
    });

  // Port 1 is one that Chromium refuses by itself; at 2 nothing listens.
  for (const port of [1, 2])
    test(`an app that is not there is no outcome: port ${port}`, async () => {
      const start = `https://localhost:${port}/`;
      await using opened = await open({ driver: 'browser', start, completed: 'a', failed: 'b' });
      await expect(opened.trigger.run(opened.start)).rejects.toMatchObject({ code: 'not-started' });
    });
});
