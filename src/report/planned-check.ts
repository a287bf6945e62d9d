import type { TestInfo } from '@playwright/test';
import { checkId, type Condition, type PlannedCheck, type Tier } from '../profiles/plan.ts';
import type { RequirementId } from '../requirements/catalogue.ts';

/** A check as the plan knows it, read from the annotations of its test. */
export function plannedCheck(
  file: string,
  title: string,
  annotations: TestInfo['annotations'],
): PlannedCheck {
  const of = (type: string): string[] =>
    annotations.filter((each) => each.type === type).map(({ description = '' }) => description);
  return {
    id: checkId(file, title),
    title,
    requirements: of('requirement') as RequirementId[],
    conditions: of('condition').map((alternatives) => alternatives.split(' ') as Condition[]),
    tier: (of('tier')[0] ?? 'fast') as Tier,
  };
}
