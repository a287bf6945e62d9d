import { expect, test } from '@playwright/test';
import type { Face, FaceReply } from '../gate.ts';
import { soundRegistered, soundStanding } from '../sample.ts';
import { authzenPaths, evaluation, evaluations, metadata } from './authzen.ts';
import { sampleGate } from './sample.ts';

test.describe.configure({ mode: 'default' });

const standings = [
  soundStanding,
  {
    ...soundStanding,
    integration: 'acme-2',
    registrations: [
      {
        environment: 'production' as const,
        registration: { ...soundRegistered, clients: ['acme-2-client'], certificates: [] },
      },
    ],
    certifications: [],
  },
];

const open = { subject: { type: 'integration', id: 'acme-1' } };
const closed = { subject: { type: 'integration', id: 'acme-2' } };
const access = {
  action: { name: 'access' },
  resource: { type: 'environment', id: 'production' },
};

async function ask(
  face: Face,
  body: unknown,
  { headers = {}, mode = 'enforce' }: { headers?: Record<string, string>; mode?: 'enforce' | 'shadow' } = {},
): Promise<FaceReply> {
  await using gate = await sampleGate(standings, mode);
  return face(
    {
      method: 'POST',
      path: authzenPaths.evaluation,
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    },
    gate,
  );
}

const said = ({ body }: FaceReply): unknown => JSON.parse(body);

