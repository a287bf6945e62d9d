import { Type, type Static } from 'typebox';
import { environments } from '../../certification/certification.ts';
import { compile } from '../../directory/schema.ts';
import { actions, type Decision } from '../decision.ts';
import { passes, type Face, type FaceReply, type FaceRequest, type Gate, type Question } from '../gate.ts';

const Entity = Type.Object({
  type: Type.String(),
  id: Type.String(),
  properties: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
const parts = {
  subject: Type.Optional(Entity),
  resource: Type.Optional(Entity),
  action: Type.Optional(
    Type.Object({
      name: Type.String(),
      properties: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
  ),
  context: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
};
const Evaluation = Type.Object(parts);
type Evaluation = Static<typeof Evaluation>;

const semantics = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const;

/** How many questions one request may hold. */
const limit = 100;

const Evaluations = Type.Object({
  ...parts,
  evaluations: Type.Optional(Type.Array(Evaluation, { maxItems: limit })),
  options: Type.Optional(Type.Object({ evaluations_semantic: Type.Optional(Type.Enum([...semantics])) })),
});

const readEvaluation = compile(Evaluation);
const readEvaluations = compile(Evaluations);

/** The paths of the Authorization API, and of its metadata. */
export const authzenPaths = {
  evaluation: '/access/v1/evaluation',
  evaluations: '/access/v1/evaluations',
  metadata: '/.well-known/authzen-configuration',
} as const;

/**
 * OpenID AuthZEN Authorization API 1.0. The subject is of type `integration`, `client` (a client_id) or `certificate` (a
 * SHA-256 thumbprint, base64url); the action `access` or `promote`; the resource of type `environment`.
 */
export const evaluation: Face = async (request, gate) => {
  const read = readBody(request.body, readEvaluation);
  if (typeof read === 'string') return refused(read, request.headers);
  const problem = problemOf(read);
  if (problem !== undefined) return refused(problem, request.headers);
  return answered(await evaluate(read, gate), request.headers);
};

/** Several evaluations in one request; what stands at the top is the default of each. */
export const evaluations: Face = async (request, gate) => {
  const read = readBody(request.body, readEvaluations);
  if (typeof read === 'string') return refused(read, request.headers);
  const { evaluations: list, options, ...defaults } = read;
  if (list === undefined || list.length === 0) return evaluation(request, gate);
  const answers: Answer[] = [];
  for (const each of list) {
    const answer = await evaluate({ ...defaults, ...each }, gate);
    answers.push(answer);
    if (options?.evaluations_semantic === 'deny_on_first_deny' && !answer.decision) break;
    if (options?.evaluations_semantic === 'permit_on_first_permit' && answer.decision) break;
  }
  return answered({ evaluations: answers }, request.headers);
};

/** The metadata of the policy decision point, whose identifier is its base URL. */
export const metadata =
  (base: string): Face =>
  async ({ headers }) =>
    answered(
      {
        policy_decision_point: base,
        access_evaluation_endpoint: `${base}${authzenPaths.evaluation}`,
        access_evaluations_endpoint: `${base}${authzenPaths.evaluations}`,
      },
      headers,
    );

interface Answer {
  readonly decision: boolean;
  readonly context: Readonly<Record<string, unknown>>;
}

async function evaluate(asked: Evaluation, gate: Gate): Promise<Answer> {
  const question = questionOf(asked);
  if (typeof question === 'string')
    return { decision: false, context: { error: { status: 400, message: question } } };
  const decision = await gate.ask(question);
  return { decision: passes(decision), context: contextOf(decision) };
}

const contextOf = ({ decision, rule, mode, reasons, at, integration }: Decision) => ({
  integration,
  rule,
  reasons,
  at,
  ...(mode === 'shadow' ? { mode, would: decision } : {}),
});

/** What of the question is missing; what it holds beyond our words is denied, not refused. */
function problemOf({ subject, action, resource }: Evaluation): string | undefined {
  const missing = Object.entries({ subject, action, resource }).find(([, value]) => value === undefined);
  return missing && `expected ${missing[0]}, got none`;
}

function questionOf(asked: Evaluation): Question | string {
  const { subject, action, resource } = asked;
  if (!subject || !action || !resource) return problemOf(asked) ?? '';
  const kind = (['integration', 'client', 'certificate'] as const).find((each) => each === subject.type);
  const name = actions.find((each) => each === action.name);
  const environment = environments.find((each) => each === resource.id);
  if (kind === undefined)
    return `expected a subject of type integration, client or certificate, got ${subject.type}`;
  if (name === undefined) return `expected the action ${actions.join(' or ')}, got ${action.name}`;
  if (resource.type !== 'environment' || environment === undefined)
    return `expected a resource of type environment, ${environments.join(' or ')}, got ${resource.type} ${resource.id}`;
  return { party: { kind, value: subject.id }, environment, action: name };
}

function readBody<T>(
  body: string,
  read: (value: unknown) => { ok: true; value: T } | { ok: false; errors: readonly unknown[] },
): T | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return 'expected a body of JSON';
  }
  const checked = read(value);
  if (checked.ok) return checked.value;
  const [first] = checked.errors as readonly { readonly instancePath: string; readonly message?: string }[];
  return `${first?.instancePath === '' ? 'the request' : (first?.instancePath ?? '')} ${first?.message ?? 'is malformed'}`;
}

const answered = (body: unknown, headers: FaceRequest['headers']): FaceReply =>
  reply(200, 'application/json', JSON.stringify(body), headers);

/** An error of the whole request is a string (section "Error Responses"). */
const refused = (message: string, headers: FaceRequest['headers']): FaceReply =>
  reply(400, 'text/plain; charset=utf-8', message, headers);

/** The request identifier of the caller comes back, so that both sides' logs can be compared. */
function reply(status: number, type: string, body: string, headers: FaceRequest['headers']): FaceReply {
  const id = headers['x-request-id'];
  return {
    status,
    headers: {
      'content-type': type,
      'cache-control': 'no-store',
      ...(id === undefined ? {} : { 'x-request-id': id }),
    },
    body,
  };
}
