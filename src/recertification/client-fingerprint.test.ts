import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { parse, stringify } from 'yaml';
import { temporaryClientEcosystem } from '../../fixtures/client/ecosystem.ts';
import { makeKey } from '../../fixtures/pki/keys.ts';
import { selfSigned } from '../../fixtures/pki/authority.ts';
import { ClientSession } from '../actors/client-session.ts';
import type { ClientIntegration } from '../directory/client-integration.ts';
import { fingerprintDigest, Fingerprint } from '../evidence/fingerprint.ts';
import { compile } from '../directory/schema.ts';
import { createRedactor } from '../transport/redact.ts';
import { takeClientFingerprint } from './client-fingerprint.ts';

test.describe.configure({ mode: 'default' });

let sample: Awaited<ReturnType<typeof temporaryClientEcosystem>>;

test.beforeAll(async () => {
  sample = await temporaryClientEcosystem({
    app: 'plain',
    trigger: 'command',
    clientAuthentication: 'private_key_jwt',
    senderConstraint: 'mtls',
    protocol: 'openid',
  });
});
test.afterAll(() => sample[Symbol.asyncDispose]());

type Changeable<T> = T extends object ? { -readonly [Name in keyof T]: Changeable<T[Name]> } : T;
type Change = (integration: Changeable<ClientIntegration>) => void;

/** Takes the fingerprint of a changed copy of the sample, as a run does: in a session of its own. */
async function taken(change: Change = () => {}): Promise<Fingerprint> {
  const integration = parse(await readFile(sample.integrationFile, 'utf8'));
  change(integration);
  const file = join(dirname(sample.integrationFile), 'changed.yaml');
  await writeFile(file, stringify(integration));
  const session = new ClientSession({
    file,
    privateNetwork: 'refused',
    redactor: createRedactor('salt'),
    clock: Date.now,
  });
  try {
    return await takeClientFingerprint(session, 'fapi2-clients-1');
  } finally {
    await session.close();
  }
}

/** The parts that a change alters. */
async function altered(change: Change): Promise<readonly string[]> {
  const [before, after] = [await taken(), await taken(change)];
  expect(fingerprintDigest(after) === fingerprintDigest(before)).toBe(
    JSON.stringify(after) === JSON.stringify(before),
  );
  return (Object.keys(before) as (keyof Fingerprint)[]).filter(
    (part) => JSON.stringify(before[part]) !== JSON.stringify(after[part]),
  );
}

test('looks the same twice, and every part is seen', async () => {
  const first = await taken();
  expect(await taken()).toEqual(first);
  expect(compile(Fingerprint)(first).ok).toBe(true);
  const { id } = parse(await readFile(sample.integrationFile, 'utf8')).client;
  expect(first.registration.clients).toEqual([id]);
  expect(first.keys).toEqual([expect.stringMatching(/^[\w-]{43}$/u)]);
  expect(first.certificates).toEqual({ [id]: [expect.stringMatching(/^[0-9a-f]{64}$/u)] });
});

test('other keys and another certificate change their parts', async () => {
  const beside = (name: string): string => join(dirname(sample.integrationFile), name);
  const { d: _, ...other } = await makeKey('ES256', 'other');
  await writeFile(beside('others.json'), JSON.stringify({ keys: [other] }));
  expect(await altered(({ client }) => (client.jwks = { file: 'others.json' }))).toEqual(['keys']);
  const { certificate } = await selfSigned({ commonName: 'other', usage: 'client', now: new Date() });
  await writeFile(beside('other.pem'), certificate);
  expect(await altered(({ client }) => (client.certificate = { file: 'other.pem' }))).toEqual([
    'certificates',
  ]);
});

test('what the client is, and is asked for, changes the registration', async () => {
  const changes: readonly Change[] = [
    ({ client }) => (client.software_version = '2'),
    ({ client }) => client.redirect_uris?.push('https://elsewhere.example/callback'),
    ({ client }) => (client.scope += ' more'),
    ({ features }) => void features.pop(),
    ({ resources }) => void resources.pop(),
    ({ profile }) => (profile.sender_constraint = 'dpop'),
    (integration) => (integration.trigger = { driver: 'manual' }),
  ];
  for (const change of changes) expect(await altered(change)).toEqual(['registration']);
});

test('how the client is started, and where its sandbox is, change nothing', async () => {
  expect(
    await altered((integration) => {
      integration.trigger = { driver: 'command', run: ['./another'], env: { PIN: '1234' } };
      integration.sandbox = { host: 'sandbox.example' };
    }),
  ).toEqual([]);
});
