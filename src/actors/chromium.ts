import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';

/** How Playwright is told which Chromium to launch; nothing where it has its own. */
export interface Chromium {
  readonly executablePath?: string;
}

/**
 * The Chromium to launch: the one that `ASSAY_CHROMIUM` names; else Debian's `chromium-headless-shell` on the path, which has
 * all libraries that it needs; else the one that Playwright downloaded; else `chromium` on the path. Undefined where there
 * is none. Nothing is launched or downloaded.
 */
export async function findChromium(env: NodeJS.ProcessEnv): Promise<Chromium | undefined> {
  const named = env['ASSAY_CHROMIUM'];
  if (named !== undefined && named !== '') return { executablePath: named };
  const debian = await onPath('chromium-headless-shell', env);
  if (debian !== undefined) return { executablePath: debian };
  const { chromium } = await import('@playwright/test');
  const full = chromium.executablePath();
  if (await isThere(join(headlessShellBeside(full), 'INSTALLATION_COMPLETE'))) return {};
  if (await isThere(full)) return { executablePath: full };
  const other = await onPath('chromium', env);
  return other === undefined ? undefined : { executablePath: other };
}

async function onPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const directory of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, name);
    if (directory !== '' && (await isThere(path, constants.X_OK))) return path;
  }
  return undefined;
}

/** Playwright keeps the headless shell of a revision beside the full browser: `chromium-1` and `chromium_headless_shell-1`. */
function headlessShellBeside(executable: string): string {
  const full = dirname(dirname(executable));
  return join(dirname(full), basename(full).replace('chromium', 'chromium_headless_shell'));
}

const isThere = (path: string, mode: number = constants.F_OK): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );
