import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { createAuthority } from '../../fixtures/pki/authority.ts';
import type { Exchange } from '../transport/exchange.ts';
import { createRedactor } from '../transport/redact.ts';
import { openTransport } from '../transport/transport.ts';
import { openUser, type UserConfig } from './open-user.ts';

const callback = 'https://client.example/callback';
const authority = createAuthority({ now: new Date() });

const redirect = (response: ServerResponse, status: number, location: string) =>
  response.writeHead(status, { location }).end();
const page = (response: ServerResponse, body: string, status = 200) =>
  response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
    .end(`<!doctype html><title>Example Bank</title><style>p{}</style><h1>Example Bank</h1>${body}`);

const login = (search: string) =>
  `<meta name="referrer" content="same-origin"><form method="post" action="/login${search.replaceAll('&', '&amp;')}">
<input type="hidden" name="csrf" value="token-1"><label>User <input name="username"></label>
<label>Secret <input name="secret" type="password"></label><button>Sign in</button></form>`;

async function answer(request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? '/', 'https://localhost');
  const form = new URLSearchParams(await text(request));
  const mode = url.searchParams.get('mode') ?? '';
  const loggedIn = (request.headers.cookie ?? '').includes('session=alice');
  if (url.pathname === '/authorize') {
    const user = request.headers['x-test-user'] ?? url.searchParams.get('user');
    if (mode === 'error') page(response, '<p>request_uri is <b>un</b>known</p>', 400);
    else if (mode === 'elsewhere') redirect(response, 302, 'https://evil.example/?code=x');
    else if (mode === 'loop') redirect(response, 302, request.url ?? '');
    else if (mode === 'app') redirect(response, 302, 'bank-app://open?x=1');
    else if (mode === 'direct') redirect(response, 303, `${callback}?code=direct`);
    else if (mode === 'automatic')
      redirect(
        response,
        303,
        user === 'reject' ? `${callback}?error=access_denied` : '/authorize?mode=direct',
      );
    else redirect(response, 302, `${loggedIn ? '/consent' : '/login'}${url.search}`);
  } else if (url.pathname === '/login' && request.method === 'GET') page(response, login(url.search));
  else if (url.pathname === '/login') {
    if (
      form.get('username') !== 'alice' ||
      form.get('secret') !== 'wonderland-7' ||
      form.get('csrf') !== 'token-1'
    )
      page(response, `<p>Wrong.</p>${login(url.search)}`, 401);
    else {
      response.setHeader('set-cookie', ['session=alice; Path=/; Secure; HttpOnly; SameSite=Lax', 'other=1']);
      redirect(response, mode === '307' ? 307 : 303, `/consent${url.search}`);
    }
  } else if (url.pathname === '/consent' && (request.method === 'GET' || mode === '307')) {
    if (!loggedIn) page(response, '<p>no session</p>', 403);
    else
      page(
        response,
        `<p>Client <b>Ac</b>me asks for: accounts</p><script>document.title = 'Scripted'</script>
<form method="post" action="/decide?mode=${mode}"><input type="hidden" name="csrf" value="token-2">
<button name="decision" value="yes">Allow</button><button name="decision" value="no">Deny</button></form>`,
      );
  } else if (url.pathname === '/decide') {
    const result = form.get('decision') === 'yes' ? 'code=abc%20d&state=s' : 'error=access_denied&state=s';
    if (mode === 'fragment') redirect(response, 303, `${callback}#${result}`);
    else if (mode === 'form_post') {
      const inputs = [...new URLSearchParams(result)].map(
        ([name, value]) => `<input type="hidden" name="${name}" value="${value}">`,
      );
      page(
        response,
        `<form method="post" action="${callback}">${inputs.join('')}</form><script>document.forms[0].submit()</script>`,
      );
    } else redirect(response, 303, `${callback}?${result}`);
  } else response.writeHead(404).end();
}

