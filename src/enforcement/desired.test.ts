import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';
import { unknownStanding, type Standing } from '../certification/standing.ts';
import type { Desired } from './connector.ts';
import { desiredOf, inEffect, retryDelay, type AccessDecision } from './desired.ts';

const now = new Date('2026-03-01T00:00:00.000Z');
const registration = { partner: 'acme', roles: ['client'], clients: ['one'], certificates: [], scopes: [] };
const registered: Standing = {
  ...unknownStanding('acme-1'),
  registrations: [{ environment: 'production', registration }],
};
const hold = {
  environment: 'production',
  act: 'offboard',
  actor: 'olga',
  reason: 'the contract ended',
  since: '2026-01-01T00:00:00.000Z',
} as const;
const open: AccessDecision = { access: 'open', reason: 'certified', evidence: ['a'] };
const closed: AccessDecision = { access: 'closed', reason: 'suspended', evidence: ['b'] };

const next = (decision: AccessDecision, previous?: Desired, from: Standing | undefined = registered) =>
  desiredOf(
    { integration: 'acme-1', environment: 'production', standing: from, previous },
    () => decision,
    now,
  );

const opened: Desired = {
  integration: 'acme-1',
  environment: 'production',
  access: 'open',
  ended: 'no',
  revision: 1,
  reason: 'certified',
  evidence: ['a'],
  at: now.toISOString(),
  clients: ['one'],
  certificates: [],
};

test.describe('the next desired state', () => {
  test('is the first revision of what was never decided about', () => {
    expect(next(open)).toEqual(opened);
  });

  test('is one revision on where access, clients or certificates differ', () => {
    expect(next(closed, opened)).toMatchObject({ access: 'closed', revision: 2, reason: 'suspended' });
    expect(next(open, { ...opened, clients: ['two'] })).toMatchObject({ revision: 2, clients: ['one'] });
    expect(next(open, { ...opened, certificates: ['x'] })).toMatchObject({ revision: 2, certificates: [] });
  });

  test('is nothing new where only reason, evidence or order differ', () => {
    expect(next({ ...open, reason: 'again', evidence: ['c'] }, opened)).toBeUndefined();
    const two = {
      ...registered,
      registrations: [
        { environment: 'production' as const, registration: { ...registration, clients: ['a', 'b'] } },
      ],
    };
    expect(next(open, { ...opened, clients: ['b', 'a'] }, two)).toBeUndefined();
  });

  test('is nothing for what is not registered in the environment, and was not', () => {
    expect(next(open, undefined, { ...registered, registrations: [] })).toBeUndefined();
    expect(
      desiredOf(
        { integration: 'acme-1', environment: 'sandbox', standing: registered, previous: undefined },
        () => open,
        now,
      ),
    ).toBeUndefined();
  });

  test('keeps the clients of a standing that is gone, to close them', () => {
    expect(
      desiredOf(
        { integration: 'acme-1', environment: 'production', standing: undefined, previous: opened },
        () => closed,
        now,
      ),
    ).toMatchObject({ access: 'closed', clients: ['one'], revision: 2 });
  });

  test('is closed and ended while it is offboarded there, whatever is decided', () => {
    const held = (more: object): Standing => ({ ...registered, holds: [{ ...hold, ...more }] });
    expect(next(open, opened, held({}))).toMatchObject({ access: 'closed', ended: 'yes' });
    expect(next(open, opened, held({ ended: hold.since }))).toBeUndefined();
    expect(next(open, opened, held({ environment: 'sandbox' }))).toBeUndefined();
    expect(next(open, opened, held({ act: 'revoke' }))).toBeUndefined();
  });
});

test('takes for effect only what was found, or cannot be looked for', () => {
  const table = (access: 'open' | 'closed') =>
    (['open', 'closed', 'absent', 'unknown'] as const).map((found) => inEffect({ ...opened, access }, found));
  expect(table('open')).toEqual(['yes', 'no', 'no', 'yes']);
  expect(table('closed')).toEqual(['no', 'yes', 'yes', 'yes']);
});

test.describe('the delay of a retry', () => {
  test('doubles up to an hour', () => {
    expect([1, 2, 3, 11, 12, 13, 1000].map((attempt) => retryDelay(attempt, 1, 0))).toEqual([
      1, 2, 4, 1024, 2048, 3600, 3600,
    ]);
    expect(retryDelay(3, 0, 0)).toBe(2);
  });

  test('is what the target asked for where that is longer, and never beyond an hour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(100_000),
        (attempts, random, asked) => {
          const delay = retryDelay(attempts, random, asked);
          return delay >= Math.min(asked, 3600) && delay >= 0.5 && delay <= 3600;
        },
      ),
    );
  });
});
