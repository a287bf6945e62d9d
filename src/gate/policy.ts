import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  preparsePolicySet,
  statefulIsAuthorized,
  type CedarValueJson,
  type Policy as CedarPolicy,
  type PolicyJson,
} from '@cedar-policy/cedar-wasm/nodejs';
import { Type } from 'typebox';
import { environments, type Environment } from '../certification/certification.ts';
import { compile } from '../directory/schema.ts';
import { canonical, digestOf } from '../evidence/canonical.ts';
import { parsePolicies, printCondition, type PolicySource } from './cedar.ts';
import { conditionsOf, literalsOf, pathsOf, type Path } from './condition.ts';
import type { Action, Decision } from './decision.ts';
import { readYaml } from './yaml.ts';
import { GateError, tellProblems, type PolicyProblem } from './error.ts';
import type { Facts } from './facts.ts';

export type Mode = Decision['mode'];

/** One part of what a rule demands. */
export interface Condition {
  /** As Cedar prints it. */
  readonly text: string;
  /** The facts that it looks at. */
  readonly paths: readonly Path[];
  /** The numbers and texts that it compares them with. */
  readonly literals: readonly (number | string)[];
}

/** A policy of Cedar, by the name that decisions call it. */
export interface Rule {
  readonly id: string;
  /** The policy's @reason. */
  readonly reason: string | undefined;
  readonly file: string;
  readonly line: number;
  /** The one integration that it is for; undefined for all. */
  readonly integration: string | undefined;
  readonly conditions: readonly Condition[];
}

/** The rules that open access, and where they only watch. */
export interface Policy {
  readonly rules: readonly Rule[];
  readonly mode: Readonly<Record<Environment, Mode>>;
  /** The integrations that policies name. To all others, what decides are the facts alone. */
  readonly named: ReadonlySet<string>;
  /** Stands for all of it: two policies with one digest decide alike. */
  readonly digest: string;
}

/** What is asked of a policy. */
export interface Request {
  readonly integration: string;
  readonly environment: Environment;
  readonly action: Action;
  readonly facts: Facts;
}

/** Which rules a request met, and what became of each of their conditions. */
export interface Evaluation {
  /** The first rule, in the order of the files, whose conditions are all met. */
  readonly allowed: Rule | undefined;
  /** The rules for this integration, environment and action, each with which of its conditions are met. */
  readonly asked: readonly { readonly rule: Rule; readonly met: readonly boolean[] }[];
  /** What Cedar could not work out. */
  readonly errors: readonly string[];
}

const Mode = Type.Enum(['enforce', 'shadow'] as const);
const Settings = Type.Object(
  {
    mode: Type.Object(
      { sandbox: Type.Optional(Mode), production: Type.Optional(Mode) },
      { additionalProperties: false, description: 'shadow: decide and log, and let pass.' },
    ),
  },
  { additionalProperties: false },
);
const checkSettings = compile(Settings);

/**
 * Reads the policy of a directory: its `*.cedar` files in the order of their names, and `policy.yaml` where there is one.
 * @throws GateError `no-policy`, or `bad-policy` with every mistake and its place.
 */
export async function loadPolicy(directory: string): Promise<Policy> {
  let names: readonly string[];
  try {
    names = await readdir(directory);
  } catch (cause) {
    throw new GateError(
      'no-policy',
      `expected a directory with *.cedar files at ${directory}, and it cannot be read`,
      { cause },
    );
  }
  const files = names.filter((name) => name.endsWith('.cedar')).toSorted();
  if (files.length === 0)
    throw new GateError(
      'no-policy',
      `expected at least one *.cedar file in ${directory}, found none; nothing would ever be allowed`,
    );
  const read = async (name: string): Promise<PolicySource> => {
    const file = join(directory, name);
    return { file, text: await readText(file) };
  };
  const sources = await Promise.all(files.map(read));
  return compilePolicy(sources, names.includes('policy.yaml') ? await read('policy.yaml') : undefined);
}

const defaultFile = new URL('default.cedar', import.meta.url);

/** The policy where the operator has none: `default.cedar`, enforced. */
export const defaultPolicy = async (): Promise<Policy> =>
  compilePolicy([{ file: 'default.cedar', text: await readFile(defaultFile, 'utf8') }]);

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    throw new GateError('no-policy', `expected a readable file in UTF-8 at ${file}`, { cause });
  }
}

/**
 * Makes a policy of the texts of its files.
 * @throws GateError `bad-policy` with every mistake and its place.
 */
