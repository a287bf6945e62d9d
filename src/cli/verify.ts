import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseBundle, type Bundle } from '../evidence/bundle.ts';
import { checkDisclosure } from '../evidence/disclosure.ts';
import { readStatement } from '../evidence/envelope.ts';
import { EvidenceError } from '../evidence/error.ts';
import { readVerifiers } from '../evidence/signer.ts';
import { TestResultStatement, testResultType, type Subject, type TestResult } from '../evidence/statement.ts';
import type { Verifiers } from '../evidence/verifiers.ts';
import { notProven, outcomeOf, verifyBundle, type Verification } from '../evidence/verify.ts';
import { visible } from '../report/text.ts';
import { exit, worst, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { openMemory, type Memory, type MemoryOptions } from './memory.ts';

/** What `assay verify` may be told. */
export interface VerifyOptions extends MemoryOptions {
  readonly verifiers: string;
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
  const memory = await openMemory(io, verifiers, options);
  const isDisclosure = ({ text }: { readonly text: string }): boolean =>
    text.includes('"format":"assay-disclosure/1"');
  const bundles = texts.filter((each) => !isDisclosure(each));
  const verified: Verified[] = [];
  for (const { file, text } of bundles)
    verified.push({ file, ...(await verifyText(io, text, verifiers, options, memory)) });
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
  { subjects }: VerifyOptions,
  consistency: Memory,
): Promise<Verification> {
  let bundle: Bundle;
  try {
    bundle = parseBundle(text.replace(/\n$/u, ''));
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { outcome: 'refuted', claims: [{ claim: 'form', state: 'refuted', detail: error.message }] };
  }
  const verification = verifyBundle(bundle, { verifiers, now: io.now(), subjects });
  const claims = [...verification.claims, await consistency(verification)];
  return { ...verification, claims, outcome: outcomeOf(claims) };
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

/** The text of a file that a command was given. @throws UsageError */
export async function textOf(io: Io, file: string): Promise<string> {
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
    ({ claim, state, detail }) => `  ${state.padEnd(8)} ${claim.padEnd(12)} ${visible(detail)}`,
  );
  const says =
    statement?.predicateType === testResultType && outcome !== 'refuted'
      ? [`  says     ${visible(sentence(statement.predicate as TestResult))}`]
      : [];
  const limits = outcome === 'refuted' ? [] : notProven.map((each) => `  not shown ${each}`);
  return `${[`${outcome.toUpperCase()}  ${file}`, ...lines, ...says, ...limits].join('\n')}\n`;
}

const sentence = ({ verdict, partner, integration, environment, profile, run, reason }: TestResult): string =>
  `${verdict} of ${partner}/${integration} in ${environment} under ${profile.edition}, run ${run.id}, finished ${run.finished}. ${reason}`;
