import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryProjection } from '../certification/memory-projection.ts';
import { openRegister } from '../certification/register.ts';
import { defaultRules } from '../certification/rules.ts';
import { sampleEdition } from '../certification/sample.ts';
import type { Certification } from '../certification/certification.ts';
import type { Standing } from '../certification/standing.ts';
import { unknownStanding } from '../certification/standing.ts';
import { logKey } from '../evidence/checkpoint.ts';
import { seal } from '../evidence/envelope.ts';
import { openLogWriter } from '../evidence/log-writer.ts';
import { printVerifierKey } from '../evidence/note.ts';
import { sampleKey } from '../evidence/sample.ts';
import type { Statement } from '../evidence/statement.ts';
import type { Verifiers } from '../evidence/verifiers.ts';

/** When the samples are asked. */
export const sampleNow = new Date('2026-11-22T12:00:00.000Z');

/** An instant some hours from then. */
export const inHours = (hours: number): string =>
  new Date(sampleNow.getTime() + hours * 3_600_000).toISOString();

/** A certification in production that opens: passed three hours ago. */
export const soundCertification: Certification = {
  edition: sampleEdition,
  environment: 'production',
  state: 'certified',
  since: inHours(-300),
  basis: {
    statement: 'a'.repeat(64),
    run: 'run-1',
    partner: 'acme',
    roles: ['authorization-server'],
    finished: inHours(-3),
    expires: inHours(700),
    fingerprint: 'b'.repeat(64),
    waived: [],
  },
};

/** The registration of the samples, whose credentials last for 200 days. */
export const soundRegistered = {
  partner: 'acme',
  roles: ['authorization-server'],
  clients: ['acme-client'],
  certificates: ['A'.repeat(43)],
  scopes: ['openid', 'accounts'],
  credentials_expire: inHours(200 * 24),
};

/** The standing of `acme-1`, registered and certified in production. */
export const soundStanding: Standing = {
  ...unknownStanding('acme-1'),
  registrations: [{ environment: 'production', registration: soundRegistered }],
  certifications: [soundCertification],
};

/** An evidence directory with statements in it, and those whose signatures count. */
export interface SampleEvidence extends AsyncDisposable {
  readonly directory: string;
  readonly verifiers: Verifiers;
}

/**
 * Writes an evidence directory as the harness does: runs and acts (of olga's, or of omar's when they approve) with what
 * they cause. It is removed when it is disposed of.
 */
export async function sampleEvidence(statements: readonly Statement[]): Promise<SampleEvidence> {
  const directory = await mkdtemp(join(tmpdir(), 'assay-gate-'));
  const harness = sampleKey('Ed25519', { holder: 'harness', may: ['run', 'transition'] });
  const olga = sampleKey('ES256', { holder: 'olga', may: ['operate'] });
  const omar = sampleKey('Ed25519', { holder: 'omar', may: ['approve'] });
  const log = sampleKey().signer;
  const origin = 'log.example/assay';
  const verifiers: Verifiers = {
    format: 'assay-verifiers/1',
    keys: [harness, olga, omar].map(({ key }) => key),
    log: { origin, keys: [printVerifierKey(logKey(origin, log))] },
  };
  const writer = await openLogWriter({ directory, origin, signer: log });
  const register = openRegister({
    writer,
    signer: harness.signer,
    verifiers,
    rules: defaultRules,
    projection: memoryProjection(),
    now: () => sampleNow,
  });
  for (const statement of statements) {
    const { actor } = statement.predicate as { readonly actor?: string };
    const { signer } = [olga, omar].find(({ key }) => key.holder === actor) ?? harness;
    await register.settle(await seal(statement, [signer]));
  }
  await writer.close();
  return {
    directory,
    verifiers,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
