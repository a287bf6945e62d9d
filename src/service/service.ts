import { join } from 'node:path';
import { effective, lapses } from '../certification/fold.ts';
import { loadRules } from '../certification/load-rules.ts';
import type { Rules } from '../certification/rules.ts';
import { statusKeys } from '../certification/publication/status-list.ts';
import { openRegister } from '../certification/register.ts';
import type { Standing } from '../certification/standing.ts';
import type { DecideAccess } from '../enforcement/desired.ts';
import { openEnforcement } from '../enforcement/loop.ts';
import { loadConnectors } from '../enforcement/connectors.ts';
import { openLog } from '../evidence/log.ts';
import { openLogWriter, type LogWriterOptions } from '../evidence/log-writer.ts';
import type { Signer } from '../evidence/signing.ts';
import type { Verifiers } from '../evidence/verifiers.ts';
import { decide } from '../gate/decide.ts';
import { acquireLock, LockedError } from '../files/lock.ts';
import { passes } from '../gate/gate.ts';
import { openLiveGate, type LiveGate } from '../gate/live.ts';
import { loadPolicy, type Policy } from '../gate/policy.ts';
import { StoreError } from '../store/error.ts';
import { migrate } from '../store/migrate.ts';
import { openDatabase, type DatabaseLocation } from '../store/open.ts';
import { storeProjection } from '../store/projection.ts';
import { mentionsOf, storeStandings } from '../store/standing-source.ts';
import { addGate } from './gate-routes.ts';
import { ServiceError } from './error.ts';
import { closeServer, createServer, listen, type Address } from './http.ts';
import { addLog } from './log-routes.ts';
import { addHealth, follow, watched, type Watched } from './outage.ts';
import { addPublication, loadIssuer } from './publication-routes.ts';
import { announcer, sentenceOf, sentenceOfTransition, telling } from './sentences.ts';
import { addSignals } from './signal-routes.ts';
import { addStatements } from './statements.ts';

export interface ServiceOptions {
  /** The operator's directory. */
  readonly operator: string;
  /** The evidence directory. */
  readonly evidence: string;
  readonly database: DatabaseLocation;
  readonly verifiers: Verifiers;
  readonly signer: Signer;
  readonly log: Pick<LogWriterOptions, 'origin' | 'signer' | 'patience'>;
  /** Where the gate is asked: only proxies may reach it. */
  readonly gate: Address;
  /** Where the log, trust marks and the status list are, and where evidence is handed in. */
  readonly public: Address;
  readonly now: () => Date;
  readonly random: () => number;
  /** What went wrong beside any request, and what connectors did: one line each. */
  readonly tell: (line: string) => void;
}

/** A running service. */
export interface Service {
  readonly gate: LiveGate;
  /** Base URLs of the two addresses. */
  readonly gateUrl: string;
  readonly publicUrl: string;
  /** Ends it in order: what was taken is finished. */
  close(): Promise<void>;
}

/** Seconds that a decision token lives. */
const tokenLifetime = 60;

/** Milliseconds between two looks at what nobody hands in. */
const tick = 1000;

