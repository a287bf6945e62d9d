import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

/** How certifications move: rules.yaml of the operator. What opens access from there is the gate's policy. */
export const Rules = Type.Object(
  {
    minor: Type.Array(Type.String(), {
      description: 'Requirements, ids or globs, whose failure does not suspend. All others are critical.',
    }),
    confirmation: Type.Object(
      {
        failures: Type.Integer({
          minimum: 1,
          description: 'N: failed runs, the first included, that confirm.',
        }),
        runs: Type.Integer({
          minimum: 1,
          description: 'M: runs, the first included, within which they must fall.',
        }),
        within_minutes: Type.Integer({ minimum: 1, description: 'Time for the reruns.' }),
      },
      closed,
    ),
    conditional_days: Type.Integer({ minimum: 1, description: 'Deadline of a minor failure.' }),
    inconclusive_hours: Type.Integer({
      minimum: 1,
      description: 'How long runs may be without an answer before the evidence is stale.',
    }),
    dispute_days: Type.Integer({
      minimum: 1,
      description: 'How long a dispute sets failures aside. One person opens it: it must not last for ever.',
    }),
  },
  closed,
);
export type Rules = Static<typeof Rules>;

/** The rules where the operator says nothing else. */
export const defaultRules: Rules = {
  minor: [],
  confirmation: { failures: 2, runs: 3, within_minutes: 60 },
  conditional_days: 14,
  inconclusive_hours: 72,
  dispute_days: 30,
};
