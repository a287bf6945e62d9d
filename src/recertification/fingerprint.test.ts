import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { altered } from '../../fixtures/command-line.ts';
import type { Certificate } from '../../fixtures/pki/authority.ts';
import { makeKey } from '../../fixtures/pki/keys.ts';
import { temporaryEcosystem } from '../../fixtures/visit.ts';
import { Session } from '../actors/session.ts';
import { fingerprintDigest, type Fingerprint } from '../evidence/fingerprint.ts';
import type { EditionId } from '../profiles/editions.ts';
import { takeFingerprint } from './fingerprint.ts';

test.describe.configure({ mode: 'default' });

/** A server that says of itself what a test wants: its metadata, its keys, its certificate. */
interface Subject {
  readonly origin: string;
  /** The text of the metadata document, made of its usual members. */
  metadata: (members: Readonly<Record<string, unknown>>) => string;
  keys: unknown;
  description: string;
  readonly server: Server;
}

let ecosystem: Awaited<ReturnType<typeof temporaryEcosystem>>;
let certificates: readonly Certificate[];
let subject: Subject;
let file: string;
const keyOf = async (id: string) => {
  const { d: _, ...key } = await makeKey('ES256', id);
  return key;
};

async function startSubject(cert: Certificate, more: object = {}): Promise<Subject> {
  const server = createServer({ cert: cert.certificate, key: cert.key, ...more }, ({ url }, response) => {
    const { origin } = state;
    const members = {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      pushed_authorization_request_endpoint: `${origin}/par`,
      jwks_uri: `${origin}/jwks`,
    };
    if (url === '/openapi.yaml') response.end(state.description);
    else
      response
        .setHeader('content-type', 'application/json')
        .end(url === '/jwks' ? JSON.stringify(state.keys) : state.metadata(members));
  }).listen(0, 'localhost');
  await once(server, 'listening');
  const state: Subject = {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    metadata: JSON.stringify,
    keys: { keys: [await keyOf('one')] },
    description: 'openapi: 3.1.0',
    server,
  };
  return state;
}

/** A copy of the reference's file that is about another server. */
const aboutOther = (name: string, { origin }: Subject, change: Parameters<typeof altered>[2] = () => {}) =>
  altered(ecosystem.integrationFile, name, (integration) => {
    integration.issuer = origin;
    integration.hosts = [new URL(origin).host];
    for (const resource of integration.resources) resource.url = `${origin}/accounts`;
    change(integration);
  });

test.beforeAll(async () => {
  ecosystem = await temporaryEcosystem({
    clientAuthentication: 'private_key_jwt',
    senderConstraint: 'mtls',
    protocol: 'openid',
  });
  const issue = () =>
    ecosystem.authority.issue({ commonName: 'localhost', names: ['localhost'], usage: 'server' });
  certificates = [await issue(), await issue()];
  subject = await startSubject(certificates[0] as Certificate);
  file = await aboutOther('subject', subject);
});

test.beforeEach(async () => {
  const [first] = certificates as [Certificate];
  subject.server.setSecureContext({ cert: first.certificate, key: first.key });
  subject.metadata = JSON.stringify;
  subject.keys = { keys: [await keyOf('one')] };
  subject.description = 'openapi: 3.1.0';
});

test.afterAll(async () => {
  subject.server.closeAllConnections();
  subject.server.close();
  await ecosystem[Symbol.asyncDispose]();
});

/** Takes the fingerprint as a run does: in a session of its own. */
async function taken(of = file, edition: EditionId = 'fapi2-sp-flows-1'): Promise<Fingerprint> {
  const session = new Session({ file: of, privateNetwork: 'allowed', salt: 'salt', clock: Date.now });
  try {
    return await takeFingerprint(session, edition);
  } finally {
    await session.close();
  }
}

/** Which parts a change alters. */
async function altersOnly(part: keyof Fingerprint, change: () => unknown, of = () => file): Promise<void> {
  const before = await taken();
  await change();
  const after = await taken(of());
  const parts = (Object.keys(before) as (keyof Fingerprint)[]).filter(
    (each) => JSON.stringify(before[each]) !== JSON.stringify(after[each]),
  );
  expect(parts).toEqual([part]);
  expect(fingerprintDigest(after)).not.toBe(fingerprintDigest(before));
}

test('the reference looks the same twice, and every part of it is seen', async () => {
  const [first, second] = [await taken(ecosystem.integrationFile), await taken(ecosystem.integrationFile)];
  expect(fingerprintDigest(second)).toBe(fingerprintDigest(first));
  const { issuer, mtlsOrigin } = ecosystem.authorizationServer;
  const lengths = Object.entries(first.certificates).map(([origin, { length }]) => [origin, length]);
  // The one that asks for certificates knows the root, and sends it behind its own.
  expect(Object.fromEntries(lengths)).toEqual({
    [issuer]: 1,
    [mtlsOrigin]: 2,
    [ecosystem.resourceServer.origin]: 1,
  });
  expect(first.keys.length).toBeGreaterThanOrEqual(3);
  expect(first.descriptions).toEqual({ 'openapi.yaml': expect.stringMatching(/^[0-9a-f]{64}$/u) });
  expect(first.registration.clients).toEqual(['partner-one', 'partner-two']);
});

