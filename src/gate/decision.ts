import { Type, type Static } from 'typebox';
import { environments } from '../certification/certification.ts';
import { Instant } from '../evidence/statement.ts';

const closed = { additionalProperties: false } as const;

/** What may be asked: whether software may go live, and whether it may be used now. */
export const actions = ['promote', 'access'] as const;
export type Action = (typeof actions)[number];

/** Allow or deny, for one integration, environment and action, with everything that led there. */
export const Decision = Type.Object(
  {
    format: Type.Literal('assay-decision/1'),
    integration: Type.String(),
    environment: Type.Enum([...environments]),
    action: Type.Enum([...actions]),
    decision: Type.Enum(['allow', 'deny']),
    mode: Type.Enum(['enforce', 'shadow'], {
      description: 'shadow: faces let pass what this decision denies, and log it.',
    }),
    rule: Type.String({
      description:
        'Id of the policy that allowed, or why nothing did: no-rule, not-registered, no-evidence, break-glass, incomplete-log, policy-error.',
    }),
    reasons: Type.Array(Type.String(), { description: 'In words; of a denial, what is missing.' }),
    required: Type.Array(
      Type.Object(
        {
          rule: Type.String({ description: 'Id of the policy.' }),
          condition: Type.String({ description: 'A condition of the policy, as it stands there.' }),
          met: Type.Boolean(),
          facts: Type.Record(Type.String(), Type.Unknown(), {
            description: 'The facts that the condition looks at, by their path.',
          }),
        },
        closed,
      ),
    ),
    evidence: Type.Array(Type.String(), {
      description: 'Digests of the statements that the decision rests on.',
    }),
    at: Instant,
  },
  closed,
);
export type Decision = Static<typeof Decision>;
