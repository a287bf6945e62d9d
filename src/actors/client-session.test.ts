import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { parse, stringify } from 'yaml';
import { temporaryClientEcosystem } from '../../fixtures/client/ecosystem.ts';
import type { Trigger } from '../directory/client-integration.ts';
import { createRedactor } from '../transport/redact.ts';
import { ClientSession } from './client-session.ts';
import { responseWith } from './sandbox/edits.ts';

test('an app at a real browser goes through flows, and its user consents on the page of the sandbox', async () => {
  await using sample = await temporaryClientEcosystem({
    app: 'plain',
    clientAuthentication: 'private_key_jwt',
    senderConstraint: 'dpop',
    protocol: 'openid',
  });
  const { trigger, ...others } = parse(await readFile(sample.integrationFile, 'utf8')) as {
    trigger: Trigger;
  };
  if (trigger.driver !== 'http') throw new TypeError('expected an app that runs');
  const file = join(dirname(sample.integrationFile), 'browser.yaml');
  await writeFile(
    file,
    stringify({
      ...others,
      trigger: {
        driver: 'browser',
        start: trigger.start,
        consent: 'page',
        completed: 'pre:has-text("completed")',
        failed: 'pre:has-text("failed")',
      },
    }),
  );
  const session = new ClientSession({
    file,
    privateNetwork: 'allowed',
    redactor: createRedactor('salt'),
    clock: Date.now,
  });
  try {
    const valid = await session.flow();
    expect(valid.outcome.end, valid.outcome.told).toBe('completed');
    expect(valid.issuer.arrivals.map(({ at }) => at)).toEqual(
      expect.arrayContaining(['authorization', 'consent', 'token', 'call']),
    );
    const other = await session.flow({ deviation: responseWith('no iss', { iss: undefined }) });
    expect(other.outcome.end, other.outcome.told).toBe('failed');
    // It was shown by the answer to the consent, and nothing came after that.
    expect(other.issuer.since).toEqual([]);
  } finally {
    await session.close();
  }
});
