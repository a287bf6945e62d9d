import { readFile } from 'node:fs/promises';
import { Type, type Static, type TSchema } from 'typebox';
import { environments, type Environment } from '../certification/certification.ts';
import { compile } from '../directory/schema.ts';
import { editionIds } from '../profiles/editions.ts';
import type { PolicySource } from './cedar.ts';
import { actions, type Action } from './decision.ts';
import { GateError, tellProblems, type PolicyProblem } from './error.ts';
import {
  profileFacts,
  profilesWith,
  registrationFacts,
  soundProfile,
  soundRegistration,
  type Facts,
} from './facts.ts';
import { evaluate, type Policy } from './policy.ts';
import { readYaml } from './yaml.ts';

const closed = { additionalProperties: false } as const;
const types = {
  Bool: Type.Boolean(),
  Long: Type.Integer(),
  'Set<String>': Type.Array(Type.String()),
} as const;

const factsSchema = (facts: typeof profileFacts | typeof registrationFacts): Record<string, TSchema> =>
  Object.fromEntries(
    Object.entries(facts).map(([name, { type, about }]) => [
      name,
      Type.Optional({ ...types[type], description: about }),
    ]),
  );

const Profiles = Type.Optional(
  Type.Object(
    Object.fromEntries(
      editionIds.map((edition) => [edition, Type.Optional(Type.Object(factsSchema(profileFacts), closed))]),
    ),
    { ...closed, description: 'The editions of which something is known.' },
  ),
);

const asks = actions.flatMap((action) => environments.map((environment) => `${action} ${environment}`));

/** policy/tests.yaml: what an operator's policy is meant to decide. */
const Tests = Type.Object(
  {
    cases: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1 }),
          ask: Type.Enum(asks),
          integration: Type.Optional(Type.String({ minLength: 1 })),
          facts: Type.Object(
            { sandbox: Profiles, production: Profiles, ...factsSchema(registrationFacts) },
            {
              ...closed,
              description: 'Only what differs from sound; an edition that is not named is unknown.',
            },
          ),
          expect: Type.Enum(['allow', 'deny']),
          rule: Type.Optional(Type.String({ description: 'The policy that must be the one that allows.' })),
        },
        closed,
      ),
      { minItems: 1 },
    ),
  },
  closed,
);
type Tests = Static<typeof Tests>;
const check = compile(Tests);

/** A case of tests.yaml. */
export interface PolicyCase {
  readonly name: string;
  readonly environment: Environment;
  readonly action: Action;
  readonly integration: string;
  readonly facts: Facts;
  readonly expect: 'allow' | 'deny';
  readonly rule: string | undefined;
  readonly line: number;
}

/** What became of a case. */
export interface PolicyOutcome {
  readonly name: string;
  readonly line: number;
  readonly ok: boolean;
  readonly expected: string;
  readonly got: string;
  /** Of a case that was not as expected: the conditions that decided it. */
  readonly because: readonly string[];
}

/**
 * Reads tests.yaml.
 * @throws GateError `bad-tests` with every mistake and its place.
 */
export async function loadPolicyTests(file: string): Promise<readonly PolicyCase[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new GateError('bad-tests', `expected the cases of the policy in ${file}, and it cannot be read`, {
      cause,
    });
  }
  return parsePolicyTests({ file, text });
}

/**
 * Reads the text of tests.yaml. A profile that is named is sound but for what is said of it; one that is not is unknown.
 * @throws GateError `bad-tests`
 */
export function parsePolicyTests(source: PolicySource): readonly PolicyCase[] {
  const { value, problems, place } = readYaml(source, check);
  const repeated = (value?.cases ?? []).flatMap(({ name }, at, all): readonly PolicyProblem[] =>
    all.findIndex((other) => other.name === name) === at
      ? []
      : [{ file: source.file, ...place(`/cases/${at}/name`), message: `the name ${name} stands here twice` }],
  );
  const found = [...problems, ...repeated];
  if (found.length > 0 || value === undefined) throw new GateError('bad-tests', tellProblems(found));
  return value.cases.map(({ name, ask, integration = 'any', facts, expect, rule }, at) => {
    const [action, environment] = ask.split(' ') as [Action, Environment];
    const { sandbox, production, ...registration } = facts;
    return {
      name,
      action,
      environment,
      integration,
      expect,
      rule,
      line: place(`/cases/${at}`).line,
      facts: {
        sandbox: profiles(sandbox),
        production: profiles(production),
        ...soundRegistration,
        ...registration,
      },
    };
  });
}

const profiles = (known: Readonly<Record<string, object | undefined>> = {}): Facts[Environment] =>
  profilesWith(
    Object.fromEntries(
      Object.entries(known).map(([edition, facts]) => [edition, { ...soundProfile, ...facts }]),
    ),
  );

/** Asks a policy each case. */
export const runPolicyTests = (policy: Policy, cases: readonly PolicyCase[]): readonly PolicyOutcome[] =>
  cases.map(({ name, line, expect, rule, ...request }) => {
    const { allowed, asked, errors } = evaluate(policy, request);
    const decision = allowed === undefined ? 'deny' : 'allow';
    const ok = decision === expect && (rule === undefined || rule === allowed?.id);
    return {
      name,
      line,
      ok,
      expected: rule === undefined ? expect : `${expect} by ${rule}`,
      got: allowed === undefined ? decision : `${decision} by ${allowed.id}`,
      because: ok
        ? []
        : [
            ...errors,
            ...asked.flatMap((each) =>
              each.rule.conditions.flatMap(({ text }, part) =>
                (each.met[part] ?? false) === (decision === 'allow') &&
                (allowed === undefined || allowed === each.rule)
                  ? [`${each.rule.id}: ${decision === 'allow' ? 'met' : 'not met'}: ${text}`]
                  : [],
              ),
            ),
          ],
    };
  });
