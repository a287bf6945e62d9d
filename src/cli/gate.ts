import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { styleText } from 'node:util';
import { effective } from '../certification/fold.ts';
import { loadRules } from '../certification/load-rules.ts';
import { defaultRules, type Rules } from '../certification/rules.ts';
import { unknownStanding, type Standing } from '../certification/standing.ts';
import { EvidenceError } from '../evidence/error.ts';
import { openLog, type Log } from '../evidence/log.ts';
import { remember } from '../evidence/seen.ts';
import { readVerifiers } from '../evidence/signer.ts';
import type { Verifiers } from '../evidence/verifiers.ts';
import type { Decision } from '../gate/decision.ts';
import { decide, type Question } from '../gate/decide.ts';
import { standingFrom } from '../gate/evidence-standing.ts';
import { passes } from '../gate/gate.ts';
import { defaultPolicy, loadPolicy, type Policy } from '../gate/policy.ts';
import { visible } from '../report/text.ts';
import { exit, type ExitCode } from './exit.ts';
import type { Io } from './io.ts';
import { operatorFiles } from './operator.ts';

/** What `assay gate` is asked, and where the files are. */
export interface GateOptions extends Pick<Question, 'environment' | 'action'> {
  readonly integration: string;
  readonly evidence: string;
  readonly operator: string;
  /** Default: that of the operator. */
  readonly verifiers?: string;
  /** Directory of a policy, or `default` for the one that Assay ships. Default: that of the operator. */
  readonly policy?: string;
  /** File that remembers the last checkpoint seen. Default: in the operator's directory. */
  readonly seen?: string;
  /** Seconds to wait for a run, or for the reruns that confirm a failure or refute it. */
  readonly retryWhilePending: number;
  /** dry: tell, and exit with 0 whatever is decided. */
  readonly run: 'real' | 'dry';
  readonly format: 'text' | 'json';
}

/** Milliseconds between two looks at the evidence while something is pending. */
const pause = 2000;

/** Decides from an evidence directory alone. Exit code 0: allowed, or in shadow mode; 1: denied. */
export async function gateCommand(io: Io, options: GateOptions): Promise<ExitCode> {
  const inOperator = (name: string): string => resolve(io.cwd, options.operator, name);
  const verifiers = await readVerifiers(
    options.verifiers === undefined
      ? inOperator(operatorFiles.verifiers)
      : resolve(io.cwd, options.verifiers),
  );
  const sources: Sources = {
    verifiers,
    // A directory that is gone must not be replaced by a policy that may be more lenient.
    policy:
      options.policy === 'default'
        ? await defaultPolicy()
        : await loadPolicy(
            options.policy === undefined ? inOperator(operatorFiles.policy) : resolve(io.cwd, options.policy),
          ),
    rules: await rulesOf(options, inOperator(operatorFiles.rules)),
    evidence: resolve(io.cwd, options.evidence),
    seen: options.seen === undefined ? inOperator(operatorFiles.seen) : resolve(io.cwd, options.seen),
  };
  const until = performance.now() + options.retryWhilePending * 1000;
  let outcome = await look(io, options, sources);
  while (outcome.pending !== undefined && performance.now() < until && !io.stop.aborted) {
    io.note(`${outcome.pending}; looking again\n`);
    await setTimeout(Math.min(pause, Math.max(0, until - performance.now())), undefined, {
      signal: io.stop,
    }).catch(() => undefined);
    outcome = await look(io, options, sources);
  }
  const { decision } = outcome;
  io.write(
    options.format === 'json'
      ? `${JSON.stringify(decision, undefined, 2)}\n`
      : renderDecision(decision, io.colour),
  );
  if (decision.decision === 'deny' && passes(decision))
    io.note('shadow mode: this would be denied, and passes\n');
  return passes(decision) || options.run === 'dry' ? exit.pass : exit.fail;
}

/** Who names the default policy needs no operator's directory; its rules count where they are. */
const rulesOf = async ({ policy }: GateOptions, path: string): Promise<Rules> =>
  policy === 'default' && !existsSync(path) ? defaultRules : await loadRules(path);