/**
 * Starts everything that turns evidence into access: the register over log and store, the gate with its faces, the
 * connectors, and what is published. Several servers may work on one evidence directory with one PostgreSQL server; an
 * embedded database belongs to one server, which then is the only one.
 * @throws errors with a fault when something that it needs cannot be used; then nothing is left running.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { operator, evidence, verifiers, signer, now, tell } = options;
  await using opened = new AsyncDisposableStack();

  const rules = await loadRules(join(operator, 'rules.yaml'));
  const policy = await loadPolicy(join(operator, 'policy'));
  const configured = await loadConnectors(join(operator, 'connectors.yaml'));
  const issuer = await loadIssuer(join(operator, 'publication.yaml'), signer);
  const database = opened.adopt(await openDatabase(options.database), (each) => each.close());
  await migrate(database);
  const writer = opened.adopt(await openLogWriter({ directory: evidence, ...options.log }), (each) =>
    each.close(),
  );
  if (database.kind === 'embedded') opened.use(lockServer(evidence));
  const register = openRegister({
    writer,
    signer,
    verifiers,
    rules,
    projection: storeProjection(database, options.log.origin),
    now,
  });
  await register.catchUp();
  // Its own log: witnesses cosign a checkpoint only after it was published.
  const log = await openLog(evidence, verifiers.log);
  const refreshLog = inTurn(() => log.refresh());

  const store = watched('store', tell);
  const source = follow(storeStandings(database), now, store.worked);
  const gate = opened.adopt(
    await openLiveGate({ source, policy, rules, now, onError: store.failed }),
    (each) => each.close(),
  );
  const connectors = await Promise.all(
    configured.map(async (each) =>
      opened.adopt(await each.open({ database, now }), (connector) => connector.close()),
    ),
  );
  const enforced = watched('enforcement was interrupted', tell);
  const enforcement = openEnforcement({
    database,
    connectors,
    decide: accessBy(policy, rules),
    now,
    random: options.random,
    report(event) {
      if (event.kind === 'interrupted') return enforced.failed(event.error);
      enforced.worked();
      tell(sentenceOf(event));
    },
  });

  const publicly = watched('public', tell);
  const publicServer = opened.adopt(createServer(publicly.failed), closeServer);
  addHealth(publicServer, source);
  addLog(publicServer, evidence);
  addStatements(publicServer, async (envelope) => {
    const settled = await register.settle(envelope);
    for (const each of settled.transitions) tell(sentenceOfTransition(each));
    await Promise.all([refreshLog(), gate.refresh()]);
    const proof = await log.proof(settled.index);
    publicly.worked();
    return { ...settled, proof };
  });
  /** What may be published: nothing while a suspension could not have got here. */
  const current = (wanted: (standing: Standing) => boolean): readonly Standing[] => {
    if (source.health() !== 'ok')
      throw new StoreError('unreachable', 'the store has not answered for too long');
    const at = now().toISOString();
    return gate
      .standings()
      .filter(wanted)
      .map((each) => effective(each, rules, at));
  };
  if (issuer)
    await addPublication(publicServer, {
      issuer,
      standing: async (id) => current((standing) => standing.integration === id)[0],
      standings: async () => current(() => true),
      keys: async () => statusKeys(await mentionsOf(database)),
      now,
    });
  for (const transmitter of await addSignals(publicServer, configured, { base: operator, database, now }))
    opened.use(transmitter);
  const gateServer = opened.adopt(createServer(watched('gate', tell).failed), closeServer);
  addHealth(gateServer, source);
  addGate(gateServer, telling(gate, tell), {
    signer,
    issuer: issuer?.id ?? options.log.origin,
    lifetime: tokenLifetime,
    standing: (integration) => gate.standing(integration),
  });
  const publicUrl = await listen(publicServer, options.public);
  const gateUrl = await listen(gateServer, options.gate);

  const stopping = new AbortController();
  const enforcing = enforcement.run(stopping.signal).catch(enforced.failed);
  const announce = announcer(tell);
  /** What nobody hands in: entries that are not projected, of another writer or from an outage, and what time causes. */
  const keepUp = async (): Promise<void> => {
    const at = now();
    announce(gate.standings(), at);
    await refreshLog();
    if (log.size > source.position()) await register.catchUp();
    if (gate.standings().every((each) => lapses(each, rules, at.toISOString()).length === 0)) return;
    for (const each of await register.lapse(at)) tell(sentenceOfTransition(each));
  };
  const stopKeepingUp = repeat(keepUp, watched('clock', tell));
  opened.defer(async () => {
    stopping.abort();
    await Promise.all([stopKeepingUp(), enforcing]);
  });
  const running = opened.move();
  return { gate, gateUrl, publicUrl, close: () => running.disposeAsync() };
}

/**
 * Two servers with a database each would both enforce, and know nothing of each other.
 * @throws ServiceError `second-server`
 */
function lockServer(evidence: string): Disposable {
  try {
    return acquireLock(join(evidence, '.server'), 0);
  } catch (cause) {
    if (!(cause instanceof LockedError)) throw cause;
    throw new ServiceError(
      'second-server',
      `expected to be the only server of ${evidence}, but another one with an embedded database serves it; end that one, or let all use one PostgreSQL server`,
      { cause },
    );
  }
}

/** Work that is done one after another: a look at the log that began earlier must not undo a later one. */
function inTurn(work: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve();
  return () => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Does work at every tick, unless it is still at it. What is returned ends that, and waits for what is under way. */
function repeat(work: () => Promise<void>, { failed, worked }: Watched): () => Promise<void> {
  let underWay: Promise<void> | undefined;
  const timer = setInterval(() => {
    underWay ??= work()
      .then(worked, failed)
      .finally(() => {
        underWay = undefined;
      });
  }, tick);
  return async () => {
    clearInterval(timer);
    await underWay;
  };
}

/** What connectors make true: the gate's decision about access. In shadow mode they close nothing. */
const accessBy =
  (policy: Policy, rules: Rules): DecideAccess =>
  (standing, environment, action, now) => {
    const decision = decide({
      standing: effective(standing, rules, now.toISOString()),
      environment,
      action,
      now,
      completeness: 'complete',
      policy,
    });
    return {
      access: passes(decision) ? 'open' : 'closed',
      reason: `${decision.rule}: ${decision.reasons.join('; ')}`,
      evidence: decision.evidence,
    };
  };
