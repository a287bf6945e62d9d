import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chromium, expect, test } from '@playwright/test';
import { findChromium } from './chromium.ts';

test('finds a Chromium that starts', async () => {
  const found = await findChromium(process.env);
  expect(found).toBeDefined();
  const browser = await chromium.launch({ ...found, chromiumSandbox: process.getuid?.() !== 0 });
  expect(browser.version()).toMatch(/^\d+\./u);
  await browser.close();
});

test('takes the one that is named, whatever else is there', async () => {
  expect(await findChromium({ ...process.env, ASSAY_CHROMIUM: '/opt/mine' })).toEqual({
    executablePath: '/opt/mine',
  });
});

test("prefers Debian's headless shell on the path, and takes only what can be executed", async () => {
  const own = await findChromium({});
  test.skip(own !== undefined, 'Playwright has a Chromium of its own here, which comes first');
  const directory = await mkdtemp(join(tmpdir(), 'assay-chromium-'));
  const [first, second] = [join(directory, 'first'), join(directory, 'second')];
  const env = { PATH: ['', first, second].join(delimiter) };
  try {
    for (const each of [first, second]) {
      await mkdir(each);
      await writeFile(join(each, 'chromium'), '');
    }
    expect(await findChromium(env)).toBeUndefined();
    await chmod(join(second, 'chromium'), 0o755);
    expect(await findChromium(env)).toEqual({ executablePath: join(second, 'chromium') });
    await writeFile(join(second, 'chromium-headless-shell'), '', { mode: 0o755 });
    expect(await findChromium(env)).toEqual({ executablePath: join(second, 'chromium-headless-shell') });
  } finally {
    await rm(directory, { recursive: true });
  }
});