/** A small authorization server with a session, a login and a consent page, and ways to answer that real ones have. */
async function startLoginServer() {
  const issued = await (await authority).issue({ commonName: 'as', names: ['localhost'], usage: 'server' });
  const sockets = new Set<Socket>();
  const calls: string[] = [];
  const server = createServer({ cert: issued.certificate, key: issued.key }, (request, response) => {
    calls.push(`${request.method} ${request.url}`);
    void answer(request, response);
  });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    calls,
    url: `https://localhost:${typeof address === 'object' && address !== null ? address.port : 0}/authorize`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function text(request: IncomingMessage): Promise<string> {
  let all = '';
  for await (const chunk of request) all += String(chunk);
  return all;
}

async function open(user: UserConfig, base = '/') {
  const exchanges: Exchange[] = [];
  const root = openTransport({
    hosts: ['localhost'],
    trust: [(await authority).certificate],
    privateNetwork: 'allowed',
    redactor: createRedactor('salt'),
    clock: () => Date.now(),
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  const opened = await openUser({
    user,
    transport: root.recordedBy((exchange) => exchanges.push(exchange)),
    base,
    resolve: async (reference) => ('env' in reference ? 'wonderland-7' : 'wrong'),
  });
  return {
    user: opened,
    exchanges,
    async [Symbol.asyncDispose]() {
      await opened.close();
      await root.close();
    },
  };
}

const password = { env: 'PASSWORD' };
const drivers = {
  http: {
    driver: 'http',
    fields: { username: 'alice', secret: password },
    accept: { button: 'Allow' },
    reject: { button: 'no' },
  },
  browser: {
    driver: 'browser',
    accept: [
      { fill: '[name=username]', with: 'alice' },
      { fill: '[name=secret]', with: password },
      { click: 'text=Sign in' },
      { click: 'text=Allow' },
    ],
    reject: [
      { fill: '[name=username]', with: 'alice' },
      { fill: '[name=secret]', with: password },
      { click: 'text=Sign in' },
      { click: 'text=Deny' },
    ],
  },
} as const satisfies Record<string, UserConfig>;

const wrong = {
  http: { ...drivers.http, fields: { username: 'alice', secret: { file: 'wrong' } } },
  browser: {
    ...drivers.browser,
    accept: drivers.browser.accept.map((step) =>
      'fill' in step && step.fill === '[name=secret]' ? { ...step, with: { file: 'wrong' } } : step,
    ),
  },
} satisfies Record<string, UserConfig>;

for (const name of ['http', 'browser'] as const)
  test.describe(`the ${name} user`, () => {
    test('logs in once, accepts and rejects, and records the way', async () => {
      await using server = await startLoginServer();
      await using opened = await open(drivers[name]);
      const first = await opened.user.visit(server.url, { callback, decision: 'accept' });
      expect(first.landing).toEqual({
        at: 'callback',
        url: `${callback}?code=abc%20d&state=s`,
        parameters: { code: 'abc d', state: 's' },
      });
      const origin = new URL(server.url).origin;
      expect(
        first.hops.map(({ method, url, status, credentials }) => [
          method,
          url.replace(origin, ''),
          status,
          credentials,
        ]),
      ).toEqual([
        ['GET', '/authorize', 302, false],
        ['GET', '/login', 200, false],
        ['POST', '/login', 303, true],
        ['GET', '/consent', 200, false],
        ['POST', '/decide?mode=', 303, false],
      ]);
      expect(first.hops[2]?.headers).toMatchObject({ location: '/consent', 'set-cookie': 'other=1' });
      expect(first.pages.map(({ url, status }) => [url.replace(origin, ''), status])).toEqual([
        ['/login', 200],
        ['/consent', 200],
      ]);
      expect(first.pages[1]?.text).toContain('Example Bank Client Acme asks for: accounts Allow');
      expect(first.pages[1]?.title).toBe(name === 'browser' ? 'Scripted' : 'Example Bank');

      const second = await opened.user.visit(server.url, { callback, decision: 'reject' });
      expect(second.landing).toMatchObject({ at: 'callback', parameters: { error: 'access_denied' } });
      expect(second.hops.some(({ url }) => url.includes('/login'))).toBe(false);

      const fresh = opened.user.fresh();
      const third = await fresh.visit(server.url, { callback, decision: 'reject' });
      await fresh.close();
      expect(third.hops.some(({ url }) => url.includes('/login'))).toBe(true);
      expect(third.landing).toMatchObject({ at: 'callback', parameters: { error: 'access_denied' } });

      expect(JSON.stringify(opened.exchanges)).not.toMatch(/wonderland|abc%20d|session=alice/u);
      expect(opened.exchanges.every(({ purpose }) => purpose === 'user agent')).toBe(true);
    });

    test('looks at the first page, leaves, and may come back', async () => {
      await using server = await startLoginServer();
      await using opened = await open(drivers[name]);
      const { landing, pages } = await opened.user.visit(server.url, { callback, decision: 'leave' });
      expect(landing).toMatchObject({ at: 'page', page: { status: 200, referrer: 'same-origin' } });
      expect(pages).toHaveLength(1);
      expect(server.calls.filter((call) => call.startsWith('POST'))).toEqual([]);
      const back = await opened.user.visit(server.url, { callback, decision: 'accept' });
      expect(back.landing).toMatchObject({ at: 'callback', parameters: { code: 'abc d' } });
    });

    test('understands fragments and posted responses, and never fetches the callback', async () => {
      await using server = await startLoginServer();
      await using opened = await open(drivers[name]);
      for (const mode of ['fragment', 'form_post']) {
        const { landing } = await opened.user.visit(`${server.url}?mode=${mode}`, {
          callback,
          decision: 'accept',
        });
        expect(landing).toMatchObject({ at: 'callback', parameters: { code: 'abc d', state: 's' } });
      }
      // Also where the transport would let it: the callback is at the server itself.
      const own = new URL('/own-callback', server.url).href;
      const { landing } = await opened.user.visit(`${own}?code=1`, { callback: own, decision: 'accept' });
      expect(landing).toMatchObject({ at: 'callback', parameters: { code: '1' } });
      expect(server.calls.some((call) => call.includes('callback'))).toBe(false);
    });

    test('shows that a 307 posts the password again', async () => {
      await using server = await startLoginServer();
      await using opened = await open(drivers[name]);
      const { hops } = await opened.user.visit(`${server.url}?mode=307`, { callback, decision: 'accept' });
      expect(hops.filter(({ credentials }) => credentials).map(({ status }) => status)).toEqual([307, 200]);
    });

    test('lands at an error page', async () => {
      await using server = await startLoginServer();
      await using opened = await open(drivers[name]);
      const url = `${server.url}?mode=error`;
      const { landing, pages } = await opened.user.visit(url, { callback, decision: 'accept' });
      const page = { url, status: 400, title: 'Example Bank', text: 'Example Bank request_uri is unknown' };
      expect(landing).toEqual({ at: 'page', page });
      expect(pages).toEqual([page]);
    });

    test('says that the login failed', async () => {
      await using server = await startLoginServer();
      await using opened = await open(wrong[name]);
      await expect(opened.user.visit(server.url, { callback, decision: 'accept' })).rejects.toMatchObject({
        code: 'login-failed',
        fault: 'configuration',
      });
    });

    test('goes to no host that is not declared, and tells the way to it', async () => {
      await using server = await startLoginServer();
      await using opened = await open(drivers[name]);
      await expect(
        opened.user.visit(`${server.url}?mode=elsewhere`, { callback, decision: 'accept' }),
      ).rejects.toMatchObject({
        code: 'not-reached',
        fault: 'configuration',
        cause: { code: 'host-not-declared' },
        hops: [{ status: 302, headers: { location: 'https://evil.example/?code=x' } }],
      });
    });

    test('gives up a loop', async () => {
      await using server = await startLoginServer();
      await using opened = await open(drivers[name]);
      await expect(
        opened.user.visit(`${server.url}?mode=loop`, { callback, decision: 'accept' }),
      ).rejects.toMatchObject({
        code: 'too-many-hops',
      });
      expect(server.calls.length).toBeLessThan(25);
    });
  });

test('the http user lands at a page without the configured button', async () => {
  await using server = await startLoginServer();
  await using opened = await open({ ...drivers.http, accept: { button: 'Agree' } });
  const { landing } = await opened.user.visit(server.url, { callback, decision: 'accept' });
  expect(landing).toMatchObject({ at: 'page', page: { title: 'Example Bank' } });
});

test('the http user stays where a redirect leads out of the web, and knows a callback that does', async () => {
  await using server = await startLoginServer();
  await using opened = await open(drivers.http);
  const url = `${server.url}?mode=app`;
  const lost = await opened.user.visit(url, { callback, decision: 'accept' });
  expect(lost.landing).toMatchObject({ at: 'page', page: { status: 302 } });
  const app = await opened.user.visit(url, { callback: 'bank-app://open', decision: 'accept' });
  expect(app.landing).toMatchObject({ at: 'callback', parameters: { x: '1' } });
});

test('the browser user runs a script', async () => {
  await using server = await startLoginServer();
  const base = await mkdtemp(join(tmpdir(), 'assay-script-'));
  try {
    await writeFile(
      join(base, 'login.mjs'),
      `export default async (page, decision) => {
        await page.fill('[name=username]', 'alice');
        await page.fill('[name=secret]', 'wonderland-7');
        await page.click('text=Sign in');
        await page.click(decision === 'accept' ? 'text=Allow' : 'text=Deny');
      };`,
    );
    await using opened = await open({ driver: 'browser', script: 'login.mjs' }, base);
    const errand = { callback, decision: 'reject', pictures: 'kept' } as const;
    const { landing, hops, pages } = await opened.user.visit(server.url, errand);
    expect(landing).toMatchObject({ at: 'callback', parameters: { error: 'access_denied' } });
    expect(hops.map(({ credentials }) => credentials)).toEqual([false, false, true, false, false]);
    expect(pages.map(({ url, picture }) => [new URL(url).pathname, picture?.type])).toEqual([
      ['/login', 'png'],
      ['/consent', 'png'],
    ]);
  } finally {
    await rm(base, { recursive: true });
  }
});

test('the browser user says that there is no browser', async () => {
  await using opened = await open(drivers.browser);
  const missing = await openUser({
    user: drivers.browser,
    transport: openTransport({
      hosts: [],
      trust: [],
      privateNetwork: 'refused',
      redactor: createRedactor(''),
      clock: () => 0,
    }),
    base: '/',
    browser: { executablePath: '/nowhere/chromium' },
  });
  await expect(missing.visit('https://localhost', { callback, decision: 'accept' })).rejects.toMatchObject({
    code: 'no-browser',
    fault: 'environment',
  });
  await missing.close();
  expect(opened.exchanges).toEqual([]);
});

for (const [what, extra] of Object.entries({
  headers: (value: string) => ({ headers: { 'x-test-user': value } }),
  'query parameters': (value: string) => ({ query: { user: value } }),
}))
  test(`the automatic user decides by ${what}`, async () => {
    await using server = await startLoginServer();
    await using opened = await open({
      driver: 'automatic',
      accept: extra('accept'),
      reject: extra('reject'),
    });
    const url = `${server.url}?mode=automatic`;
    const accepted = await opened.user.visit(url, { callback, decision: 'accept' });
    expect(accepted.landing).toMatchObject({ at: 'callback', parameters: { code: 'direct' } });
    const rejected = await opened.user.visit(url, { callback, decision: 'reject' });
    expect(rejected.landing).toMatchObject({ at: 'callback', parameters: { error: 'access_denied' } });
  });
