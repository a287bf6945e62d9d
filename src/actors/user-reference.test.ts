import { expect } from '@playwright/test';
import { automaticHeader, testUser } from '../../fixtures/authorization-server/interactions.ts';
import { test } from '../../fixtures/authorization-server/setting.ts';
import { createRedactor } from '../transport/redact.ts';
import { openTransport } from '../transport/transport.ts';
import { openUser, type UserConfig } from './open-user.ts';

const login = [
  { fill: '[name=login]', with: testUser.login },
  { fill: '[name=password]', with: { env: 'PASSWORD' } },
  { click: 'text="Sign in" >> nth=-1' },
];

const users: Readonly<Record<UserConfig['driver'], UserConfig>> = {
  http: {
    driver: 'http',
    fields: { login: testUser.login, password: { env: 'PASSWORD' } },
    accept: { button: 'accept' },
    reject: { button: 'reject' },
  },
  browser: {
    driver: 'browser',
    accept: [...login, { click: 'button[value=accept]' }],
    reject: [...login, { click: 'button[value=reject]' }],
  },
  automatic: {
    driver: 'automatic',
    accept: { headers: { [automaticHeader]: 'accept' } },
    reject: { headers: { [automaticHeader]: 'reject' } },
  },
};

const pagesOf = { http: ['Sign in', 'Give access'], browser: ['Sign in', 'Give access'], automatic: [] };

for (const user of Object.values(users))
  test(`the ${user.driver} user accepts, rejects and meets an error page at the reference`, async ({
    setting,
  }) => {
    const { authority, client, partner, server } = setting;
    const transport = openTransport({
      hosts: [new URL(server.issuer).host],
      trust: [authority.certificate],
      privateNetwork: 'allowed',
      redactor: createRedactor('salt'),
      clock: () => Date.now(),
    });
    const opened = await openUser({
      user,
      transport,
      base: '/',
      resolve: async () => testUser.password,
    });
    const authorize = async () => {
      const pushed = await client.push();
      const query = new URLSearchParams({
        client_id: partner.id,
        request_uri: String(pushed.body['request_uri']),
      });
      return `${server.issuer}/authorize?${query.toString()}`;
    };
    const callback = partner.redirectUri;
    try {
      const accepted = await opened.visit(await authorize(), { callback, decision: 'accept' });
      expect(accepted.landing).toMatchObject({
        parameters: { code: expect.any(String), iss: server.issuer },
      });
      expect(accepted.hops.filter(({ credentials }) => credentials)).toHaveLength(
        user.driver === 'automatic' ? 0 : 1,
      );
      if (user.driver !== 'automatic')
        expect(accepted.pages.at(-1)?.text).toContain('Partner client-1 asks for permission');

      expect(accepted.pages.filter(({ picture }) => picture)).toEqual([]);

      const rejected = await opened
        .fresh()
        .visit(await authorize(), { callback, decision: 'reject', pictures: 'kept' });
      expect(rejected.landing).toMatchObject({ parameters: { error: 'access_denied', iss: server.issuer } });
      expect(rejected.pages.map(({ title, picture }) => [title, picture?.type])).toEqual(
        pagesOf[user.driver].map((title) => [title, user.driver === 'browser' ? 'png' : undefined]),
      );

      const unknown = `${server.issuer}/authorize?client_id=${partner.id}&request_uri=urn:ietf:params:oauth:request_uri:unknown`;
      const refused = await opened.visit(unknown, { callback, decision: 'accept' });
      expect(refused.landing).toMatchObject({ at: 'page', page: { status: 400 } });
    } finally {
      await opened.close();
      await transport.close();
    }
  });
