import { expect, test } from '@playwright/test';
import { findChromium } from './chromium.ts';
import { pictureOf } from './user-picture.ts';

test.use({
  launchOptions: {
    ...(await findChromium(process.env)),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  },
});

/** A page that lets nobody add a style, as login pages do. */
const form = (typed: string, shown: string): string => `<!doctype html>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; frame-src data:"><p>${shown}</p>
<input name="otp" value="${typed}"><input type="password" value="${typed}"><textarea>${typed}</textarea>
<div contenteditable>${typed}</div><iframe src="data:text/html,<input value=${typed}>"></iframe>`;

test('shows a page, and nothing of what its fields hold', async ({ page }) => {
  const pictured = async (html: string) => {
    await page.setContent(html);
    return (await pictureOf(page))?.base64;
  };
  const one = await pictured(form('472913', 'Acme asks'));
  expect(
    Buffer.from(one ?? '', 'base64')
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  expect(await pictured(form('558064', 'Acme asks'))).toBe(one);
  expect(await pictured(form('472913', 'Another asks'))).not.toBe(one);
});

/** A page whose colours vary by a degree from pixel to pixel, as in photographs. */
const grainy = (
  degree: number,
): string => `<!doctype html><body style="margin:0"><canvas></canvas><script type="module">
const canvas = Object.assign(document.querySelector('canvas'), { width: 1280, height: 1600 });
const context = canvas.getContext('2d');
const image = context.createImageData(1280, 1600);
let state = 7;
for (let at = 0; at < image.data.length; at += 1) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  image.data[at] = at % 4 === 3 ? 255 : 128 + (state >>> 24) % ${degree};
}
context.putImageData(image, 0, 0);
</script>`;

test('keeps within its bound', async ({ page }) => {
  await page.setContent(grainy(8));
  const picture = await pictureOf(page);
  expect(picture?.type).toBe('jpeg');
  expect(Buffer.from(picture?.base64 ?? '', 'base64').length).toBeLessThanOrEqual(262_144);
  await page.setContent(grainy(128));
  expect((await pictureOf(page))?.type).toBeUndefined();
});
