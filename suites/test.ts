import { dirname, relative } from 'node:path';
import { test as base, type TestDetails } from '@playwright/test';
import { memberOf } from '../src/actors/answers.ts';
import type { Client } from '../src/actors/client.ts';
import type { Edit } from '../src/actors/draft.ts';
import {
  challengeErrorOf,
  deniesRegistration,
  describe,
  errorOf,
  FlowError,
  unavailable,
} from '../src/actors/flow-error.ts';
import { operations, type OperationName } from '../src/actors/operations.ts';
import { timely } from '../src/actors/server-time.ts';
import { clientCertificate, Session } from '../src/actors/session.ts';
import type { Hosted } from '../src/actors/hosted.ts';
import type { Page, User } from '../src/actors/user.ts';
import type { Integration, Resource } from '../src/directory/integration.ts';
import { assign, waits as waitsIn, type Condition } from '../src/profiles/plan.ts';
import type { Metadata } from '../src/protocol/metadata.ts';
import { Contradiction, endingOf, Ledger } from '../src/report/ledger.ts';
import { plannedCheck } from '../src/report/planned-check.ts';
import { readRunFile, variables, type RunFile } from '../src/report/run-file.ts';
import type { RequirementId } from '../src/requirements/catalogue.ts';
import type { Certificate, Reply, Transport } from '../src/transport/transport.ts';
import { Aged, type Subjects } from './aged.ts';
import { boxed } from './boxed.ts';
import { openProbe, type Probe } from './probe.ts';
import { memoiseStacks } from './stacks.ts';

export { expect } from '@playwright/test';

memoiseStacks(process.env);

/** The requirements that a check exercises, as details of the test. */
export function verifies(...requirements: readonly [RequirementId, ...RequirementId[]]): TestDetails {
  return { annotation: requirements.map((id) => ({ type: 'requirement', description: id })) };
}

/** What the checks of a group presuppose: one of these conditions. Groups within groups add up. */
export function when(...alternatives: readonly [Condition, ...Condition[]]): TestDetails {
  return { annotation: { type: 'condition', description: alternatives.join(' ') } };
}

/** The check waits for something to expire; the fast tier leaves it out. */
export const waits: TestDetails = { annotation: { type: 'tier', description: 'full' } };

/**
 * The errors by which an edited request may be refused: OAuth error codes, or
 * `bad-request`, `unauthenticated`, `forbidden`: 400, 401, 403 without an error code (RFC 6750, section 3.1 only recommends
 * the codes);
 * `tls-refusal`: the handshake or the connection is refused, while the valid request succeeds before and after.
 */
export type Refusal = 'bad-request' | 'unauthenticated' | 'forbidden' | 'tls-refusal' | (string & {});

interface Fixtures {
  /** Which request `rejects` makes: an option of the spec file. */
  readonly operation: OperationName;
  readonly client: Client;
  /** The other test client of the integration. */
  readonly other: Client;
  /** The first client at each address of the token endpoint's host: behind each there may be another node. */
  readonly nodes: readonly Client[];
  /** A third client, whose keys the server fetches from Assay. */
  readonly hosted: Hosted;
  /** A certificate of the first client that has expired. */
  readonly expired: Certificate;
  /** A user at a browser without any session. */
  readonly stranger: User;
  readonly metadata: Metadata;
  readonly transport: Transport;
  /** Fetches the metadata document as the server sends it. */
  readonly fetchMetadata: () => Promise<Reply>;
  /** The same, but what is no metadata shows nothing: that a member is absent from an error proves no absence. */
  readonly fetchDocument: () => Promise<Reply>;
  readonly integration: Integration;
  /** What TLS and plain HTTP get for an answer, at the declared hosts. */
  readonly probe: Probe;
  /** The first declared call of the resource API. */
  readonly resource: Resource;
  /**
   * The moment of truth: puts the question of the check to the subject. An error before it is inconclusive;
   * what contradicts the check after it convicts the subject. An answer that speaks of the moment (429, 503) or of the
   * registration of the client, to a valid request, does not: it is the environment's or the configuration's.
   */
  readonly exercise: <T>(question: Promise<T>) => Promise<T>;
  /** Something of the run's first moment whose life is over; checks that `wait` share the time that this takes. */
  readonly dead: <N extends keyof Subjects>(name: N) => Promise<Subjects[N]>;
  /** Keeps something that was measured, for the report. It has no part in the verdict. */
  readonly measure: (name: string, value: number, unit: string) => void;
  /** Keeps the pages that a check judges as they looked, for the report. They have no part in the verdict. */
  readonly keep: (pages: readonly Page[]) => void;
  /** A precondition: gives the value back, or ends the check as inconclusive where there is none. */
  readonly given: <T>(value: T | undefined | false, expected: string) => T;
  /** Brings a client to where it can make the request of `operation`, shows that the valid one is granted, and asks with edits. */
  readonly asking: (by: Client) => Promise<Asking>;
  /** Makes the valid request, then the same with one edit, and demands that the second is refused as named. */
  readonly rejects: (edit: Edit, ...refusals: readonly [Refusal, ...Refusal[]]) => Promise<void>;
}

