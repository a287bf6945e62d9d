import { chromium } from '@playwright/test';
import { findChromium } from '../actors/chromium.ts';

// Launches the Chromium that would be used, and prints its path.
const found = await findChromium(process.env);
if (found === undefined) {
  process.stderr.write('there is none\n');
  process.exitCode = 1;
} else {
  const server = await chromium.launchServer({ ...found, chromiumSandbox: process.getuid?.() !== 0 });
  process.stdout.write(`${server.process().spawnfile}\n`);
  await server.close();
}
