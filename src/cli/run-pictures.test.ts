import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { resultsOf } from '../../fixtures/self-test/assay-run.ts';
import { temporaryEcosystem } from '../../fixtures/visit.ts';

const check = 'authorization-server/browser/are-shown-the-names-of-the-client-and-the-scopes';

for (const user of ['browser', 'http'] as const)
  test(`a run with the ${user} user keeps ${user === 'browser' ? 'the pages that were judged' : 'no picture'}`, async () => {
    await using ecosystem = await temporaryEcosystem({
      clientAuthentication: 'private_key_jwt',
      senderConstraint: 'dpop',
      protocol: 'openid',
      user,
    });
    const out = join(ecosystem.directory, 'out');
    const results = await resultsOf(ecosystem.integrationFile, out, { only: [check] });
    const [judged, ...others] = results.checks.filter(({ executed }) => executed);
    expect(others).toEqual([]);
    expect(judged).toMatchObject({ id: check, verdict: 'pass' });
    const directory = join(out, results.integration.integration, results.run.id);
    const report = await readFile(join(directory, 'report.html'), 'utf8');
    if (user === 'http') {
      expect(judged).not.toHaveProperty('pictures');
      expect(await readdir(directory)).not.toContain('pictures');
      return;
    }
    expect(judged?.pictures?.map(({ title }) => title)).toEqual(['Sign in', 'Give access']);
    for (const { file, sha256 } of judged?.pictures ?? []) {
      const content = await readFile(join(directory, file));
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
      expect(report).toContain(`data:image/png;base64,${content.toString('base64')}`);
    }
  });