/** Asks once more, valid or with edits. */
type Asking = (...edits: readonly Edit[]) => Promise<Reply>;

interface Own {
  /** What a check saw and did, and what it ends in. */
  readonly ledger: Ledger;
  readonly run: RunFile;
  readonly session: Session;
  /** Operations that were opened, by what is asked and who asks. */
  readonly opened: Map<string, Asking>;
  /** Made when the worker starts, where the plan waits at all. */
  readonly aged: Aged | undefined;
}

const isReply = (value: unknown): value is Reply =>
  typeof value === 'object' && value !== null && 'status' in value && 'exchange' in value;

type OfTests = Fixtures & Pick<Own, 'ledger'>;
type OfWorkers = Omit<Own, 'ledger'>;

const fixtures: Parameters<typeof base.extend<OfTests, OfWorkers>>[0] = {
  run: [async ({}, use) => use(readRunFile(process.env)), { scope: 'worker' }],

  session: [
    async ({ run }, use) => {
      const session = new Session({
        file: run.integration,
        privateNetwork: run.privateNetwork,
        salt: process.env[variables.salt] ?? run.id,
        clock: Date.now,
      });
      await use(session);
      await session.close();
    },
    { scope: 'worker' },
  ],

  opened: [async ({}, use) => use(new Map()), { scope: 'worker' }],

  aged: [
    async ({ run, session }, use) => {
      const { tier, edition } = run.plan;
      await use(tier === 'full' && waitsIn(edition) ? await Aged.sow(session) : undefined);
    },
    { scope: 'worker', auto: true },
  ],

  ledger: [
    async ({ run, session }, use, testInfo) => {
      const file = relative(import.meta.dirname, testInfo.file);
      const assignment = assign(plannedCheck(file, testInfo.title, testInfo.annotations), run.plan);
      const ledger = new Ledger();
      session.record = (exchange) => ledger.exchanges.push(exchange);
      testInfo.skip(assignment.in !== 'plan', assignment.in);
      await use(ledger);
      const evidence = ledger.evidence(endingOf(testInfo, ledger), (text) => session.redactor.scrub(text));
      // Not by `attach`, which is a step, and makes a directory for each check.
      const body = Buffer.from(JSON.stringify(evidence));
      testInfo.attachments.push({ name: 'evidence', contentType: 'application/json', body });
      // A check that does not pass is data, not a broken test: it must not cost its worker.
      if (testInfo.status !== undefined) testInfo.expectedStatus = testInfo.status;
    },
    { auto: true },
  ],

  operation: ['push', { option: true }],

  transport: async ({ session, ledger }, use) => use(ledger.watch(await ledger.noting(session.transport()))),
  metadata: async ({ session, ledger }, use) => use(await ledger.noting(session.metadata())),
  fetchMetadata: async ({ session, ledger }, use) => use(() => ledger.noting(session.fetchMetadata())),
  fetchDocument: async ({ fetchMetadata, ledger }, use) =>
    use(async () => {
      const reply = await fetchMetadata();
      if (reply.status !== 200 || typeof memberOf(reply, 'issuer') !== 'string')
        throw ledger.note(FlowError.refused('metadata request', reply));
      return reply;
    }),
  integration: async ({ session, ledger }, use) => use((await ledger.noting(session.integration())).value),
  probe: async ({ run, session, ledger }, use) => {
    const { value, file } = await ledger.noting(session.integration());
    const [first] = value.clients;
    const certificate = first && (await ledger.noting(clientCertificate(first, dirname(file))));
    const trust = await ledger.noting(session.trust());
    const { privateNetwork } = run;
    await use(
      ledger.watch(
        openProbe({ hosts: value.hosts, privateNetwork, trust, ...(certificate && { certificate }) }),
      ),
    );
  },
  resource: async ({ session, ledger }, use) => use(await ledger.noting(session.resource())),
  client: async ({ session, ledger }, use) => use(ledger.watch(await ledger.noting(session.client()))),
  other: async ({ session, ledger }, use) => use(ledger.watch(await ledger.noting(session.other()))),

  nodes: async ({ session, ledger }, use) =>
    use((await ledger.noting(session.nodes())).map((client) => ledger.watch(client))),

  hosted: async ({ session, ledger }, use) => {
    const { client, ...hosted } = await ledger.noting(session.hosted());
    await use({ ...hosted, client: ledger.watch(client) });
  },

  expired: async ({ session, ledger }, use) => use(await ledger.noting(session.expired())),

  stranger: async ({ session, ledger }, use) => {
    const stranger = (await ledger.noting(session.user())).fresh();
    await use(ledger.watch(stranger));
    await stranger.close();
  },

  exercise: async ({ ledger }, use) =>
    use(async (question) => {
      const answer = await ledger.noting(question);
      if (isReply(answer)) {
        const { edits, purpose } = answer.exchange;
        if (unavailable(answer) || (edits.length === 0 && deniesRegistration(answer)))
          throw ledger.note(FlowError.refused(purpose, answer));
      }
      ledger.exercised += 1;
      return answer;
    }),

  dead: async ({ aged, ledger }, use, testInfo) =>
    use(async (name) => {
      if (aged === undefined) throw new TypeError('expected a check that waits to be part of the full tier');
      ledger.exchanges.push(...aged.exchangesOf(name));
      testInfo.setTimeout(testInfo.timeout + (await ledger.noting(aged.left(name))));
      return ledger.noting(aged.dead(name));
    }),

  measure: async ({ ledger }, use) =>
    use((name, value, unit) => {
      ledger.measured.push({ name, value, unit });
    }),

  keep: async ({ ledger }, use) =>
    use((pages) => {
      ledger.pages.push(...pages);
    }),

  given: async ({ ledger }, use) =>
    use((value, expected) => {
      if (value === undefined || value === false)
        throw ledger.note(new FlowError('not-given', 'configuration', expected));
      return value;
    }),

  asking: async ({ session, opened, ledger, operation }, use) =>
    use(async (by) => {
      const { open, granted, purpose } = operations[operation];
      const key = `${operation} by ${by.id}`;
      const openAnew = () => ledger.noting(session.resource().then((resource) => open(by, resource)));
      // What one check opened serves the next as well, for as long as the valid request is granted.
      let ask = opened.get(key) ?? (await openAnew());
      let twin = await ledger.noting(ask());
      if (!granted(twin) && opened.has(key)) {
        ask = await openAnew();
        twin = await ledger.noting(ask());
      }
      opened.delete(key);
      if (!granted(twin)) throw ledger.note(FlowError.refused(purpose, twin));
      opened.set(key, ask);
      return async (...edits) => ledger.noting(timely(ask)(...edits));
    }),

  rejects: async ({ client, ledger, operation, asking, exercise }, use) =>
    use(async (edit, ...refusals) => {
      const signed = client.parts.features.includes('signed-request');
      const { purpose } = operations[operation];
      const ask = await asking(client);
      const question = (): Promise<Reply | 'tls-refusal'> =>
        exercise(refusals.includes('tls-refusal') ? ask(edit).catch(refusedByTls) : ask(edit));
      let reply = await question();
      // A breakdown of the server may be of the moment, and a Date header may be late by a moment: they convict only where
      // they happen again, between two successes.
      if (reply !== 'tls-refusal' && (reply.status >= 500 || (reply.status < 400 && edit.decides))) {
        await asking(client);
        reply = await question();
      }
      if (reply === 'tls-refusal') {
        await asking(client);
        return;
      }
      // The body of a resource is its own; what it calls an error is none of RFC 6750.
      const error = operation === 'call' ? challengeErrorOf(reply) : errorOf(reply);
      const refusal = error ?? bareRefusals[reply.status];
      const named = operation === 'push' && signed ? [...refusals, ...inRequestObject(refusals)] : refusals;
      if (reply.status < 400 || reply.status > 499 || refusal === undefined || !named.includes(refusal))
        throw ledger.note(
          new Contradiction(
            `${purpose}, ${edit.name}: refused with ${refusals.join(' or ')}`,
            reply.status < 400 ? `accepted: ${describe(reply)}` : describe(reply),
          ),
        );
    }),
};

export const test = base.extend<OfTests, OfWorkers>(boxed(fixtures));

/** RFC 9101, section 7: what is wrong with a parameter of a request object is wrong with the request object. */
const inRequestObject = (refusals: readonly Refusal[]): readonly Refusal[] =>
  refusals.includes('invalid_request') ? ['invalid_request_object'] : [];

const bareRefusals: Readonly<Record<number, Refusal>> = {
  400: 'bad-request',
  401: 'unauthenticated',
  403: 'forbidden',
};

function refusedByTls(error: unknown): 'tls-refusal' {
  if (error instanceof Error && 'code' in error && (error.code === 'tls-alert' || error.code === 'closed'))
    return 'tls-refusal';
  throw error;
}
