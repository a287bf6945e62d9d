import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { chromium, expect, test } from '@playwright/test';
import { findChromium } from '../chromium.ts';
import { openTrigger } from './open-trigger.ts';
import type { Start } from './trigger.ts';

const start: Start = {
  issuer: 'https://localhost:1/check',
  api: 'https://localhost:1/check/api',
  clientId: 'client-1',
  redirectUri: 'https://client.example/callback',
  scenario: 'connect',
};

/** Opens a trigger; `told` resolves with the address of its page. */
async function open(arrivals: string[] = [], timeout = 60) {
  const { promise: told, resolve } = Promise.withResolvers<string>();
  const trigger = await openTrigger({
    trigger: { driver: 'manual', timeout },
    base: '/',
    authorityFile: '/tmp/ca.pem',
    trust: [],
    hosts: [],
    privateNetwork: 'refused',
    note: (text) => resolve(/http:\S+/u.exec(text)?.[0] ?? ''),
    progress: () => arrivals,
  });
  return { trigger, told, [Symbol.asyncDispose]: () => trigger.close() };
}

/** Sends a request with a host of its own, and tells the status. */
async function statusOf(url: string, host: string): Promise<number | undefined> {
  const sent = request(url, { headers: { host } }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

test('a person sees what to do and what arrived, and tells how it ended', async () => {
  const arrivals = ['metadata request'];
  await using opened = await open(arrivals);
  const running = opened.trigger.run(start);
  const browser = await chromium.launch({ ...(await findChromium(process.env)), chromiumSandbox: false });
  const page = await browser.newPage();
  await page.goto(await opened.told);
  await expect(page.locator('main')).toContainText(start.issuer);
  await expect(page.locator('main')).toContainText('/tmp/ca.pem');
  await expect(page.locator('li')).toHaveText(['metadata request']);
  arrivals.push('<script>alert(1)</script>');
  await expect(page.locator('li')).toHaveText(['metadata request', '<script>alert(1)</script>']);
  await page.getByRole('button', { name: 'The app refused' }).click();
  expect(await running).toEqual({ end: 'failed', told: 'a person told that the app refused', shown: '' });
  await expect(page.locator('main')).toContainText('Nothing to do now');
  const next = opened.trigger.run(start);
  await page.getByRole('button', { name: 'The app completed the flow' }).click();
  expect(await next).toMatchObject({ end: 'completed' });
  await browser.close();
});

test('only who was told the address reaches the page, by no other name', async () => {
  await using opened = await open();
  const running = opened.trigger.run(start);
  const url = new URL(await opened.told);
  expect(url.pathname.length).toBeGreaterThan(32);
  expect(await statusOf(url.href, url.host)).toBe(200);
  expect(await statusOf(url.origin, url.host)).toBe(404);
  expect(await statusOf(url.href, `evil.example:${url.port}`)).toBe(404);
  const forged = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ end: 'completed', flow: '1' }),
  });
  expect(forged.status).toBe(409);
  await opened.trigger.close();
  expect(await running).toMatchObject({ end: 'unknown' });
});

test('a person who says nothing tells nothing', async () => {
  await using opened = await open([], 0.2);
  expect(await opened.trigger.run(start)).toMatchObject({
    end: 'unknown',
    told: 'the client did not tell within 0.2 s how the flow ended',
  });
});
