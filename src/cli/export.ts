import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { effective } from '../certification/fold.ts';
import { loadRules } from '../certification/load-rules.ts';
import {
  apiResourceCertification,
  authorisationServerCertification,
  type Certified,
} from '../certification/publication/participants.ts';
import { parseBundle } from '../evidence/bundle.ts';
import { readStatement, type Opened } from '../evidence/envelope.ts';
import { ctrfReport } from '../evidence/export/ctrf.ts';
import { assessmentResults, planOfAction } from '../evidence/export/oscal.ts';
import { openLog } from '../evidence/log.ts';
import { readVerifiers } from '../evidence/signer.ts';
import { TestResultStatement } from '../evidence/statement.ts';
import type { Verifiers } from '../evidence/verifiers.ts';
import { standingFrom } from '../gate/evidence-standing.ts';
import { findRequirement } from '../requirements/catalogue.ts';
import { exit, type ExitCode } from './exit.ts';
import { UsageError, type Io } from './io.ts';
import { operatorFiles } from './operator.ts';

export const exportFormats = ['oscal-ar', 'oscal-poam', 'ctrf', 'participants'] as const;

/** What `assay export` may be told. */
export interface ExportOptions {
  readonly verifiers: string;
  readonly operator: string;
  /** Evidence directory; only for participants. */
  readonly evidence: string;
  /** Where the evidence directory is published; only for participants. */
  readonly url?: string;
}

/** Writes verified evidence in the format of another tool. What does not verify is not exported. */
export async function exportCommand(
  io: Io,
  format: (typeof exportFormats)[number],
  names: readonly string[],
  options: ExportOptions,
): Promise<ExitCode> {
  const verifiers = await readVerifiers(resolve(io.cwd, options.verifiers));
  const document =
    format === 'participants'
      ? await participants(io, names, verifiers, options)
      : await exported(io, format, names, verifiers);
  io.write(`${JSON.stringify(document, undefined, 2)}\n`);
  return exit.pass;
}

async function exported(
  io: Io,
  format: 'oscal-ar' | 'oscal-poam' | 'ctrf',
  files: readonly string[],
  verifiers: Verifiers,
): Promise<unknown> {
  const statements = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(resolve(io.cwd, file), 'utf8').catch((cause: unknown) => {
        throw new UsageError(`expected a bundle of evidence in ${file}, which cannot be read`, { cause });
      });
      return opened(parseBundle(text.replace(/\n$/u, '')).envelope, verifiers);
    }),
  );
  switch (format) {
    case 'oscal-ar':
      return assessmentResults(statements, findRequirement);
    case 'oscal-poam':
      // Nothing is left to do: there is no plan, and null says so.
      return planOfAction(statements, findRequirement) ?? null;
    case 'ctrf':
      return ctrfReport(statements, findRequirement);
  }
}

/** The certification fields of a participants directory, of each integration. */
async function participants(
  io: Io,
  integrations: readonly string[],
  verifiers: Verifiers,
  { operator, evidence, url }: ExportOptions,
): Promise<unknown> {
  if (url === undefined)
    throw new UsageError('expected --url with participants: where the evidence directory is published');
  const log = await openLog(resolve(io.cwd, evidence), verifiers.log, verifiers.witnesses);
  const rules = await loadRules(join(resolve(io.cwd, operator), operatorFiles.rules));
  const now = io.now();
  return Promise.all(
    integrations.map(async (integration) => {
      const { standing: logged, completeness, problems } = await standingFrom(log, verifiers, integration);
      if (completeness === 'incomplete')
        throw new UsageError(`expected all that the log has of ${integration}, but ${problems[0] ?? ''}`);
      const standing = effective(logged, rules, now.toISOString());
      const certifications = await Promise.all(
        standing.certifications.map(async (certification): Promise<Certified> => ({
          standing,
          certification,
          certifier: 'operator',
          evidence: url,
          now,
          basis: certification.basis && opened(await log.envelope(certification.basis.statement), verifiers),
        })),
      );
      return {
        integration,
        certifications: certifications.map((certified) => ({
          environment: certified.certification.environment,
          edition: certified.certification.edition,
          AuthorisationServerCertification: authorisationServerCertification(certified),
          ApiResource: apiResourceCertification(certified),
        })),
      };
    }),
  );
}

const opened = (envelope: string, verifiers: Verifiers): Opened<TestResultStatement> =>
  readStatement(envelope, TestResultStatement, verifiers, {
    may: 'run',
    at: ({ predicate }) => predicate.run.finished,
  });
