import { expect, test } from '@playwright/test';
import { browserSources, isInstalled } from './setup.mjs';

const lock = {
  packages: {
    '': {},
    'node_modules/a': { integrity: 'sha512-a' },
    'node_modules/a/node_modules/b': { integrity: 'sha512-b' },
    'node_modules/elsewhere': { integrity: 'sha512-c', optional: true },
  },
};

test('takes packages as installed when npm noted each of the lockfile', () => {
  const { '': _, 'node_modules/elsewhere': __, ...here } = lock.packages;
  expect(isInstalled(lock, { packages: here })).toBe(true);
  expect(isInstalled(lock, undefined)).toBe(false);
  expect(isInstalled(lock, {})).toBe(false);
  expect(isInstalled(lock, { packages: { 'node_modules/a': here['node_modules/a'] } })).toBe(false);
  const newer = { ...here, 'node_modules/a': { integrity: 'sha512-newer' } };
  expect(isInstalled(lock, { packages: newer })).toBe(false);
});

test("gets Debian's Chromium only where it may, and after Playwright's", () => {
  const sources = (uid: number | undefined, ...commands: readonly string[]) =>
    browserSources({ uid, has: (command) => commands.includes(command) }).map((source) => source.commands);
  const playwright = [['playwright', 'install', '--only-shell', 'chromium']];
  const debian = (...before: readonly string[]) => [
    [...before, 'apt-get', 'update'],
    [...before, 'apt-get', 'install', '--yes', '--no-install-recommends', 'chromium-headless-shell'],
  ];
  expect(sources(0, 'apt-get')).toEqual([playwright, debian()]);
  expect(sources(1000, 'apt-get', 'sudo')).toEqual([playwright, debian('sudo', '-n')]);
  expect(sources(1000, 'apt-get')).toEqual([playwright]);
  expect(sources(0, 'brew')).toEqual([playwright]);
  expect(sources(undefined, 'sudo')).toEqual([playwright]);
});