test('another key changes the keys, and their order does not', async () => {
  const other = await keyOf('two');
  const {
    keys: [own],
  } = subject.keys as { keys: readonly unknown[] };
  await altersOnly('keys', () => (subject.keys = { keys: [other, own] }));
  const before = await taken();
  subject.keys = { keys: [own, other] };
  expect(await taken()).toEqual(before);
  subject.keys = { keys: [own, { ...other, kid: 'renamed', use: 'sig' }] };
  expect(await taken()).toEqual(before);
});

test('another certificate changes the certificates', async () => {
  const [, other] = certificates as [Certificate, Certificate];
  await altersOnly('certificates', () =>
    subject.server.setSecureContext({ cert: other.certificate, key: other.key }),
  );
});

test('another member changes the metadata, and their order does not', async () => {
  await altersOnly('metadata', () => {
    subject.metadata = (members) => JSON.stringify({ ...members, service_documentation: 'none' });
  });
  const before = await taken();
  subject.metadata = (members) => JSON.stringify({ service_documentation: 'none', ...members });
  expect(await taken()).toEqual(before);
});

test('signed metadata that are signed anew each time change nothing', async () => {
  const before = await taken();
  let count = 0;
  subject.metadata = (members) => JSON.stringify({ ...members, signed_metadata: `e30.${(count += 1)}.c2ln` });
  expect(await taken()).toEqual(before);
  expect(count).toBeGreaterThan(0);
});

test('another API description changes the descriptions, from a file or from a URL', async () => {
  await altersOnly('descriptions', () => appendFile(join(dirname(file), 'openapi.yaml'), '\n# changed\n'));
  const remote = await aboutOther('remote', subject, ({ resources }) => {
    for (const resource of resources) resource.openapi = `${subject.origin}/openapi.yaml`;
  });
  const before = await taken(remote);
  subject.description = 'openapi: 3.1.1';
  expect((await taken(remote)).descriptions).not.toEqual(before.descriptions);
});

test('what the file says of the subject changes the registration; credentials of the clients do not', async () => {
  const elsewhere = await aboutOther('scope', subject, ({ clients: [client] }) => {
    if (client) client.redirect_uri = 'https://elsewhere.example/callback';
  });
  await altersOnly(
    'registration',
    () => undefined,
    () => elsewhere,
  );
  const credentials = await aboutOther('credentials', subject, ({ clients: [one, two], hosts }) => {
    hosts.push('unused.example');
    if (one?.key && two?.key) [one.key, two.key] = [two.key, one.key];
  });
  expect(await taken(credentials)).toEqual(await taken());
});

test('another profile edition changes the profile', async () => {
  const [flows, final] = [await taken(), await taken(file, 'fapi2-sp-final')];
  expect({ ...final, profile: flows.profile }).toEqual(flows);
  expect(final.profile).not.toEqual(flows.profile);
});

test('half a surrogate pair in the metadata is no obstacle', async () => {
  subject.metadata = (members) =>
    JSON.stringify({ ...members, op_policy: 'X', Y: [{ Z: 1 }] }).replaceAll(/[XYZ]/gu, String.raw`\ud800`);
  const first = await taken();
  expect(await taken()).toEqual(first);
});

test.describe('what cannot be compared is the fault of the subject', () => {
  for (const [what, change, message] of [
    [
      'a number that no number holds',
      () => {
        subject.metadata = (members) => JSON.stringify({ ...members, X: 0 }).replace('"X":0', '"X":1e999');
      },
      'expected metadata that can be compared',
    ],
    [
      'a depth without end',
      () => {
        subject.metadata = (members) =>
          JSON.stringify({ ...members, X: 0 }).replace('0}', `${'['.repeat(500)}${']'.repeat(500)}}`);
      },
      'expected metadata that can be compared',
    ],
    [
      'a jwks_uri that is no URL',
      () => {
        subject.metadata = (members) => JSON.stringify({ ...members, jwks_uri: 'https://[' });
      },
      'expected a URL as jwks_uri',
    ],
    [
      'metadata that are no object',
      () => {
        subject.metadata = () => '[]';
      },
      'expected a JSON object',
    ],
    ['a key that is none', () => (subject.keys = { keys: [null] }), 'expected keys in the form'],
    [
      'a key without its members',
      () => (subject.keys = { keys: [{ kty: 'EC' }] }),
      'expected keys in the form',
    ],
    ['a key set that is none', () => (subject.keys = []), 'key set request'],
  ] as const)
    test(what, async () => {
      change();
      await expect(taken()).rejects.toMatchObject({
        fault: 'subject',
        message: expect.stringContaining(message),
      });
    });

  test('but not that of a server that is away', async () => {
    const gone = await startSubject(certificates[0] as Certificate);
    const path = await aboutOther('gone', gone);
    gone.server.close();
    await once(gone.server, 'close');
    await expect(taken(path)).rejects.toMatchObject({ name: 'TransportError', fault: 'environment' });
  });
});

test('a server that ends the handshake without a client certificate is seen with one', async () => {
  const strict = await startSubject(certificates[1] as Certificate, {
    maxVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: true,
    ca: ecosystem.authority.certificate,
  });
  const path = await aboutOther('strict', subject, (integration) => {
    integration.hosts.push(new URL(strict.origin).host);
    for (const resource of integration.resources) resource.url = `${strict.origin}/accounts`;
  });
  const { certificates: seen } = await taken(path);
  strict.server.closeAllConnections();
  strict.server.close();
  expect(Object.keys(seen).toSorted()).toEqual([subject.origin, strict.origin].toSorted());
  expect(seen[strict.origin]).not.toEqual(seen[subject.origin]);
});
