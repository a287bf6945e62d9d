import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { parse, stringify } from 'yaml';
import { temporaryClientEcosystem, type ClientSetup } from '../../../fixtures/client/ecosystem.ts';
import { runNginx, type Nginx } from '../../../fixtures/nginx.ts';
import type { ClientIntegration } from '../../directory/client-integration.ts';
import { createRedactor } from '../../transport/redact.ts';
import { ClientSession } from '../client-session.ts';
import { openAuthority } from './authority.ts';
import { bodyWith } from './edits.ts';
import { openRelayService } from './relay-service.ts';

const token = 'token-of-acme';

/** A sample client that meets its sandbox through nginx, which ends TLS and asks for a certificate, and a relay behind it. */
async function behindProxy(setup: ClientSetup) {
  await using opened = new AsyncDisposableStack();
  const ecosystem = opened.use(await temporaryClientEcosystem(setup));
  const { directory, integrationFile } = ecosystem;
  const authority = await openAuthority({
    certificate: await readFile(join(directory, 'ca.pem'), 'utf8'),
    key: await readFile(join(directory, 'keys/ca-key.pem'), 'utf8'),
    now: new Date(),
  });
  const tokenFile = join(directory, 'tokens');
  await writeFile(tokenFile, `acme:${createHash('sha256').update(token).digest('hex')}`);
  const service = await openRelayService({
    // Of nginx, which has to know the relay's port first.
    get url() {
      return nginx.origin;
    },
    listen: { host: '127.0.0.1', port: 0 },
    trustedProxies: ['127.0.0.1'],
    certificateHeader: { header: 'x-ssl-client-cert', format: 'pem-urlencoded' },
    tokenFile,
    tell: () => {},
  });
  opened.defer(() => service.close());
  const nginx: Nginx = await runNginx(
    authority,
    ({ directory: files, port }) => `
server {
  listen 127.0.0.1:${port} ssl;
  server_name localhost;
  ssl_certificate ${files}/server.pem;
  ssl_certificate_key ${files}/server.key;
  ssl_verify_client optional_no_ca;
  location / {
    proxy_pass http://127.0.0.1:${service.ports[0]};
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
  }
}`,
  );
  opened.defer(() => nginx.stop());
  const file = parse(await readFile(integrationFile, 'utf8')) as ClientIntegration;
  await writeFile(join(directory, 'token'), token);
  const relayed = join(dirname(integrationFile), 'relayed.yaml');
  await writeFile(
    relayed,
    stringify({ ...file, sandbox: { relay: nginx.origin, token: { file: 'token' } } }),
  );
  const resources = opened.move();
  return {
    service,
    origin: nginx.origin,
    open: () =>
      new ClientSession({
        file: relayed,
        privateNetwork: 'allowed',
        redactor: createRedactor('salt'),
        clock: Date.now,
      }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

test('three sessions at once meet a client with its certificate, each alone', async () => {
  await using proxied = await behindProxy({
    app: 'plain',
    clientAuthentication: 'tls_client_auth',
    senderConstraint: 'mtls',
    protocol: 'openid',
  });
  const { service, origin, open } = proxied;
  const sessions = [open(), open(), open()];
  const flows = await Promise.all(sessions.map((session) => session.flow({ scenario: 'refresh' })));
  expect(service.runs()).toBe(3);
  for (const { issuer, outcome } of flows) {
    expect(outcome).toMatchObject({ end: 'completed' });
    expect(issuer.world.issuer).toMatch(new RegExp(`^${origin}/[\\w-]{22}\\.[\\w-]{12}$`, 'u'));
    const { registration, issuer: own } = issuer.world;
    for (const { at, url, connection, server } of issuer.arrivals) {
      expect(url.href, at).toContain(own.slice(origin.length));
      if (!['push', 'token', 'refresh', 'call'].includes(at)) continue;
      expect(server, at).toBe('mutual');
      expect(connection.certificate?.certificate.trim(), at).toBe(registration.certificate?.trim());
    }
  }
  expect(new Set(flows.map(({ issuer }) => issuer.world.issuer)).size).toBe(3);
  await Promise.all(sessions.map((session) => session.close()));
  expect(service.runs()).toBe(0);
});

test('a deviation is met through a relay, and one of TLS is not to be had there', async () => {
  await using proxied = await behindProxy({
    app: 'library',
    trigger: 'command',
    clientAuthentication: 'private_key_jwt',
    senderConstraint: 'dpop',
    protocol: 'oauth',
  });
  const session = proxied.open();
  expect((await session.twin()).outcome).toMatchObject({ end: 'completed' });
  const met = await session.flow({
    deviation: bodyWith('metadata', 'another issuer', { issuer: 'https://other.example' }),
  });
  expect(met.outcome).toMatchObject({ end: 'failed' });
  expect(met.issuer.since).toEqual([]);
  await expect(
    session.flow({ deviation: { name: 'expired certificate', at: 'token', tls: 'expired' } }),
  ).rejects.toMatchObject({
    fault: 'environment',
    message: expect.stringContaining('TLS ends at the relay'),
  });
  await session.close();
});
