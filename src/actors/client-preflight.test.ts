import { generateKeyPairSync } from 'node:crypto';
import { appendFile, chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { parse, stringify } from 'yaml';
import { temporaryClientEcosystem } from '../../fixtures/client/ecosystem.ts';
import { clientPreflight } from './client-preflight.ts';
import { ClientSession } from './client-session.ts';
import { createRedactor } from '../transport/redact.ts';

test.describe.configure({ mode: 'default' });

let sample: Awaited<ReturnType<typeof temporaryClientEcosystem>>;
const at = (name: string): string => join(dirname(sample.integrationFile), name);

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

interface Look {
  readonly privateNetwork?: 'allowed' | 'refused';
  readonly now?: Date;
  readonly path?: string;
}

/** Looks at a copy of the sample's file with other members. */
async function look(members: object = {}, { privateNetwork = 'refused', now, path }: Look = {}) {
  const value = { ...parse(await readFile(sample.integrationFile, 'utf8')), ...members };
  const file = at('changed.yaml');
  await writeFile(file, stringify(value));
  const session = new ClientSession({
    file,
    privateNetwork,
    redactor: createRedactor('salt'),
    clock: () => (now ?? new Date()).getTime(),
  });
  try {
    const findings = await clientPreflight(session, {
      ...process.env,
      ...(path === undefined ? {} : { PATH: path }),
    });
    return Object.fromEntries(findings.map(({ what, ...finding }) => [what, finding]));
  } finally {
    await session.close();
  }
}

const clientWith = async (members: object) => ({
  client: { ...parse(await readFile(sample.integrationFile, 'utf8')).client, ...members },
});

/** The finding on key sets that hold these keys. */
async function keysOf(...keys: readonly object[]) {
  await writeFile(at('other.json'), JSON.stringify({ keys }));
  return (await look(await clientWith({ jwks: { file: 'other.json' } })))['keys'];
}

test('finds nothing wrong with the sample', async () => {
  const findings = await look();
  expect(Object.keys(findings)).toEqual(['keys', 'certificate', 'trust', 'trigger', 'sandbox']);
  expect(Object.values(findings).filter(({ state }) => state !== 'ok')).toEqual([]);
});

test('tells keys that are private, weak or none', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  expect(await keysOf(publicKey.export({ format: 'jwk' }))).toMatchObject({ state: 'ok' });
  expect(await keysOf({ ...privateKey.export({ format: 'jwk' }), kid: 'one' })).toMatchObject({
    state: 'problem',
    fault: 'configuration',
    detail: 'the key one is private',
  });
  // A check convicts the client of it: the run goes on.
  expect(await keysOf(weak)).toMatchObject({
    state: 'problem',
    fault: 'subject',
    detail: 'key 1 has 1024 bits',
  });
  expect(await keysOf({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' })).toMatchObject({
    state: 'problem',
    fault: 'configuration',
    detail: expect.stringContaining('key 1 has no key of its type and curve'),
  });
  await writeFile(at('other.json'), '{"keys": {}}');
  expect((await look(await clientWith({ jwks: { file: 'other.json' } })))['keys']).toMatchObject({
    fault: 'configuration',
    detail: expect.stringContaining('expected a JWK Set'),
  });
});

test('tells a certificate that has expired, soon will, stands beside its key, or is none', async () => {
  const days = (count: number): Date => new Date(Date.now() + count * 86_400_000);
  expect((await look({}, { now: days(75) }))['certificate']).toMatchObject({ state: 'warning' });
  expect((await look({}, { now: days(4000) }))['certificate']).toMatchObject({
    state: 'problem',
    fault: 'configuration',
    detail: expect.stringContaining('expired on'),
  });
  const { certificate } = parse(await readFile(sample.integrationFile, 'utf8')).client;
  const other = await clientWith({ certificate: { file: 'both.pem' } });
  await copyFile(at(certificate.file), at('both.pem'));
  await appendFile(at('both.pem'), '-----BEGIN PRIVATE KEY-----\n');
  expect((await look(other))['certificate']).toMatchObject({
    fault: 'configuration',
    detail: expect.stringContaining('a private key stands beside'),
  });
  await writeFile(at('both.pem'), 'none');
  expect((await look(other))['certificate']).toMatchObject({
    fault: 'configuration',
    detail: expect.stringContaining('expected a certificate (PEM) in both.pem'),
  });
  expect((await look({ trust: ['both.pem'] }))['trust']).toMatchObject({ fault: 'configuration' });
});

test('tells a program that cannot be started, wherever it is named', async () => {
  const started = (program: string, path?: string) =>
    look({ trigger: { driver: 'command', run: [program] } }, path === undefined ? {} : { path });
  const missing = {
    state: 'problem',
    fault: 'configuration',
    detail: expect.stringContaining('no executable'),
  };
  expect((await started('no-such-program'))['trigger']).toMatchObject(missing);
  expect((await started('./app.sh'))['trigger']).toMatchObject(missing);
  await writeFile(at('app.sh'), '#!/bin/sh\n');
  expect((await started('./app.sh'))['trigger']).toMatchObject(missing);
  await chmod(at('app.sh'), 0o700);
  expect((await started('./app.sh'))['trigger']).toMatchObject({ state: 'ok' });
  expect((await started('app.sh', dirname(sample.integrationFile)))['trigger']).toMatchObject({
    state: 'ok',
  });
});

test('tells an app that may not be called, without calling it', async () => {
  const app = {
    hosts: ['localhost:1'],
    trigger: { driver: 'http', start: 'https://localhost:1/start?issuer={issuer}' },
  };
  expect((await look(app))['trigger']).toMatchObject({
    state: 'problem',
    fault: 'configuration',
    detail: expect.stringContaining('--allow-private-network'),
  });
  expect((await look(app, { privateNetwork: 'allowed' }))['trigger']).toMatchObject({
    state: 'ok',
    detail: 'opens https://localhost:1',
  });
});