interface Sources {
  readonly verifiers: Verifiers;
  readonly policy: Policy;
  readonly rules: Rules;
  readonly evidence: string;
  readonly seen: string;
}

interface Outcome {
  readonly decision: Decision;
  /** What a later look may find otherwise. */
  readonly pending: string | undefined;
}

async function look(
  io: Io,
  { integration, environment, action }: GateOptions,
  { verifiers, policy, rules, evidence, seen }: Sources,
): Promise<Outcome> {
  const now = io.now();
  const question = { environment, action, now, policy };
  let standing: Standing = unknownStanding(integration);
  let problems: readonly string[];
  try {
    const log = await openLog(evidence, verifiers.log, verifiers.witnesses);
    await compare(seen, log);
    const found = await standingFrom(log, verifiers, integration);
    problems = found.problems;
    standing = effective(found.standing, rules, now.toISOString());
  } catch (error) {
    if (!(error instanceof EvidenceError) || error.code === 'unusable-directory') throw error;
    problems = [error.message];
  }
  const decision = decide({
    ...question,
    standing,
    completeness: problems.length === 0 ? 'complete' : 'incomplete',
  });
  return {
    decision: { ...decision, reasons: [...decision.reasons, ...problems] },
    pending: decision.decision === 'deny' ? pendingOf(decision, standing) : undefined,
  };
}

/** Another gate on this machine may have seen a newer checkpoint since this log was opened. */
async function compare(seen: string, log: Log): Promise<void> {
  try {
    await remember(seen, log);
  } catch (error) {
    const { size } = log;
    await log.refresh();
    if (log.size === size) throw error;
    await remember(seen, log);
  }
}

function pendingOf({ rule, integration }: Decision, { certifications }: Standing): string | undefined {
  if (rule === 'no-evidence') return `no run has shown anything of ${integration} yet`;
  const suspected = certifications.find(({ suspicion }) => suspicion !== undefined);
  return rule === 'no-rule' && suspected !== undefined
    ? `a failure under ${suspected.edition} in ${suspected.environment} waits for its reruns`
    : undefined;
}

/** A decision as a table of what is required and what is there. */
export function renderDecision(decision: Decision, colour: 'on' | 'off'): string {
  const tint = (tone: 'green' | 'red', text: string): string =>
    colour === 'on' ? styleText(tone, text, { validateStream: false }) : text;
  const { integration, environment, action, rule, reasons, required, mode, at } = decision;
  const verdict = tint(decision.decision === 'allow' ? 'green' : 'red', decision.decision.toUpperCase());
  const head = `${verdict}  ${action} ${environment}  ${visible(integration)}  (${rule}${mode === 'shadow' ? ', shadow' : ''}, ${at})`;
  const rows = required.map(({ rule, condition, met, facts }) => ({
    rule,
    met,
    condition: visible(condition.replaceAll(/\bcontext\./gu, '')),
    there: visible(
      Object.values(facts)
        .map((value) => (value === 'unknown' ? value : JSON.stringify(value)))
        .join(', '),
    ),
  }));
  const widthOf = (name: 'rule' | 'condition'): number =>
    Math.max('REQUIRED'.length, ...rows.map((row) => row[name].length));
  const line = (rule: string, condition: string, state: string, there: string): string =>
    `  ${rule.padEnd(widthOf('rule'))}  ${condition.padEnd(widthOf('condition'))}  ${state}  ${there}`;
  const lines = [
    head,
    ...reasons.map((reason) => `  ${visible(reason)}`),
    ...(rows.length === 0 ? [] : [line('RULE', 'REQUIRED', '     ', 'THERE')]),
    ...rows.map(({ rule, met, condition, there }, index) =>
      line(
        rows[index - 1]?.rule === rule ? '' : rule,
        condition,
        tint(met ? 'green' : 'red', met ? 'met  ' : 'lacks'),
        there,
      ),
    ),
  ];
  return `${lines.join('\n')}\n`;
}
