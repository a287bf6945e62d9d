import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { createAuthority } from '../../../fixtures/pki/authority.ts';
import {
  startWebhookReceiver,
  type ReceivedMessage,
  type ReceiverAnswer,
} from '../../../fixtures/webhook-receiver.ts';
import { openConnector } from '../connectors.ts';
import { contract, keptMemory, noDatabase, state, type Target } from '../contract.ts';
import { verifyWebhook } from '../standard-webhook.ts';

const makeSecret = () => `whsec_${randomBytes(32).toString('base64')}`;
const access = { opened: 'open', closed: 'closed', ended: 'absent' } as const;

interface WebhookTarget extends Target {
  readonly messages: readonly ReceivedMessage[];
  /** Answers in place of the next ones. */
  readonly answers: ReceiverAnswer[];
  readonly entry: Readonly<Record<string, unknown>>;
  readonly base: string;
}

/** A receiver that verifies each message, and does what it says once. */
async function start(): Promise<WebhookTarget> {
  const authority = await createAuthority({ now: new Date() });
  const base = await mkdtemp(join(tmpdir(), 'assay-webhook-'));
  const secret = makeSecret();
  await writeFile(join(base, 'authority.pem'), authority.certificate);
  await writeFile(join(base, 'right'), `${secret}\n`);
  await writeFile(join(base, 'wrong'), makeSecret());
  const messages: ReceivedMessage[] = [];
  const answers: ReceiverAnswer[] = [];
  const seen = new Set<unknown>();
  let now: 'open' | 'closed' | 'absent' = 'open';
  const receiver = await startWebhookReceiver(authority, (message) => {
    messages.push(message);
    const answer = answers.shift() ?? { status: 204 };
    if (answer !== 'nothing' && answer.status !== 204) return answer;
    try {
      verifyWebhook(message.headers, message.body, [secret], new Date());
    } catch {
      return { status: 401 };
    }
    const { type }: { type: `access.${keyof typeof access}` } = JSON.parse(message.body);
    if (!seen.has(message.headers['webhook-id'])) now = access[keyOf(type)];
    seen.add(message.headers['webhook-id']);
    return answer;
  });
  const entry = {
    name: 'desk',
    kind: 'webhook',
    url: receiver.url,
    secrets: [{ file: 'right' }],
    trust: ['authority.pem'],
    private_network: 'allowed',
    timeout_seconds: 5,
  };
  return {
    messages,
    answers,
    entry,
    base,
    integration: { integration: 'one', environment: 'production', clients: ['one'], certificates: [] },
    connect: async (how) =>
      await openConnector(
        {
          ...entry,
          ...(how === 'wrong' ? { secrets: [{ file: 'wrong' }] } : {}),
          ...(how === 'down' ? { url: 'https://localhost:1/access' } : {}),
        },
        { base, database: noDatabase, now: () => new Date() },
      ),
    access: async () => now,
    snapshot: async () => now,
    loseNextAnswer: () => void answers.push('nothing'),
    async [Symbol.asyncDispose]() {
      await receiver[Symbol.asyncDispose]();
      await rm(base, { recursive: true });
    },
  };
}

function keyOf(type: string): keyof typeof access {
  const key = type.replace('access.', '');
  if (key !== 'opened' && key !== 'closed' && key !== 'ended') throw new TypeError(`unknown type ${type}`);
  return key;
}

contract('webhook', { start, lacks: ['look', 'tamper', 'forget'] });

test('sends the same message again with a new timestamp, and another for another revision', async () => {
  await using target = await start();
  let seconds = 0;
  const connector = await openConnector(target.entry, {
    base: target.base,
    database: noDatabase,
    now: () => new Date(Date.now() + 1000 * seconds),
  });
  const memory = keptMemory();
  await connector.apply(state(target, 'closed', 1), memory);
  seconds = 60;
  await connector.apply(state(target, 'closed', 1), memory);
  await connector.apply(state(target, 'open', 2), memory);
  await connector.close();
  const [first, again, other] = target.messages;
  expect(again?.body).toBe(first?.body);
  expect(again?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(Number(again?.headers['webhook-timestamp'])).toBeGreaterThanOrEqual(
    Number(first?.headers['webhook-timestamp']) + 59,
  );
  expect(other?.headers['webhook-id']).not.toBe(first?.headers['webhook-id']);
  expect(JSON.parse(other?.body ?? '')).toMatchObject({
    type: 'access.opened',
    timestamp: '2026-01-01T00:00:02.000Z',
    data: { integration: 'one', environment: 'production', revision: 2, clients: ['one'] },
  });
});

test('signs with both secrets while one takes the place of the other', async () => {
  await using target = await start();
  const connector = await openConnector(
    { ...target.entry, secrets: [{ file: 'wrong' }, { file: 'right' }] },
    { base: target.base, database: noDatabase, now: () => new Date() },
  );
  await connector.apply(state(target, 'closed', 1), keptMemory());
  await connector.close();
  expect(await target.access()).toBe('closed');
  expect(target.messages[0]?.headers['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/u);
});

test('is silent for good after 410 Gone, also in a new process', async () => {
  await using target = await start();
  const memory = keptMemory();
  target.answers.push({ status: 410 });
  for (let process = 0; process < 2; process += 1) {
    const connector = await target.connect('right');
    await expect(connector.apply(state(target, 'closed', 1), memory)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('410'),
    });
    await connector.close();
  }
  expect(target.messages).toHaveLength(1);
});

for (const [what, answer, expected] of [
  [
    'waits as long as a busy receiver asks for',
    { status: 429, headers: { 'retry-after': '17' } },
    ['temporary', 17],
  ],
  ['tries a receiver that fails again', { status: 503 }, ['temporary', 0]],
  ['does not follow redirects', { status: 307, headers: { location: '/elsewhere' } }, ['refused', 0]],
  ['takes a refusal for one', { status: 400, body: '{"error":"x\\u001b[2J"}' }, ['refused', 0]],
  ['gives up on an answer without an end', { status: 200, body: 'x'.repeat(300_000) }, ['temporary', 0]],
] as const)
  test(what, async () => {
    await using target = await start();
    target.answers.push(answer);
    const connector = await target.connect('right');
    const error: unknown = await connector
      .apply(state(target, 'closed', 1), keptMemory())
      .catch((caught: unknown) => caught);
    await connector.close();
    expect(error).toMatchObject({ code: expected[0], retryAfter: expected[1] });
    expect(String(error)).not.toContain('\u001b');
    expect(target.messages).toHaveLength(1);
  });

test('calls no private network, and no plain http, unless it is allowed', async () => {
  await using target = await start();
  const context = { base: target.base, database: noDatabase, now: () => new Date() };
  for (const change of [
    { private_network: 'refused' },
    { url: 'http://example.com/', private_network: 'refused' },
  ]) {
    const connector = await openConnector({ ...target.entry, ...change }, context);
    await expect(connector.apply(state(target, 'closed', 1), keptMemory())).rejects.toMatchObject({
      code: 'configuration',
    });
    await connector.close();
  }
  expect(target.messages).toHaveLength(0);
});

test('trusts no certificate that was not named', async () => {
  await using target = await start();
  const { trust: _, ...entry } = target.entry as Record<string, unknown>;
  const connector = await openConnector(entry, {
    base: target.base,
    database: noDatabase,
    now: () => new Date(),
  });
  await expect(connector.apply(state(target, 'closed', 1), keptMemory())).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('certificate'),
  });
  await connector.close();
});
