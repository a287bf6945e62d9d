import { defineConfig } from '@playwright/test';

/**
 * Two kinds of tests: `suites` are the product's checks, which `assay run` drives against an integration;
 * `unit` are the tests of Assay itself. `npm test` runs the second, and the second runs the first.
 */
export default defineConfig({
  fullyParallel: true,
  // A flaky conformance verdict is a defect: nothing is tried twice.
  retries: 0,
  timeout: 120_000,
  // The tests wait for other processes more than they compute.
  workers: '100%',
  reporter: [['line']],
  outputDir: 'reports/.playwright',
  projects: [
    { name: 'unit', testMatch: /(src|fixtures|suites)\/.*\.test\.[jt]s$/u },
    { name: 'suites', testDir: 'suites', testMatch: /\.spec\.[jt]s$/u },
  ],
});
