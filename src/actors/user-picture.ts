import type { Page as Tab } from '@playwright/test';
import type { Picture } from './user.ts';

/** Bytes of a picture at most. */
const largest = 262_144;

/** Pixels of a page that are shown at most. */
const clip = { x: 0, y: 0, width: 1280, height: 1600 };

/** Milliseconds that a picture may take. */
const timeout = 5000;

/** What a user types into: it may hold a secret, whatever its type is. */
const fields =
  ':is(input:not([type=submit], [type=button], [type=reset], [type=image], [type=checkbox], [type=radio], [type=hidden]), textarea, [contenteditable])';

/**
 * What a tab shows, with every field covered. A page full of photographs is a JPEG, as its PNG would be too large; what is
 * too large as either has no picture.
 * @throws the errors of Playwright, where the page cannot be pictured in time.
 */
export async function pictureOf(tab: Tab): Promise<Picture | undefined> {
  for (const format of [{ type: 'png' }, { type: 'jpeg', quality: 60 }] as const) {
    const bytes = await tab.screenshot({
      ...format,
      fullPage: true,
      clip,
      mask: tab.frames().map((frame) => frame.locator(fields)),
      maskColor: '#c4c4c4',
      timeout,
    });
    if (bytes.length <= largest) return { type: format.type, base64: bytes.toString('base64') };
  }
  return undefined;
}
