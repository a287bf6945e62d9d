import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@playwright/test';
import { findChromium } from '../actors/chromium.ts';
import { compile } from '../directory/schema.ts';
import type { CheckRecord } from './assemble.ts';
import { describePictures, pictureFiles, type KeptPicture } from './pictures.ts';
import { publish } from './publish.ts';
import { Results } from './results.ts';
import { sampleResults } from './sample.ts';

test.use({
  launchOptions: {
    ...(await findChromium(process.env)),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  },
});

const hostile = `"><script>document.title='owned'</script>`;

/** A PNG of one pixel. */
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const kept: readonly KeptPicture[] = ['Sign in', hostile].map((title) => ({
  title,
  url: 'https://as.example/consent',
  type: 'png',
  base64: pixel,
}));

/** A run whose first finding, and first check that passed, judged pages. */
function pictured(): { results: Results; records: readonly CheckRecord[] } {
  const results = sampleResults();
  const records = (['fail', 'pass'] as const).map((wanted): CheckRecord => {
    const check = results.checks.find(({ verdict }) => verdict === wanted);
    if (check === undefined) throw new Error(`the sample has a check with the verdict ${wanted}`);
    check.pictures = describePictures(check.id, kept);
    const { id, title, file, line } = check;
    return {
      id,
      title,
      file,
      line,
      requirements: [],
      conditions: [],
      tier: 'fast',
      evidence: { ending: { end: 'completed' }, exercised: 1, exchanges: [], pictures: kept },
    };
  });
  return { results, records };
}

test('writes each picture as the file that the result document names', async ({}, info) => {
  const { results, records } = pictured();
  expect(compile(Results)(results)).toMatchObject({ ok: true });
  const directory = info.outputPath('run');
  await publish(directory, results, { pictures: pictureFiles(records) });
  const named = results.checks.flatMap(({ pictures = [] }) => pictures);
  expect(named.map(({ file }) => file)).toContain(
    'pictures/authorization-server.par.rejects-the-plain-method-2.png',
  );
  expect(
    (await readdir(info.outputPath('run', 'pictures'))).map((name) => `pictures/${name}`).toSorted(),
  ).toEqual(named.map(({ file }) => file).toSorted());
  for (const { file, sha256 } of named)
    expect(
      createHash('sha256')
        .update(await readFile(info.outputPath('run', file)))
        .digest('hex'),
    ).toBe(sha256);
});

test('the report shows them inside their checks, and stays one file', async ({ page }, info) => {
  const { results, records } = pictured();
  const directory = info.outputPath('run');
  await publish(directory, results, { pictures: pictureFiles(records) });
  const noise: string[] = [];
  page.on('console', (message) => noise.push(message.text()));
  page.on('request', (request) => noise.push(request.url()));
  const url = pathToFileURL(info.outputPath('run', 'report.html')).href;
  await page.goto(url);
  await expect(page.locator('#findings .check').first().getByRole('img')).toHaveCount(2);
  await page.locator('#checks .check:has(img) > summary').click();
  const images = page.getByRole('img', { name: 'The page' });
  await expect(images).toHaveCount(4);
  await expect(images.last()).toBeVisible();
  expect(
    await images.evaluateAll((all) =>
      all.map((image) => image instanceof HTMLImageElement && image.naturalWidth),
    ),
  ).toEqual([1, 1, 1, 1]);
  await expect(page.locator('figcaption').nth(1)).toContainText(hostile);
  await expect(page).toHaveTitle(/^Fail/u);
  expect(noise).toEqual([url]);
});

test('without the files, the report names them', async ({ page }, info) => {
  const { results } = pictured();
  await publish(info.outputPath('run'), results);
  await page.goto(pathToFileURL(info.outputPath('run', 'report.html')).href);
  await expect(page.locator('#findings figcaption').first()).toContainText(
    'pictures/authorization-server.par',
  );
  expect(await page.getByRole('img', { name: 'The page' }).count()).toBe(0);
});
