import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { makePartner, probe, tokens } from '../../../fixtures/authorization-server/probe.ts';
import { usual } from '../../../fixtures/authorization-server/setting.ts';
import { createAuthority } from '../../../fixtures/pki/authority.ts';
import { startRegistrationServer } from '../../../fixtures/registration-server.ts';
import { openConnector } from '../connectors.ts';
import { contract, keptMemory, noDatabase, state, type Target } from '../contract.ts';

interface RegisteredTarget extends Target {
  /** The answers to a pushed request, a refresh and client credentials: the status, or what the error says. */
  attempts(): Promise<Readonly<Record<'push' | 'refresh' | 'client_credentials', string>>>;
  /** Writes a new configured token. */
  configure(token: string): Promise<void>;
  readonly token: string;
}

const openAttempts = { push: '201', refresh: '200', client_credentials: '200' };

/** The reference authorization server with a client that registered there, and a refresh token of it. */
async function start(kept: 'kept' | 'replaced' = 'kept'): Promise<RegisteredTarget> {
  const authority = await createAuthority({ now: new Date() });
  const base = await mkdtemp(join(tmpdir(), 'assay-registration-'));
  await writeFile(join(base, 'authority.pem'), authority.certificate);
  const registrar = await startRegistrationServer({ authority, tokens: kept });
  const made = await makePartner('partner', usual, authority);
  const registered = await registrar.register({
    ...made.metadata,
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  });
  const id = registered.client_id;
  await writeFile(join(base, 'right'), registered.registration_access_token);
  await writeFile(join(base, 'wrong'), 'not-a-token');
  const client = probe(registrar.server, { ...made, id }, authority);
  const { body } = await tokens(client);
  const refreshToken = String(body['refresh_token']);
  const outcome = (answer: { status: number; body: Readonly<Record<string, unknown>> }) =>
    String(answer.body['error_description'] ?? answer.status);
  const attempts = async () => ({
    push: outcome(await client.push()),
    refresh: outcome(await client.refresh(refreshToken)),
    client_credentials: outcome(
      await client.post(
        'token',
        { ...(await client.credentials()), grant_type: 'client_credentials', scope: 'accounts' },
        await client.proof('token'),
      ),
    ),
  });
  let before: Awaited<ReturnType<typeof registrar.clients.find>>;
  return {
    integration: { integration: 'one', environment: 'production', clients: [id], certificates: [] },
    token: registered.registration_access_token,
    attempts,
    configure: async (token) => await writeFile(join(base, 'right'), token),
    connect: async (how) =>
      await openConnector(
        {
          name: 'server',
          kind: 'client-registration',
          trust: ['authority.pem'],
          private_network: 'allowed',
          clients: [
            {
              client_id: id,
              registration_client_uri:
                how === 'down' ? `https://localhost:1/reg/${id}` : registered.registration_client_uri,
              registration_access_token: { file: how === 'wrong' ? 'wrong' : 'right' },
            },
          ],
        },
        { base, database: noDatabase, now: () => new Date() },
      ),
    async access() {
      const found = await attempts();
      const all = Object.values(found);
      if (all.every((each) => each === 'client authentication failed')) return 'absent';
      if (all.every((each) => each.endsWith('is not allowed for this client'))) return 'closed';
      expect(found).toEqual(openAttempts);
      return 'open';
    },
    snapshot: async () => structuredClone(await registrar.clients.find(id)),
    async tamper(to) {
      const now = await registrar.clients.find(id);
      if (to === 'closed') {
        before = now;
        await registrar.clients.upsert(id, { ...now, grant_types: [], response_types: [] });
      } else {
        await registrar.clients.upsert(id, {
          ...now,
          grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
          response_types: ['code'],
          ...before,
        });
      }
    },
    forget: async () => await registrar.clients.destroy(id),
    loseNextAnswer: () => registrar.loseNextAnswer(),
    async [Symbol.asyncDispose]() {
      await client.close();
      await registrar[Symbol.asyncDispose]();
      await rm(base, { recursive: true });
    },
  };
}

contract('client registration', { start: async () => await start() });

test('leaves a client no way to a token, and gives back all of them', async () => {
  await using target = await start();
  const connector = await target.connect('right');
  const memory = keptMemory();
  expect(await target.attempts()).toEqual(openAttempts);
  await connector.apply(state(target, 'closed', 1), memory);
  expect(await target.attempts()).toEqual({
    push: 'requested response_type is not allowed for this client',
    refresh: 'requested grant type is not allowed for this client',
    client_credentials: 'requested grant type is not allowed for this client',
  });
  await connector.apply(state(target, 'open', 2), memory);
  expect(await target.attempts()).toEqual(openAttempts);
  await connector.close();
});

test('goes on with a token that the server replaced, and keeps no token that can be read', async () => {
  await using target = await start('replaced');
  const kept = keptMemory();
  const notes: unknown[] = [];
  const memory: typeof kept = {
    get: async (key) => await kept.get(key),
    set: async (key, value) => {
      notes.push(value);
      await kept.set(key, value);
    },
  };
  for (const [access, revision] of [['closed', 1] as const, ['open', 2] as const, ['closed', 3] as const]) {
    const connector = await target.connect('right');
    await connector.apply(state(target, access, revision), memory);
    expect(await connector.observe(state(target, access, revision), memory)).toBe(access);
    await connector.close();
  }
  expect(await target.access()).toBe('closed');
  expect(notes.filter((note) => typeof note === 'string').length).toBeGreaterThanOrEqual(3);
  // Base64url of 12 + 16 + 43 bytes, and never the 43 characters of a token.
  for (const note of notes)
    expect(JSON.stringify(note)).not.toMatch(/^"[\w-]{43}"$|registration_access_token/u);
});

test('tells what to do when the answer with a replaced token was lost', async () => {
  await using target = await start('replaced');
  const connector = await target.connect('right');
  const memory = keptMemory();
  target.loseNextAnswer?.();
  await expect(connector.apply(state(target, 'closed', 1), memory)).rejects.toMatchObject({
    code: 'temporary',
  });
  await expect(connector.apply(state(target, 'closed', 1), memory)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('Obtain a new token'),
  });
  expect(await target.access()).toBe('closed');
  await connector.close();
});

test('closes a client that the integration no longer has', async () => {
  await using target = await start();
  const connector = await target.connect('right');
  const memory = keptMemory();
  await connector.apply(state(target, 'open', 1), memory);
  await connector.apply({ ...state(target, 'open', 2), clients: ['another'] }, memory);
  expect(await target.access()).toBe('closed');
  await connector.close();
});

test('opens nothing that it does not know', async () => {
  await using target = await start();
  const connector = await target.connect('right');
  await target.tamper?.('closed');
  await expect(connector.apply(state(target, 'open', 1), keptMemory())).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('restore it by hand'),
  });
  await connector.close();
});
