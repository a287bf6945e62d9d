import { editions } from '../profiles/editions.ts';
import { assign, narrowing, requirementsOf, type PlannedCheck } from '../profiles/plan.ts';
import { fixFor } from '../requirements/fixes.ts';
import { catalogue } from '../requirements/catalogue.ts';
import {
  judgeCheck,
  judgeRequirement,
  judgeRun,
  living,
  type Ending,
  type Judgement,
} from '../verdict/judge.ts';
import type { Fault, Verdict } from '../verdict/verdict.ts';
import type { AnyIntegration } from '../directory/client-integration.ts';
import type { Evidence } from './ledger.ts';
import { describePictures } from './pictures.ts';
import type { CheckResult, RequirementResult, Results } from './results.ts';
import type { RunFile } from './run-file.ts';

/** A check of the suites, with what its execution left behind; without that, it was not executed. */
export interface CheckRecord extends PlannedCheck {
  /** Spec file, relative to the suites. */
  readonly file: string;
  readonly line: number;
  readonly evidence?: Evidence;
  /** ISO 8601, UTC. */
  readonly started?: string;
  readonly duration_ms?: number;
}

/** What is known of a run when it ends, or is ended. */
export interface RunRecord {
  readonly run: RunFile;
  readonly harness: string;
  readonly integration: AnyIntegration;
  readonly checks: readonly CheckRecord[];
  readonly status: 'complete' | 'interrupted';
  readonly now: Date;
}

/** Judges everything that a run left behind. */
export function assemble({ run, harness, integration, checks: records, status, now }: RunRecord): Results {
  const { plan } = run;
  const checks = records
    .filter((record) => assign(record, plan).in !== 'another-edition')
    .map((record) => checkResult(record, run));
  const waivers = integration.waivers ?? [];
  const requirements = requirementsOf(plan).map((id): RequirementResult => {
    const { level, text, link, untested } = catalogue[id];
    const own = checks.filter((check) => check.requirements.includes(id));
    const judgement = judgeRequirement(level, own, untested);
    const waiver = waivers.find((each) => each.requirement === id && living(each, now));
    return {
      id,
      level,
      text,
      link,
      ...judgement,
      checks: own.map((check) => check.id),
      ...(waiver && judgement.verdict === 'fail' ? { waiver: withoutRequirement(waiver) } : {}),
    };
  });
  const selection = narrowing(plan);
  const { title, about } = editions[plan.edition];
  return {
    format: 'assay-results/1',
    run: {
      id: run.id,
      status,
      started: run.started,
      ...(status === 'complete' ? { finished: now.toISOString() } : {}),
      harness,
      tier: plan.tier,
      ...(selection === undefined ? {} : { selection }),
    },
    integration: {
      partner: integration.partner,
      integration: integration.integration,
      environment: integration.environment,
      roles: integration.roles,
      file: run.integration,
    },
    profile: { edition: plan.edition, title, about, ...plan.variant },
    ...judgeRun(requirements, waivers, { now, status }),
    counts: { checks: tally(checks), requirements: tally(requirements) },
    requirements,
    checks,
  };
}

const withoutRequirement = ({
  reason,
  owner,
  approver,
  expires,
}: NonNullable<AnyIntegration['waivers']>[number]) => ({
  reason,
  owner,
  approver,
  expires,
});

function checkResult(record: CheckRecord, { plan }: RunFile): CheckResult {
  const { id, title, file, line, evidence } = record;
  const assignment = assign(record, plan);
  const ending: Ending =
    assignment.in === 'not-applicable'
      ? { end: 'not-applicable', reason: assignment.reason }
      : assignment.in === 'left-out'
        ? { end: 'not-executed', reason: assignment.reason }
        : (evidence?.ending ?? { end: 'not-executed', reason: 'the run ended before this check' });
  const levels = record.requirements.map((requirement) => catalogue[requirement].level);
  const judgement = judgeCheck(ending, evidence?.exercised ?? 0, levels);
  const hint = hintFor(judgement, record);
  return {
    id,
    title,
    file,
    line,
    requirements: [...record.requirements],
    executed: evidence !== undefined,
    ...judgement,
    ...(evidence?.expected === undefined ? {} : { expected: evidence.expected }),
    ...(evidence?.actual === undefined ? {} : { actual: evidence.actual }),
    ...(hint === undefined ? {} : { hint }),
    ...(record.started === undefined ? {} : { started: record.started }),
    duration_ms: record.duration_ms ?? 0,
    ...(evidence?.measured === undefined ? {} : { measured: [...evidence.measured] }),
    ...(evidence?.pictures === undefined ? {} : { pictures: describePictures(id, evidence.pictures) }),
    exchanges: [...(evidence?.exchanges ?? [])],
    ...(evidence?.stack === undefined ? {} : { stack: evidence.stack }),
  };
}

const hints: Readonly<Record<Exclude<Fault, 'subject'>, string>> = {
  configuration:
    'Compare the integration file with the registration at the server; `assay doctor` names what differs.',
  environment: 'Make the system reachable from here and run again; `assay doctor` shows what answers.',
  harness: 'This is a defect of Assay, not of the subject. Report it with this run.',
};

/** What else to do where a client is under test, which Assay does not call but waits for. */
const clientHints: typeof hints = {
  configuration:
    'Mend the integration file, or what its trigger starts; `assay doctor` tells how far the client comes.',
  environment:
    'See that the client reaches the sandbox and tells how its flow ends; `assay doctor` tells how far it comes.',
  harness: hints.harness,
};

function hintFor({ verdict, fault }: Judgement, { id, requirements }: CheckRecord): string | undefined {
  if (fault === undefined || (fault === 'subject' && verdict === 'inconclusive')) return undefined;
  const [first] = requirements;
  if (fault !== 'subject' || first === undefined)
    return fault === 'subject' ? undefined : (id.startsWith('client/') ? clientHints : hints)[fault];
  return `${fixFor(first)} ${catalogue[first].link}`;
}

function tally(judged: readonly { readonly verdict: Verdict }[]): Record<Verdict, number> {
  const counts = { pass: 0, fail: 0, warn: 0, inconclusive: 0, 'not-applicable': 0 };
  for (const { verdict } of judged) counts[verdict] += 1;
  return counts;
}
