import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { createRedactor } from '../transport/redact.ts';
import { openTransport } from '../transport/transport.ts';
import { longestText, revalidating, type Memory } from './watch-request.ts';

const answer = { headers: {} as OutgoingHttpHeaders, body: '{}', status: 200 };
let asked: IncomingHttpHeaders = {};
const server = createServer((request, response) => {
  asked = request.headers;
  response.writeHead(answer.status, answer.headers).end(answer.status === 304 ? undefined : answer.body);
});
let url: string;

test.beforeAll(async () => {
  server.listen(0, 'localhost');
  await once(server, 'listening');
  url = `http://localhost:${(server.address() as AddressInfo).port}/document`;
});
test.beforeEach(() => void Object.assign(answer, { headers: {}, body: '{"a":1}', status: 200 }));
test.afterAll(() => void server.close());

const now = Date.parse('2026-05-04T10:00:00Z');
const request = { method: 'GET', purpose: 'metadata request' } as const;

async function asking<T>(
  before: Memory,
  use: (asking: ReturnType<typeof revalidating>) => Promise<T>,
): Promise<T> {
  const transport = openTransport({
    hosts: ['localhost'],
    privateNetwork: 'allowed',
    trust: [],
    redactor: createRedactor('salt'),
    clock: () => now,
  });
  try {
    return await use(revalidating(transport, before, now));
  } finally {
    await transport.close();
  }
}

const remembered = (before: Memory = {}) =>
  asking(before, async (asked) => {
    const { body, status } = await asked.transport.send({ ...request, url });
    return { body, status, memory: asked.memory() };
  });

test.describe('asks with what the server gave', () => {
  const monday = 'Mon, 04 May 2026 08:00:00 GMT';
  for (const [what, headers, condition] of [
    ['its entity tag', { etag: 'W/"one"', 'last-modified': monday }, { 'if-none-match': 'W/"one"' }],
    [
      'the time of its last change',
      { 'last-modified': monday, date: 'Mon, 04 May 2026 08:00:01 GMT' },
      { 'if-modified-since': monday },
    ],
    ['but not a time within the same second', { 'last-modified': monday, date: monday }, {}],
    ['but no tag that is none', { etag: 'one' }, {}],
    ['but no tag without end', { etag: `"${'x'.repeat(300)}"` }, {}],
    ['but nothing where it gave nothing', {}, {}],
  ] as const)
    test(what, async () => {
      answer.headers = headers;
      const { memory } = await remembered();
      answer.status = 304;
      const again = await remembered(memory);
      const conditions = Object.entries(asked).filter(([name]) => name.startsWith('if-'));
      expect(Object.fromEntries(conditions)).toEqual(condition);
      const spared = conditions.length > 0;
      expect(again).toMatchObject(
        spared ? { status: 200, body: { a: 1 }, memory } : { status: 304, memory: {} },
      );
    });
});

test('remembers no document that is too large, no JSON or an error', async () => {
  answer.headers = { etag: '"one"' };
  for (const body of [JSON.stringify('x'.repeat(longestText)), 'text']) {
    answer.body = body;
    expect((await remembered()).memory).toEqual({});
  }
  answer.status = 404;
  expect((await remembered()).memory).toEqual({});
});

test('remembers the digest alone where no more is needed, of anything', async () => {
  answer.headers = { etag: '"one"' };
  answer.body = 'x'.repeat(longestText + 1);
  const described = (before: Memory) =>
    asking(before, async (asked) => ({
      digest: await asked.digestAt(url, 'API description request'),
      cost: asked.cost(),
      memory: asked.memory(),
    }));
  const first = await described({});
  expect(first.memory[url]).toEqual({
    etag: '"one"',
    since: new Date(now).toISOString(),
    digest: first.digest,
  });
  answer.status = 304;
  const second = await described(first.memory);
  expect(second).toMatchObject({ digest: first.digest, memory: first.memory });
  expect(second.cost.bytes).toBeLessThan(first.cost.bytes / 100);
  answer.status = 500;
  await expect(described(first.memory)).rejects.toMatchObject({ name: 'FlowError' });
});
