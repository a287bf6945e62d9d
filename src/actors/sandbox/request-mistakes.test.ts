import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { parse } from 'yaml';
import { descriptionFile } from '../../../fixtures/resource-server/description.ts';
import type { Arrival } from './arrival.ts';
import { requestMistakes } from './request-mistakes.ts';

const order = {
  debtorAccountId: 'account-1',
  creditor: { name: 'Creditor', iban: 'DE02120300000000202051' },
  amount: { amount: '12.30', currency: 'EUR' },
};

function arrival(path: string, headers: Readonly<Record<string, string>>, body = ''): Arrival {
  return {
    at: 'call',
    method: body === '' ? 'GET' : 'POST',
    url: new URL(path, 'https://api.example'),
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    body,
    form: new URLSearchParams(),
    connection: {
      id: 1,
      secured: true,
      plaintext: false,
      requests: 1,
      ended: Promise.resolve('used'),
    },
    server: 'main',
    time: 0,
  };
}

const json = { 'Content-Type': 'application/json; charset=utf-8' };
const none = { parameters: [], body: [] };

test('a request is judged by what its description says of parameters and body', async () => {
  const document: unknown = parse(await readFile(descriptionFile, 'utf8'));
  const pages = { document, method: 'GET', path: '/accounts/{accountId}/transactions' };
  const orders = { document, method: 'POST', path: '/payments' };
  const text = JSON.stringify(order);
  for (const [described, request, mistakes] of [
    [pages, arrival('/accounts/1/transactions', {}), none],
    [pages, arrival('/accounts/1/transactions?page=2&unknown=x', {}), none],
    [
      pages,
      arrival('/accounts/1/transactions?page=0&page-size=many', { 'X-FAPI-Interaction-Id': 'any' }),
      {
        parameters: [
          'header parameter x-fapi-interaction-id: data must match format "uuid"',
          'query parameter page-size: data must be integer',
          'query parameter page: data must be >= 1',
        ],
        body: [],
      },
    ],
    [orders, arrival('/payments', json, text), none],
    [
      orders,
      arrival('/payments', json, '{}'),
      { parameters: [], body: [expect.stringContaining("required property 'debtorAccountId'")] },
    ],
    [orders, arrival('/payments', json, '{'), { parameters: [], body: ['the body is not JSON'] }],
    [orders, arrival('/payments', {}), { parameters: [], body: ['the body is missing'] }],
    [
      orders,
      arrival('/payments', { 'Content-Type': 'text/plain' }, text),
      { parameters: [], body: ['the body is of the type text/plain, not application/json'] },
    ],
    [{ ...orders, path: '/nothing' }, arrival('/nothing', {}), none],
  ] as const) {
    const found = requestMistakes(described, request);
    expect({ ...found, parameters: found.parameters.toSorted() }, request.url.href).toEqual(mistakes);
  }
});
