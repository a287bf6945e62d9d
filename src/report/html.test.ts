import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { expect, test, type Page, type TestInfo } from '@playwright/test';
import { findChromium } from '../actors/chromium.ts';
import { renderHtml } from './html.ts';
import type { Results } from './results.ts';
import { sampleResults } from './sample.ts';

test.use({
  launchOptions: {
    ...(await findChromium(process.env)),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  },
});

const hostile = `</script><script>document.title='owned'</script><img src=x onerror="document.title='owned'">" ' \u202Eevil\u0000`;

/** Opens a report from a file and keeps what the browser complains of or asks for. */
async function open(page: Page, info: TestInfo, results: Results): Promise<{ url: string; noise: string[] }> {
  const file = info.outputPath('report.html');
  await writeFile(file, renderHtml(results));
  const url = pathToFileURL(file).href;
  const noise: string[] = [];
  page.on('console', (message) => noise.push(message.text()));
  page.on('pageerror', (error) => noise.push(error.message));
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url) noise.push(`request of ${request.url()}`);
  });
  await page.goto(url);
  return { url, noise };
}

/** The least contrast of any text with what lies behind it. */
function leastContrast(): { ratio: number; what: string } {
  // It runs in the page, and so must bring everything along.
  // oxlint-disable unicorn/consistent-function-scoping
  const channels = (colour: string): number[] => (colour.match(/[\d.]+/gu) ?? []).map(Number);
  const luminance = ([r = 0, g = 0, b = 0]: number[]): number => {
    const [x = 0, y = 0, z = 0] = [r, g, b].map((value) => {
      const part = value / 255;
      return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  // oxlint-enable unicorn/consistent-function-scoping
  const ground = (element: Element | null): number[] => {
    for (let node = element; node !== null; node = node.parentElement) {
      const colour = channels(getComputedStyle(node).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  let worst = { ratio: 21, what: '' };
  for (const element of document.querySelectorAll('body *')) {
    const own = Array.from(element.childNodes).some(
      (node) => node.nodeType === 3 && node.textContent?.trim() !== '',
    );
    if (!own || ['SCRIPT', 'STYLE', 'title'].includes(element.tagName)) continue;
    const a = luminance(channels(getComputedStyle(element).color));
    const b = luminance(ground(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) worst = { ratio, what: element.outerHTML.slice(0, 120) };
  }
  return worst;
}

test('loads without a word on the console and without any request', async ({ page }, info) => {
  const { noise } = await open(page, info, sampleResults());
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Fail');
  await page.getByRole('searchbox').fill('plain');
  expect(noise).toEqual([]);
});

test('says the verdict, its reason and its fault first', async ({ page }, info) => {
  await open(page, info, sampleResults());
  const verdict = page.getByRole('main').locator('section').first();
  await expect(verdict).toContainText('Fail');
  await expect(verdict).toContainText('accepts the plain PKCE method');
  await expect(verdict).toContainText('Fault: subject');
  await expect(page).toHaveTitle(/^Fail: northbank \/ accounts-as/u);
});

test('opens what did not pass and folds what did', async ({ page }, info) => {
  await open(page, info, sampleResults());
  expect(await page.locator('#findings .check[open] > summary h3').allTextContents()).toHaveLength(8);
  await expect(page.locator('#findings .check').first()).toContainText('status 201 with a request_uri');
  await expect(page.locator('#findings mark').first()).toHaveText('edit: replace code_challenge_method');
  expect(await page.locator('#checks .check').count()).toBe(82);
  expect(await page.locator('#checks .check[open]').count()).toBe(0);
});

test('orders requirements as the specification does', async ({ page }, info) => {
  await open(page, info, sampleResults());
  const ids = await page.locator('#coverage .requirement .id').allTextContents();
  expect(ids).toHaveLength(45);
  expect(ids.indexOf('fapi2-sp/5.3.2.2-9')).toBeLessThan(ids.indexOf('fapi2-sp/5.3.2.2-10'));
  await expect(page.locator('#coverage a[href*="section-5.3.2.2-2.9"]')).toHaveCount(1);
});

for (const colorScheme of ['light', 'dark'] as const)
  test(`has a contrast of at least 4.5 in the ${colorScheme} scheme`, async ({ page }, info) => {
    await page.emulateMedia({ colorScheme });
    await open(page, info, sampleResults());
    const { ratio, what } = await page.evaluate(leastContrast);
    expect(ratio, what).toBeGreaterThanOrEqual(4.5);
  });

for (const width of [360, 768, 1280])
  test(`never scrolls sideways at ${width} pixels`, async ({ page }, info) => {
    await page.setViewportSize({ width, height: 800 });
    const results = sampleResults();
    results.integration.file = `/srv/${'long-'.repeat(60)}.yaml`;
    await open(page, info, results);
    await page.locator('details').evaluateAll((all) => {
      for (const each of all) each.setAttribute('open', '');
    });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  });

for (const width of [360, 1024, 1280])
  test(`keeps the longest verdict on one line at ${width} pixels`, async ({ page }, info) => {
    await page.setViewportSize({ width, height: 800 });
    await open(page, info, { ...sampleResults(), verdict: 'inconclusive' });
    const [height, size] = await page
      .locator('h1 .word')
      .evaluate((word) => [word.clientHeight, Number.parseFloat(getComputedStyle(word).fontSize)]);
    expect(height).toBeLessThan(1.5 * (size ?? 0));
  });

test('tells what is waived after all that is not', async ({ page }, info) => {
  await open(page, info, sampleResults());
  await expect(page.locator('#findings .check').last().locator('summary .badge')).toHaveText('Fail, waived');
});

test('has one main heading and skips no level', async ({ page }, info) => {
  await open(page, info, sampleResults());
  const levels = await page
    .locator('h1,h2,h3,h4,h5,h6')
    .evaluateAll((all) => all.map((each) => Number(each.tagName[1])));
  expect(levels.filter((level) => level === 1)).toHaveLength(1);
  levels.reduce((before, level) => {
    expect(level - before).toBeLessThanOrEqual(1);
    return level;
  }, 0);
});

test('has landmarks, table headers and unique ids', async ({ page }, info) => {
  await open(page, info, sampleResults());
  for (const role of ['banner', 'navigation', 'main', 'contentinfo'] as const)
    await expect(page.getByRole(role)).toHaveCount(1);
  await expect(page.getByRole('columnheader')).toHaveText(['Verdict', 'Requirements', 'Checks']);
  await expect(page.getByRole('rowheader')).toHaveCount(5);
  const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  const broken = await page
    .locator('a[href^="#"]')
    .evaluateAll((all) =>
      all
        .map((each) => each.getAttribute('href') ?? '')
        .filter((href) => document.getElementById(href.slice(1)) === null),
    );
  expect(broken).toEqual([]);
});

test('is reached by keyboard, with the focus in sight', async ({ page }, info) => {
  await open(page, info, sampleResults());
  const visited: string[] = [];
  for (let step = 0; step < 30; step += 1) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate(() => {
      const node = document.activeElement;
      const box = node?.getBoundingClientRect();
      return {
        name: `${node?.tagName} ${node?.textContent?.trim().slice(0, 30)}`,
        outline: node === null ? '' : getComputedStyle(node).outlineStyle,
        seen: box !== undefined && box.bottom > 0 && box.top < innerHeight && box.width > 0,
      };
    });
    expect(focus, focus.name).toMatchObject({ outline: 'solid', seen: true });
    visited.push(focus.name);
  }
  expect(visited[0]).toBe('A Skip to the verdict');
  expect(visited.some((name) => name.startsWith('SUMMARY'))).toBe(true);
  expect(visited.some((name) => name.startsWith('PRE'))).toBe(true);
});

test('leads from a requirement to its folded check', async ({ page }, info) => {
  const { url } = await open(page, info, sampleResults());
  const id = 'check-authorization-server-token-exchanges-a-code';
  await page.locator(`#coverage details:has(a[href="#${id}"]) > summary`).click();
  await page.locator(`#coverage a[href="#${id}"]`).click();
  await expect(page.locator(`#${id}`)).toHaveAttribute('open', '');
  await page.goto('about:blank');
  await page.goto(`${url}#check-authorization-server-dpop-rejects-no-proof`);
  await expect(page.locator('#check-authorization-server-dpop-rejects-no-proof')).toHaveAttribute('open', '');
});

test('shows what a check measured', async ({ page }, info) => {
  await open(page, info, sampleResults());
  await expect(page.getByText('revoked token refused after: 38 ms')).toHaveCount(1);
});

test('filters and unfolds the other checks', async ({ page }, info) => {
  await open(page, info, sampleResults());
  await page.getByRole('searchbox').fill('5.3.2.2-1 response');
  await expect(page.locator('#checks output')).toHaveText('3 of 82 checks');
  await page.getByRole('button', { name: 'Unfold all' }).click();
  await expect(page.locator('#checks .check[open]')).toHaveCount(3);
});

test.describe('without script', () => {
  test.use({ javaScriptEnabled: false });
  test('shows everything but the filter', async ({ page }, info) => {
    await open(page, info, sampleResults());
    await expect(page.getByText('status 201 with a request_uri').first()).toBeVisible();
    await expect(page.getByRole('searchbox')).toBeHidden();
    await page.locator('#checks summary').first().click();
    await expect(page.locator('#checks .check').first()).toContainText('1 exchange');
  });
});

test('escapes whatever a subject sent', async ({ page }, info) => {
  const results = sampleResults();
  const check = results.checks.find(({ verdict }) => verdict === 'fail');
  const exchange = check?.exchanges[0];
  if (check === undefined || exchange?.response === undefined)
    throw new Error('the sample has a failure with an answer');
  Object.assign(check, {
    title: hostile,
    actual: hostile,
    expected: hostile,
    reason: hostile,
    hint: hostile,
    stack: hostile,
  });
  Object.assign(exchange, { purpose: hostile, edits: [hostile] });
  exchange.request.url = `https://as.example/${hostile}`;
  exchange.response.headers = [{ name: hostile, value: hostile }];
  exchange.response.body = hostile + 'x'.repeat(100_000);
  for (const requirement of results.requirements)
    Object.assign(requirement, { text: hostile, link: 'javascript:alert(1)' });
  Object.assign(results, { reason: hostile });
  const { noise } = await open(page, info, results);
  await expect(page).toHaveTitle(/^Fail/u);
  expect(noise).toEqual([]);
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.locator('[href^="javascript"]').count()).toBe(0);
  await expect(page.getByText('⟨U+202E⟩evil⟨U+0000⟩').first()).toBeAttached();
  await expect(page.getByText(/Cut here: 92.\d{3} more characters stand in exchanges.har/u)).toBeAttached();
  expect(await page.content()).not.toMatch(/\u202E/u);
});

test('an interrupted run does not look like a pass, whatever its document says', async ({ page }, info) => {
  const results: Results = { ...sampleResults(), verdict: 'pass', reason: 'Every requirement passes.' };
  results.run.status = 'interrupted';
  await open(page, info, results);
  await expect(page.locator('h1 .word')).toHaveText('Interrupted');
  await expect(page.getByRole('note', { name: 'Limits of this run' })).toContainText(
    'The run was interrupted',
  );
  await expect(page.locator('.verdict')).not.toHaveClass(/pass/u);
});

test('a part of the profile is not called a pass', async ({ page }, info) => {
  const results: Results = { ...sampleResults(), verdict: 'pass', reason: 'Every requirement passes.' };
  Object.assign(results.run, { selection: '--only 5.3.2.2-5', tier: 'fast' });
  await open(page, info, results);
  await expect(page.locator('h1 .word')).toHaveText('Partial pass');
  const note = page.getByRole('note', { name: 'Limits of this run' });
  await expect(note).toContainText('--only 5.3.2.2-5');
  await expect(note).toContainText('3 checks of 90 not executed');
});

test('prints on paper without tools and without cut lines', async ({ page }, info) => {
  await open(page, info, sampleResults());
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await expect(page.getByRole('navigation')).toBeHidden();
  expect(await page.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor)).toBe(
    'rgb(255, 255, 255)',
  );
  expect(
    await page
      .locator('pre:visible')
      .first()
      .evaluate((pre) => pre.scrollWidth <= pre.clientWidth),
  ).toBe(true);
});

test('stands with nothing in it', async ({ page }, info) => {
  const results: Results = {
    ...sampleResults(),
    checks: [],
    requirements: [],
    verdict: 'inconclusive',
    reason: 'Nothing was reached.',
  };
  const { noise } = await open(page, info, results);
  await expect(page.getByText('No check was executed.')).toBeVisible();
  expect(noise).toEqual([]);
});
