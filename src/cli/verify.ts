import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseBundle, type Bundle } from '../evidence/bundle.ts';
import { parseCheckpoint } from '../evidence/checkpoint.ts';
import { checkDisclosure } from '../evidence/disclosure.ts';
import { readStatement } from '../evidence/envelope.ts';
import { EvidenceError } from '../evidence/error.ts';
import { openLog } from '../evidence/log.ts';
import { parseNote } from '../evidence/note.ts';
import { checkConsistent, remember } from '../evidence/seen.ts';
import { readVerifiers } from '../evidence/signer.ts';
import { TestResultStatement, testResultType, type Subject, type TestResult } from '../evidence/statement.ts';
import type { Verifiers } from '../evidence/verifiers.ts';
import { notProven, outcomeOf, verifyBundle, type Claim, type Verification } from '../evidence/verify.ts';
import { exit, worst, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';

/** What `assay verify` may be told. */
export interface VerifyOptions {
  readonly verifiers: string;
  /** File that remembers the last checkpoint seen. */
  readonly seen?: string;
  /** A copy of the evidence directory, to compare the log with what was seen of it. */
  readonly evidence?: string;
  readonly subjects: readonly Subject[];
  readonly format: 'text' | 'json';
}

interface Verified extends Verification {
  readonly file: string;
}

/** Verifies bundles of evidence, and exchanges that were disclosed of them. Needs no server, and no network. */
export async function verifyCommand(
  io: Io,
  files: readonly string[],
  options: VerifyOptions,
): Promise<ExitCode> {
  const verifiers = await readVerifiers(resolve(io.cwd, options.verifiers));
  const texts = await Promise.all(files.map(async (file) => ({ file, text: await textOf(io, file) })));
  const isDisclosure = ({ text }: { readonly text: string }): boolean =>
    text.includes('"format":"assay-disclosure/1"');
  const bundles = texts.filter((each) => !isDisclosure(each));
  const verified: Verified[] = [];
  for (const { file, text } of bundles)
    verified.push({ file, ...(await verifyText(io, text, verifiers, options)) });
  for (const { file, text } of texts.filter(isDisclosure))
    verified.push({ file, ...disclosed(text, bundles, verifiers) });
  if (options.format === 'json') io.write(`${JSON.stringify(verified.map(forPrograms), undefined, 2)}\n`);
  else io.write(verified.map((each) => render(each)).join('\n'));
  return worst(verified.map(({ outcome }) => codes[outcome]));
}

const codes = { verified: exit.pass, refuted: exit.fail, incomplete: exit.inconclusive } as const;

async function verifyText(
  io: Io,
  text: string,
  verifiers: Verifiers,
  options: VerifyOptions,
): Promise<Verification> {
  let bundle: Bundle;
  try {
    bundle = parseBundle(text.replace(/\n$/u, ''));
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { outcome: 'refuted', claims: [{ claim: 'form', state: 'refuted', detail: error.message }] };
  }
  const verification = verifyBundle(bundle, { verifiers, now: io.now(), subjects: options.subjects });
  const claims = [...verification.claims, await consistency(io, verification, verifiers, options)];
  return { ...verification, claims, outcome: outcomeOf(claims) };
}

/** Whether the log is still what it was when somebody last looked, and holds what the proof says. */
async function consistency(
  io: Io,
  { inclusion }: Verification,
  verifiers: Verifiers,
  { seen, evidence }: VerifyOptions,
): Promise<Claim> {
  const claim = 'consistency';
  const open = (detail: string): Claim => ({ claim, state: 'open', detail });
  try {
    if (evidence !== undefined) {
      const log = await openLog(resolve(io.cwd, evidence), verifiers.log, verifiers.witnesses);
      if (inclusion) await checkConsistent(inclusion.checkpoint.text, log);
      if (seen === undefined)
        return open(
          `the proof fits the log of ${log.size} entries; --seen FILE would remember its checkpoint for the next time`,
        );
      const how = await remember(resolve(io.cwd, seen), log);
      return how === 'first-seen'
        ? open(`the checkpoint of ${log.size} entries is the first one seen; it is remembered in ${seen}`)
        : {
            claim,
            state: 'proven',
            detail: `the log of ${log.size} entries extends what was seen of it before`,
          };
    }
    const before =
      seen === undefined ? undefined : await readFile(resolve(io.cwd, seen), 'utf8').catch(() => undefined);
    if (!inclusion || before === undefined)
      return open(
        'nothing was seen of the log before: --seen FILE with --evidence DIR compares and remembers',
      );
    const known = parseCheckpoint(parseNote(before).text);
    if (known.size !== inclusion.checkpoint.size)
      return open(
        `the proof is of ${inclusion.checkpoint.size} entries, ${known.size} were seen; --evidence DIR shows whether one extends the other`,
      );
    return Buffer.from(known.root).equals(inclusion.checkpoint.root)
      ? { claim, state: 'proven', detail: `the checkpoint of ${known.size} entries is the one seen before` }
      : {
          claim,
          state: 'refuted',
          detail: `another checkpoint of ${known.size} entries was seen before: the log shows different readers different histories`,
        };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { claim, state: 'refuted', detail: error.message };
  }
}

function disclosed(
  text: string,
  bundles: readonly { readonly text: string }[],
  verifiers: Verifiers,
): Verification {
  const failures: string[] = [];
  for (const bundle of bundles)
    try {
      const opened = readStatement(
        parseBundle(bundle.text.replace(/\n$/u, '')).envelope,
        TestResultStatement,
        verifiers,
        {
          may: 'run',
          at: ({ predicate }) => predicate.run.finished,
        },
      );
      const { committed, index } = checkDisclosure(text.replace(/\n$/u, ''), opened);
      return {
        outcome: 'verified',
        digest: opened.digest,
        claims: [
          {
            claim: 'subject',
            state: 'proven',
            detail: `exchange ${index} of the run: ${committed.check}, ${committed.exchange.purpose}, ${committed.exchange.request.method} ${committed.exchange.request.url}`,
          },
        ],
      };
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      failures.push(error.message);
    }
  return {
    outcome: 'refuted',
    claims: [
      {
        claim: 'subject',
        state: 'refuted',
        detail:
          failures[0] ??
          'expected the bundle of its run beside a disclosed exchange: assay verify BUNDLE EXCHANGE',
      },
    ],
  };
}

async function textOf(io: Io, file: string): Promise<string> {
  try {
    return await readFile(resolve(io.cwd, file), 'utf8');
  } catch (cause) {
    throw new UsageError(`expected a bundle of evidence in ${file}, which cannot be read`, { cause });
  }
}

const forPrograms = ({ file, outcome, claims, digest, statement }: Verified) => ({
  file,
  outcome,
  ...(digest === undefined ? {} : { digest }),
  claims,
  ...(statement === undefined ? {} : { statement }),
  not_proven: notProven,
});

function render({ file, outcome, claims, statement }: Verified): string {
  const lines = claims.map(
    ({ claim, state, detail }) => `  ${state.padEnd(8)} ${claim.padEnd(12)} ${detail}`,
  );
  const says =
    statement?.predicateType === testResultType && outcome !== 'refuted'
      ? [`  says     ${sentence(statement.predicate as TestResult)}`]
      : [];
  const limits = outcome === 'refuted' ? [] : notProven.map((each) => `  not shown ${each}`);
  return `${[`${outcome.toUpperCase()}  ${file}`, ...lines, ...says, ...limits].join('\n')}\n`;
}

const sentence = ({ verdict, partner, integration, environment, profile, run, reason }: TestResult): string =>
  `${verdict} of ${partner}/${integration} in ${environment} under ${profile.edition}, run ${run.id}, finished ${run.finished}. ${reason}`;
