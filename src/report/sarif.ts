import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { explain } from './junit.ts';
import type { Verdict } from '../verdict/verdict.ts';
import type { CheckResult, RequirementResult, Results } from './results.ts';
import { visible } from './text.ts';
import { compareIds } from './view.ts';

/** Where a JSON pointer into the integration file is found. */
export interface SarifOptions {
  /** Line, from 1, of the member that a JSON pointer names, or of its nearest ancestor that exists. */
  readonly lineOf: (pointer: string) => number;
}

/**
 * The run as SARIF 2.1.0. Rules are the requirements; a result is a requirement with a check that exercises it, or with
 * none. It is placed at the line of the integration file that declares what was tested, the check beside it.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function renderSarif(results: Results, { lineOf }: SarifOptions): string {
  const { run, integration, profile, reason } = results;
  const requirements = results.requirements.toSorted((a, b) => compareIds(a.id, b.id));
  const checks = new Map(results.checks.map((check) => [check.id, check]));
  const found = requirements.flatMap((requirement, index) => {
    const own = requirement.checks.flatMap((id) => checks.get(id) ?? []);
    const pairs = own.length === 0 ? [undefined] : own;
    return pairs.map((check) => result(results, requirement, index, check, lineOf));
  });
  const complete = run.status === 'complete';
  const notification = {
    level: 'error',
    message: { text: 'The run was interrupted: its results prove nothing as a whole.' },
  };
  return JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'Assay',
              version: run.harness,
              rules: requirements.map((requirement) => rule(requirement)),
            },
          },
          automationDetails: {
            id: `assay/${integration.partner}/${integration.integration}/${integration.environment}/${profile.edition}/${run.id}`,
            description: { text: visible(reason) },
          },
          invocations: [
            {
              executionSuccessful: complete,
              startTimeUtc: run.started,
              ...(run.finished === undefined ? {} : { endTimeUtc: run.finished }),
              ...(complete ? {} : { toolExecutionNotifications: [notification] }),
            },
          ],
          originalUriBaseIds: { SUITES: { description: { text: "The root of Assay's suites." } } },
          columnKind: 'utf16CodeUnits',
          results: found,
          properties: {
            verdict: results.verdict,
            fault: results.fault,
            status: run.status,
            tier: run.tier,
            selection: run.selection,
          },
        },
      ],
    },
    undefined,
    1,
  );
}

const levels = { shall: 'error', should: 'warning', may: 'note' } as const;

function rule({ id, text, link, level }: RequirementResult) {
  return {
    id,
    shortDescription: { text },
    fullDescription: { text },
    help: { text: `${text} The specification: ${link}` },
    helpUri: link,
    defaultConfiguration: { level: levels[level] },
    properties: { tags: ['fapi', level] },
  };
}

function result(
  results: Results,
  requirement: RequirementResult,
  ruleIndex: number,
  check: CheckResult | undefined,
  lineOf: SarifOptions['lineOf'],
) {
  const { id, waiver, fault } = requirement;
  const location = {
    physicalLocation: {
      artifactLocation: { uri: pathToFileURL(results.integration.file).href },
      region: { startLine: lineOf(pointer(check)) },
    },
  };
  const waived = waiver !== undefined && check?.verdict === 'fail';
  return {
    ruleId: id,
    ruleIndex,
    ...grade(requirement, check),
    message: { text: visible(message(requirement, check)) },
    locations: [location],
    ...(check === undefined ? {} : { relatedLocations: [specFile(check)] }),
    partialFingerprints: { 'requirementAndCheck/v1': fingerprint(results, id, check?.id ?? 'no check') },
    ...(waived
      ? {
          suppressions: [
            {
              kind: 'external',
              status: 'accepted',
              justification: visible(
                `${waiver.reason} Owner ${waiver.owner}, approved by ${waiver.approver}, until ${waiver.expires}.`,
              ),
            },
          ],
        }
      : {}),
    properties: {
      check: check?.id,
      verdict: check?.verdict ?? requirement.verdict,
      fault: check?.fault ?? fault,
      executed: check?.executed ?? false,
    },
  };
}

/** Kind and level (SARIF, sections 3.27.9 and 3.27.10): a level other than none belongs to failures alone. */
const grades: Readonly<Record<Verdict, { readonly kind: string; readonly level: string }>> = {
  fail: { kind: 'fail', level: 'error' },
  warn: { kind: 'fail', level: 'warning' },
  inconclusive: { kind: 'open', level: 'none' },
  'not-applicable': { kind: 'notApplicable', level: 'none' },
  pass: { kind: 'pass', level: 'none' },
};

/** A check that fails is only a warning for those of its requirements that are no shall. */
function grade({ level, verdict: own }: RequirementResult, check: CheckResult | undefined) {
  const verdict = check?.verdict ?? own;
  return grades[verdict === 'fail' && level !== 'shall' ? 'warn' : verdict];
}

function message({ text, reason, verdict }: RequirementResult, check: CheckResult | undefined): string {
  if (check === undefined) return `${text} ${reason ?? `No check exercises it: ${verdict}.`}`;
  const details = explain(check);
  return `${check.title}${details === '' ? '' : `\n${details}`}`;
}

function specFile({ file, line, title }: CheckResult) {
  return {
    id: 0,
    message: { text: `The check: ${title}` },
    physicalLocation: {
      artifactLocation: { uri: encodeURI(file), uriBaseId: 'SUITES' },
      region: { startLine: Math.max(1, line) },
    },
  };
}

/** The member of the integration file that declares what a check tests. */
function pointer(check: CheckResult | undefined): string {
  if (check === undefined) return '/profile';
  if (check.fault === 'configuration') return '/clients';
  if (check.file.startsWith('resource-server/')) return '/resources/0/url';
  return check.file.startsWith('authorization-server/') ? '/issuer' : '/clients/0';
}

/** The same from run to run as long as integration, variant, requirement and check are. */
function fingerprint({ integration, profile }: Results, requirement: string, check: string): string {
  const { client_authentication, sender_constraint, protocol, edition } = profile;
  const identity = [
    integration.partner,
    integration.integration,
    integration.environment,
    edition,
    client_authentication,
    sender_constraint,
    protocol,
    requirement,
    check,
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}
