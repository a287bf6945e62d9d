import type { Certification, Environment } from '../certification/certification.ts';
import type { Standing } from '../certification/standing.ts';
import type { Action, Decision } from './decision.ts';
import { atPath, factsOf, isUnknown, shortfall, type Facts, registrationIn } from './facts.ts';
import { evaluate, type Evaluation, type Mode, type Policy, type Rule } from './policy.ts';

/** What is asked of the gate, and all that it decides from. */
export interface Question {
  /** With what time has done to it (`effective`). */
  readonly standing: Standing;
  readonly environment: Environment;
  readonly action: Action;
  readonly now: Date;
  /** incomplete: something of this integration that was logged is missing, altered or not believable. */
  readonly completeness: 'complete' | 'incomplete';
  readonly policy: Policy;
  /** Instead of what the policy says for the environment. */
  readonly mode?: Mode;
}

/**
 * Allows or denies. Deny is where every doubt ends: only a rule of the policy allows, or an operator who breaks the glass.
 * Never throws.
 */
export function decide(question: Question): Decision {
  const { standing, environment, action, now, completeness, policy, mode } = question;
  const facts = factsOf(standing, environment, now);
  const registration = registrationIn(standing, environment);
  const say = (
    decision: Decision['decision'],
    rule: string,
    reasons: readonly string[],
    { required = [], evidence = [] }: Partial<Pick<Decision, 'required' | 'evidence'>>,
  ): Decision => ({
    format: 'assay-decision/1',
    integration: standing.integration,
    environment,
    action,
    decision,
    mode: mode ?? policy.mode[environment],
    rule,
    reasons: [...reasons],
    required,
    evidence: [...new Set(evidence)],
    at: now.toISOString(),
  });
  // Before all else, break-glass included: what is missing may be what ended it.
  if (completeness === 'incomplete')
    return say(
      'deny',
      'incomplete-log',
      [
        `something that was logged of ${standing.integration} is missing, altered or not signed by a key that may; restore the evidence directory, or look at verifiers.json`,
      ],
      {},
    );
  const evaluation = evaluate(policy, { integration: standing.integration, environment, action, facts });
  const required = requirements(evaluation, facts);
  const rules =
    evaluation.allowed === undefined ? evaluation.asked.map(({ rule }) => rule) : [evaluation.allowed];
  const looked = standing.certifications.filter((each) => rules.some((rule) => looksAt(rule, each)));
  const known = { required, evidence: looked.flatMap((each) => statementsOf(each, standing)) };
  if (registration === undefined)
    return say(
      'deny',
      'not-registered',
      [`${standing.integration} is not registered in ${environment}`],
      known,
    );
  const glass = brokenGlass(question);
  if (glass !== undefined)
    return say(
      'allow',
      'break-glass',
      [`${glass.actor} broke the glass until ${glass.until}: ${glass.reason}`],
      {
        required,
        evidence: [glass.statement],
      },
    );
  const states = looked.flatMap((each) => {
    const lacking = shortfall(each, { ...standing, registration }, now);
    return lacking === undefined ? [] : [`${each.environment} ${each.edition} is ${lacking}`];
  });
  if (standing.certifications.every(({ basis }) => basis === undefined))
    return say(
      'deny',
      'no-evidence',
      [`no run of ${standing.integration} that counts has passed`, ...states],
      known,
    );
  const { allowed, errors } = evaluation;
  if (allowed !== undefined)
    return say('allow', allowed.id, [allowed.reason ?? 'all its conditions are met'], known);
  if (errors.length > 0) return say('deny', 'policy-error', errors, known);
  return say('deny', 'no-rule', [...states, ...lacks(question, evaluation, facts)], known);
}

/** The living break-glass that ends last. It opens the use, and nothing for good; who closes after it means it. */
function brokenGlass({
  standing,
  environment,
  action,
  now,
}: Question): Standing['break_glass'][number] | undefined {
  if (action !== 'access') return undefined;
  return standing.break_glass
    .filter(
      (each) =>
        each.environment === environment &&
        Date.parse(each.until) > now.getTime() &&
        !standing.holds.some(
          (hold) => hold.environment === environment && hold.ended === undefined && hold.since > each.since,
        ),
    )
    .toSorted((one, other) => one.until.localeCompare(other.until))
    .at(-1);
}

function requirements({ asked }: Evaluation, facts: Facts): Decision['required'] {
  return asked.flatMap(({ rule, met }) =>
    rule.conditions.map(({ text, paths }, part) => ({
      rule: rule.id,
      condition: text,
      met: met[part] ?? false,
      facts: Object.fromEntries(
        paths.map((path) => {
          const value = atPath(facts, path);
          return [path.join('.'), isUnknown(value) ? 'unknown' : value];
        }),
      ),
    })),
  );
}

/** What each rule lacks, in a line; first the one that lacks least. */
function lacks({ environment, action }: Question, { asked }: Evaluation, facts: Facts): readonly string[] {
  if (asked.length === 0) return [`no rule of the policy is about ${action} in ${environment}`];
  return asked
    .map(({ rule, met }) => ({
      rule,
      unmet: rule.conditions.filter((_condition, part) => met[part] !== true),
    }))
    .toSorted((one, other) => one.unmet.length - other.unmet.length)
    .map(({ rule, unmet }) => {
      const spelt = unmet.map(({ text, paths }) => {
        const values = paths.map((path) => spell(atPath(facts, path)));
        return values.length === 0 ? text : `${text} (is ${values.join(', ')})`;
      });
      return `${rule.id} lacks ${spelt.join(' and ')}`;
    });
}

const spell = (value: unknown): string => (isUnknown(value) ? 'unknown' : JSON.stringify(value));

const looksAt = ({ conditions }: Rule, { environment, edition }: Certification): boolean =>
  conditions.some(({ paths }) =>
    paths.some(([where, which]) => where === environment && (which === undefined || which === edition)),
  );

/** The statements that made a certification what it is. */
function statementsOf(certification: Certification, { waivers }: Standing): readonly string[] {
  const { basis, failed, suspicion, environment, edition } = certification;
  return [
    ...(basis === undefined ? [] : [basis.statement]),
    ...(failed === undefined ? [] : [failed.statement]),
    ...(suspicion?.failed ?? []),
    ...waivers
      .filter(
        (waiver) =>
          waiver.environment === environment &&
          waiver.edition === edition &&
          basis?.waived.includes(waiver.requirement) === true,
      )
      .map(({ statement }) => statement),
  ];
}