export function compilePolicy(sources: readonly PolicySource[], settings?: PolicySource): Policy {
  const parsed = sources.map(parsePolicies);
  const policies = parsed.flatMap(({ policies }) => policies);
  const idOf = ({ json }: (typeof policies)[number]): string => json.annotations?.['id'] ?? '';
  const repeated = policies
    .filter((policy, index) => policies.findIndex((other) => idOf(other) === idOf(policy)) < index)
    .map(({ file, line, column, json }): PolicyProblem => {
      const message = `the id ${json.annotations?.['id'] ?? ''} stands here for the second time; decisions name it, so give each policy its own`;
      return { file, line, column, message };
    });
  const { mode, problems } = readSettings(settings);
  const all = [...parsed.flatMap(({ problems }) => problems), ...repeated, ...problems];
  if (all.length > 0) throw new GateError('bad-policy', tellProblems(all));

  const set: Record<string, CedarPolicy> = {};
  const rules = policies.map(({ json, file, line, text }, index): Rule => {
    const { id = '', reason } = json.annotations ?? {};
    const conditions = conditionsOf(json);
    set[`${index}`] = text;
    // Asked together with the rule itself: to whom it applies, and what each part of it answers.
    set[`${index} head`] = { ...json, conditions: [] };
    for (const [part, body] of conditions.entries())
      set[`${index} ${part}`] = { ...json, conditions: [{ kind: 'when', body }] };
    return {
      id,
      reason: reason ?? undefined,
      file,
      line,
      integration: integrationOf(json),
      conditions: conditions.map((body) => ({
        text: printCondition(body),
        paths: pathsOf(body),
        literals: literalsOf(body),
      })),
    };
  });
  const digest = digestOf(canonical({ policies: policies.map(({ text }) => text), mode }));
  const prepared = preparsePolicySet(digest, { staticPolicies: set });
  if (prepared.type === 'failure')
    throw new GateError(
      'bad-policy',
      `Cedar cannot prepare the policy: ${prepared.errors.map(({ message }) => message).join('; ')}`,
    );
  return { rules, mode, named: new Set(policies.flatMap(({ json }) => idsIn(json))), digest };
}

/** Ids of all entities that a policy names, wherever they stand in it. */
function idsIn(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  const inside = Object.values(node).flatMap(idsIn);
  return 'type' in node && 'id' in node && typeof node.id === 'string' ? [node.id, ...inside] : inside;
}

function integrationOf({ principal }: PolicyJson): string | undefined {
  if (principal.op !== '==' || !('entity' in principal)) return undefined;
  return '__entity' in principal.entity ? principal.entity.__entity.id : principal.entity.id;
}

function readSettings(source: PolicySource | undefined): {
  readonly mode: Policy['mode'];
  readonly problems: readonly PolicyProblem[];
} {
  const enforced = Object.fromEntries(environments.map((name) => [name, 'enforce'])) as Policy['mode'];
  if (source === undefined) return { mode: enforced, problems: [] };
  const { value, problems } = readYaml(source, checkSettings);
  return { mode: { ...enforced, ...value?.mode }, problems };
}

/** What policies answered, by all that an answer can depend on. */
const answered = new WeakMap<Policy, Map<string, Evaluation>>();
/** Of one policy. More than that are not worth their memory. */
const answersKept = 5000;

/**
 * Asks a policy. It never throws: what Cedar cannot work out allows nothing. Cedar takes a third of a millisecond, and most of
 * what a gate is asked has the facts of something before: such an answer is given again.
 */
export function evaluate(policy: Policy, request: Request): Evaluation {
  const { integration, environment, action, facts } = request;
  const known = answered.get(policy) ?? new Map<string, Evaluation>();
  answered.set(policy, known);
  const who = policy.named.has(integration) ? { integration } : {};
  const key = JSON.stringify([who, environment, action, facts]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const evaluation = work(policy, request);
  if (known.size >= answersKept) known.clear();
  // An error may be the engine's, and pass.
  if (evaluation.errors.length === 0) known.set(key, evaluation);
  return evaluation;
}

function work(policy: Policy, { integration, environment, action, facts }: Request): Evaluation {
  const answer = statefulIsAuthorized({
    principal: { type: 'Integration', id: integration },
    action: { type: 'Action', id: action },
    resource: { type: 'Environment', id: environment },
    context: facts as unknown as Record<string, CedarValueJson>,
    preparsedPolicySetId: policy.digest,
    entities: [],
  });
  if (answer.type === 'failure')
    return { allowed: undefined, asked: [], errors: answer.errors.map(({ message }) => message) };
  const { reason, errors } = answer.response.diagnostics;
  const satisfied = new Set(reason);
  return {
    // Every policy is a permit, so that Cedar names all that are satisfied.
    allowed: policy.rules.find((_rule, index) => satisfied.has(`${index}`)),
    asked: policy.rules.flatMap((rule, index) =>
      satisfied.has(`${index} head`)
        ? [{ rule, met: rule.conditions.map((_condition, part) => satisfied.has(`${index} ${part}`)) }]
        : [],
    ),
    errors: errors
      .filter(({ policyId }) => !policyId.includes(' '))
      .map(({ policyId, error }) => `${policy.rules[Number(policyId)]?.id ?? policyId}: ${error.message}`),
  };
}