test.describe('the access evaluation API', () => {
  test('allows an integration in force, and denies another one with the reasons', async () => {
    const allowed = await ask(evaluation, { ...open, ...access });
    expect(allowed).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(said(allowed)).toMatchObject({ decision: true, context: { rule: 'production-access' } });
    const denied = await ask(evaluation, { ...closed, ...access });
    expect(denied.status).toBe(200);
    expect(said(denied)).toMatchObject({
      decision: false,
      context: {
        integration: 'acme-2',
        rule: 'no-evidence',
        reasons: [expect.stringContaining('that counts has passed')],
      },
    });
  });

  for (const [type, id, decision] of [
    ['client', 'acme-client', true],
    ['client', 'acme-2-client', false],
    ['client', 'nobody', false],
    ['certificate', soundRegistered.certificates[0] ?? '', true],
    ['certificate', 'acme-client', false],
    ['user', 'acme-1', false],
    ['integration', '', false],
    ['integration', '__proto__', false],
  ] as const)
    test(`answers ${decision} for the ${type} ${JSON.stringify(id)}`, async () => {
      const reply = await ask(evaluation, { ...access, subject: { type, id } });
      expect(reply.status).toBe(200);
      expect(said(reply)).toMatchObject({ decision });
    });

  test('denies what it has no word for, and says which words it has', async () => {
    for (const [change, expected] of [
      [{ action: { name: 'delete' } }, 'access'],
      [{ resource: { type: 'environment', id: 'staging' } }, 'production'],
      [{ resource: { type: 'database', id: 'production' } }, 'environment'],
      [{ subject: { type: 'user', id: 'acme-1' } }, 'certificate'],
    ] as const)
      expect(said(await ask(evaluation, { ...open, ...access, ...change }))).toEqual({
        decision: false,
        context: { error: { status: 400, message: expect.stringContaining(expected) } },
      });
  });

  test('ignores properties, context and members that it does not know', async () => {
    const reply = await ask(evaluation, {
      subject: { ...open.subject, properties: { certified: true } },
      action: { ...access.action, properties: {} },
      resource: { ...access.resource, properties: {} },
      context: { time: '2026-11-22T12:00:00Z' },
      decision: false,
    });
    expect(said(reply)).toMatchObject({ decision: true });
  });

  for (const body of [
    '',
    'null',
    '[]',
    '"access"',
    '{',
    '{"subject":{"type":"integration","id":"acme-1"}}',
    JSON.stringify({ ...open, ...access, subject: 'acme-1' }),
    JSON.stringify({ ...open, ...access, subject: { type: 'integration', id: 7 } }),
    JSON.stringify({ ...open, ...access, action: null }),
    JSON.stringify({ ...open, ...access, context: [] }),
  ])
    test(`refuses ${body === '' ? 'an empty body' : body} with 400 and a message`, async () => {
      for (const face of [evaluation, evaluations]) {
        const { status, headers, body: message } = await ask(face, body);
        expect(status).toBe(400);
        expect(headers['content-type']).toContain('text/plain');
        expect(message).not.toBe('');
      }
    });

  test('gives back the identifier of the request, also with a refusal', async () => {
    const headers = { 'x-request-id': 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716' };
    for (const body of [{ ...open, ...access }, '{'])
      expect((await ask(evaluation, body, { headers })).headers).toMatchObject(headers);
    expect((await ask(evaluation, { ...open, ...access })).headers).not.toHaveProperty('x-request-id');
  });

  test('lets pass in shadow mode, and says what it would have done', async () => {
    expect(said(await ask(evaluation, { ...closed, ...access }, { mode: 'shadow' }))).toMatchObject({
      decision: true,
      context: { mode: 'shadow', would: 'deny', rule: 'no-evidence' },
    });
  });
});

test.describe('the access evaluations API', () => {
  const three = { ...access, evaluations: [open, closed, open] };
  const withSemantic = (evaluations_semantic: string, list: readonly unknown[] = three.evaluations) => ({
    ...access,
    evaluations: list,
    options: { evaluations_semantic },
  });

  for (const [semantic, list, decisions] of [
    ['execute_all', [open, closed, open], [true, false, true]],
    ['deny_on_first_deny', [open, closed, open], [true, false]],
    ['deny_on_first_deny', [open, open], [true, true]],
    ['permit_on_first_permit', [closed, open, closed], [false, true]],
    ['permit_on_first_permit', [closed, closed], [false, false]],
  ] as const)
    test(`${semantic} of ${list.length} answers ${decisions.join(', ')}`, async () => {
      const reply = await ask(evaluations, withSemantic(semantic, list));
      expect(said(reply)).toEqual({
        evaluations: decisions.map((decision) => ({ decision, context: expect.any(Object) })),
      });
    });

  test('executes all where no semantic is named', async () => {
    expect(said(await ask(evaluations, three))).toMatchObject({
      evaluations: [{ decision: true }, { decision: false }, { decision: true }],
    });
  });

  test('an evaluation counts before the default, member by member', async () => {
    const reply = await ask(evaluations, {
      ...access,
      ...open,
      evaluations: [{}, { action: { name: 'promote' } }, closed, { resource: { type: 'x', id: 'y' } }],
    });
    expect(said(reply)).toMatchObject({
      evaluations: [
        { decision: true, context: { rule: 'production-access' } },
        { decision: true, context: { rule: 'promotion-in-production' } },
        { decision: false },
        { decision: false, context: { error: { status: 400 } } },
      ],
    });
  });

  test('an evaluation without a part is an error of its own, and denies', async () => {
    expect(said(await ask(evaluations, { ...open, evaluations: [access, {}] }))).toMatchObject({
      evaluations: [
        { decision: true },
        { decision: false, context: { error: { status: 400, message: 'expected action, got none' } } },
      ],
    });
  });

  test('without evaluations it is the single API', async () => {
    for (const more of [{}, { evaluations: [] }])
      expect(said(await ask(evaluations, { ...open, ...access, ...more }))).toMatchObject({ decision: true });
  });

  test('refuses another semantic, and more questions than it answers at once', async () => {
    expect(await ask(evaluations, withSemantic('deny_all'))).toMatchObject({ status: 400 });
    const many = Array.from({ length: 101 }, () => open);
    expect(await ask(evaluations, { ...access, evaluations: many })).toMatchObject({ status: 400 });
    expect(await ask(evaluations, { ...access, evaluations: many.slice(1) })).toMatchObject({ status: 200 });
  });
});

test('the metadata name the decision point and its endpoints, and nothing that is not there', async () => {
  const base = 'https://gate.example';
  const { status, body } = await ask(metadata(base), '');
  expect(status).toBe(200);
  expect(JSON.parse(body)).toEqual({
    policy_decision_point: base,
    access_evaluation_endpoint: `${base}/access/v1/evaluation`,
    access_evaluations_endpoint: `${base}/access/v1/evaluations`,
  });
});
