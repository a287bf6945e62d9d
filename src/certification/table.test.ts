import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import type { Certification } from './certification.ts';
import type { Event, EventKind, RunFacts } from './event.ts';
import { next } from './next.ts';
import { defaultRules } from './rules.ts';

const day = (number: number): string => `2026-11-${String(number).padStart(2, '0')}T00:00:00.000Z`;
const digest = (letter: string): string => letter.repeat(64);
const now = day(20);

const run = (name: string, finished: string): RunFacts => ({
  statement: digest(name),
  run: `run-${name}`,
  partner: 'acme',
  roles: ['authorization-server'],
  started: finished,
  finished,
  expires: day(28),
  fingerprint: digest('f'),
  waived: [],
  disputed: [],
});

const { started: _, ...before } = run('a', day(10));
const basis = { ...before, waived: ['spec/waived'], disputed: ['spec/disputed'] };

/** All of them have a waived and a disputed failure in their basis, and fail the same requirement. */
const base = {
  edition: 'edition-1',
  environment: 'production',
  since: day(10),
  after: day(10),
  basis,
  in_revision: [{ requirement: 'spec/disputed', by: 'olga', reason: 'ambiguous', since: day(9) }],
} as const satisfies Partial<Certification>;
const failed = { statement: digest('b'), requirements: ['spec/1'] };
const held = (act: 'suspend' | 'revoke' | 'offboard') =>
  ({ act, actor: 'olga', reason: 'incident', since: day(11) }) as const;
const { basis: __, ...withoutBasis } = base;

const certifications: Readonly<Record<string, Certification>> = {
  uncertified: { ...withoutBasis, state: 'uncertified' },
  certified: { ...base, basis, state: 'certified' },
  suspected: {
    ...base,
    state: 'certified',
    suspicion: {
      since: day(19),
      until: day(20),
      failed: [digest('b')],
      passed: [],
      requirements: ['spec/1'],
    },
  },
  stale: {
    ...base,
    state: 'certified',
    stale: { because: 'fingerprint-changed', since: day(12), fingerprint: digest('e') },
  },
  conditional: { ...base, state: 'conditional', failed, deadline: day(20) },
  suspended: { ...base, state: 'suspended', failed },
  held: { ...base, state: 'suspended', held: held('suspend') },
  revoked: { ...base, state: 'revoked', held: held('revoke') },
  offboarded: { ...base, state: 'revoked', held: held('offboard') },
  retired: { ...base, state: 'certified', stale: { because: 'edition-retired', since: day(11) } },
} satisfies Record<string, Certification>;

const common = { at: now, actor: 'olga', reason: 'incident' } as const;
const ofRun = { at: now, actor: 'harness', run: run('c', now) } as const;

const events: Readonly<{ [K in EventKind]: Extract<Event, { kind: K }> }> = {
  passed: { kind: 'passed', ...ofRun },
  'failed-critical': { kind: 'failed-critical', ...ofRun, requirements: ['spec/1'] },
  'failed-minor': { kind: 'failed-minor', ...ofRun, requirements: ['spec/1'] },
  'failed-disputed': {
    kind: 'failed-disputed',
    ...ofRun,
    run: { ...ofRun.run, disputed: ['spec/disputed'] },
  },
  inconclusive: { kind: 'inconclusive', ...ofRun, reason: 'No answer.' },
  'evidence-expired': { kind: 'evidence-expired', ...common },
  'fingerprint-changed': { kind: 'fingerprint-changed', ...common, fingerprint: digest('9') },
  'waiver-granted': { kind: 'waiver-granted', ...common, requirement: 'spec/1' },
  'waiver-withdrawn': { kind: 'waiver-withdrawn', ...common, requirement: 'spec/waived' },
  'waiver-expired': { kind: 'waiver-expired', ...common, requirement: 'spec/waived' },
  suspended: { kind: 'suspended', ...common },
  revoked: { kind: 'revoked', ...common },
  reinstated: { kind: 'reinstated', ...common },
  offboarded: { kind: 'offboarded', ...common },
  registered: { kind: 'registered', ...common },
  'edition-retired': { kind: 'edition-retired', ...common },
  'deadline-passed': { kind: 'deadline-passed', ...common },
  'confirmation-lapsed': { kind: 'confirmation-lapsed', ...common },
  'inconclusive-too-long': { kind: 'inconclusive-too-long', ...common },
  disputed: { kind: 'disputed', ...common, requirement: 'spec/1' },
  'dispute-settled': { kind: 'dispute-settled', ...common, requirement: 'spec/disputed' },
};

/** A certification in a word or two: all that an event changed. */
function shown(from: Certification, to: Certification): string {
  if (from === to) return '=';
  const same = (name: keyof Certification): boolean =>
    JSON.stringify(from[name]) === JSON.stringify(to[name]);
  const changes = [
    to.state === from.state ? '' : to.state,
    same('held') ? '' : to.held === undefined ? 'free' : 'held',
    same('basis')
      ? ''
      : to.basis === undefined
        ? 'no basis'
        : to.basis.run === 'run-c'
          ? 'renewed'
          : 'set aside',
    same('stale') ? '' : to.stale === undefined ? 'covered' : `stale`,
    same('suspicion')
      ? ''
      : to.suspicion === undefined
        ? 'no suspicion'
        : `suspected ${to.suspicion.failed.length}:${to.suspicion.passed.length}`,
    same('failed') ? '' : to.failed === undefined ? 'no failure' : 'failure',
    same('deadline') ? '' : to.deadline === undefined ? 'no deadline' : 'deadline',
    same('inconclusive_since') ? '' : to.inconclusive_since === undefined ? 'answered' : 'unanswered',
    same('in_revision') ? '' : (to.in_revision?.length ?? 0) > 1 ? 'in revision' : 'settled',
  ].filter((change) => change !== '');
  return changes.length > 0 ? changes.join(', ') : 'noted';
}

function outcome(event: EventKind, name: string): string {
  const sample = certifications[name];
  if (sample === undefined) throw new Error(`no such column: ${name}`);
  const from = event === 'inconclusive-too-long' ? { ...sample, inconclusive_since: day(15) } : sample;
  return shown(from, next(from, events[event], defaultRules));
}

/** The table of the README: by event, by certification, what changes. */
const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
const [head = [], , ...rows] = readme
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(0, 2 + Object.keys(events).length)
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test('the table has each event and each certification once', () => {
  expect(head.slice(1)).toEqual(Object.keys(certifications));
  expect(rows.map(([name]) => name)).toEqual(Object.keys(events));
});

for (const event of Object.keys(events) as EventKind[])
  test(`${event} does to each certification what the table says`, () => {
    const row = rows.find(([name]) => name === event) ?? [];
    const made = Object.keys(certifications).map((name) => outcome(event, name));
    expect(row.slice(1)).toEqual(made);
  });
