import { examineClient } from '../actors/client-examination.ts';
import { clientPreflight } from '../actors/client-preflight.ts';
import { ClientSession, type ClientSessionOptions } from '../actors/client-session.ts';
import type { Finding } from '../actors/finding.ts';
import { examine, preflight } from '../actors/preflight.ts';
import { Session } from '../actors/session.ts';
import { isClient, type LoadedIntegration } from '../directory/load.ts';
import type { Fingerprint } from '../evidence/fingerprint.ts';
import type { EditionId } from '../profiles/editions.ts';
import { takeClientFingerprint } from '../recertification/client-fingerprint.ts';
import { takeFingerprint } from '../recertification/fingerprint.ts';
import { createRedactor } from '../transport/redact.ts';

/** The software under test, as it is looked at beside its checks. */
export interface Tested {
  /** What a preflight looks at, for people. */
  readonly looksAt: string;
  /** What can be known within a few requests, or without any. */
  preflight(): Promise<readonly Finding[]>;
  /** All of that, then whole flows. */
  examine(): Promise<readonly Finding[]>;
  fingerprint(edition: EditionId): Promise<Fingerprint>;
}

/** What it takes to look at it. */
export interface TestedOptions {
  readonly privateNetwork: 'allowed' | 'refused';
  /** Salt of the digests that stand for secrets. */
  readonly salt: string;
  readonly env: NodeJS.ProcessEnv;
  /** What a person has to be told while a client is examined. */
  readonly note: (text: string) => void;
}

/** Server or client, as the integration file says. Each look has a session of its own. */
export function testedIn({ value, file }: LoadedIntegration, options: TestedOptions): Tested {
  const { privateNetwork, salt, env } = options;
  if (isClient(value)) {
    const redactor = createRedactor(salt);
    const connections: Parameters<NonNullable<ClientSessionOptions['onConnection']>>[0][] = [];
    const open = () =>
      new ClientSession({
        file,
        privateNetwork,
        redactor,
        clock: Date.now,
        note: options.note,
        onConnection: (connection) => connections.push(connection),
      });
    return {
      looksAt: 'keys, trigger and sandbox',
      preflight: () => within(open(), (session) => clientPreflight(session, env)),
      examine: () => within(open(), (session) => examineClient(session, env, connections)),
      fingerprint: (edition) => within(open(), (session) => takeClientFingerprint(session, edition)),
    };
  }
  const open = () => new Session({ file, privateNetwork, salt, clock: Date.now });
  return {
    looksAt: 'credentials, metadata and registrations',
    preflight: () => within(open(), preflight),
    examine: () => within(open(), examine),
    fingerprint: (edition) => within(open(), (session) => takeFingerprint(session, edition)),
  };
}

async function within<S extends { close(): Promise<void> }, T>(
  session: S,
  use: (session: S) => Promise<T>,
): Promise<T> {
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}
