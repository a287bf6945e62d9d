import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';

/** How Playwright is told which Chromium to launch; nothing where it has its own. */
export interface Chromium {
  readonly executablePath?: string;
}

/**
 * The Chromium to launch: the one that `ASSAY_CHROMIUM` names, else the one that Playwright downloaded, else Debian's
 * `chromium-headless-shell` or `chromium` on the path. Undefined where there is none; nothing is launched or downloaded.
 */
export async function findChromium(env: NodeJS.ProcessEnv): Promise<Chromium | undefined> {
  const named = env['ASSAY_CHROMIUM'];
  if (named !== undefined && named !== '') return { executablePath: named };
  const { chromium } = await import('@playwright/test');
  const full = chromium.executablePath();
  if (await isThere(join(headlessShellBeside(full), 'INSTALLATION_COMPLETE'))) return {};
  const onPath = ['chromium-headless-shell', 'chromium'].flatMap((name) =>
    (env['PATH'] ?? '')
      .split(delimiter)
      .filter((directory) => directory !== '')
      .map((directory) => join(directory, name)),
  );
  for (const executablePath of [full, ...onPath])
    if (await isThere(executablePath, constants.X_OK)) return { executablePath };
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
