import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { effective, lapses } from '../certification/fold.ts';
import { loadRules } from '../certification/load-rules.ts';
import type { Rules } from '../certification/rules.ts';
import { statusKeys } from '../certification/publication/status-list.ts';
import { openRegister } from '../certification/register.ts';
import type { DecideAccess } from '../enforcement/desired.ts';
import type { EnforcementEvent } from '../enforcement/event.ts';
import { openEnforcement } from '../enforcement/loop.ts';
import { loadConnectors } from '../enforcement/connectors.ts';
import { openLog } from '../evidence/log.ts';
import { openLogWriter } from '../evidence/log-writer.ts';
import type { Signer } from '../evidence/signing.ts';
import type { Verifiers } from '../evidence/verifiers.ts';
import { decide } from '../gate/decide.ts';
import { openLiveGate, type LiveGate } from '../gate/live.ts';
import { passes, type Gate } from '../gate/gate.ts';
import { loadPolicy, type Policy } from '../gate/policy.ts';
import { migrate } from '../store/migrate.ts';
import { openDatabase, type DatabaseLocation } from '../store/open.ts';
import { storeProjection } from '../store/projection.ts';
import { mentionsOf, storeStandings } from '../store/standing-source.ts';
import { addGate } from './gate-routes.ts';
import { createServer } from './http.ts';
import { addLog } from './log-routes.ts';
import { addSignals } from './signal-routes.ts';
import { addPublication, loadIssuer } from './publication-routes.ts';
import { addStatements } from './statements.ts';

/** An address to listen at; port 0 is a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ServiceOptions {
  /** The operator's directory. */
  readonly operator: string;
  /** The evidence directory. */
  readonly evidence: string;
  readonly database: DatabaseLocation;
  readonly verifiers: Verifiers;
  readonly signer: Signer;
  readonly log: { readonly origin: string; readonly signer: Signer };
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

/** Milliseconds between two looks at what time has changed. */
const tick = 1000;

/**
 * Starts everything that turns evidence into access: the register over log and store, the gate with its faces, the
 * connectors, and what is published. One process writes an evidence directory.
 * @throws errors with a fault when something that it needs cannot be used; then nothing is left running.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { operator, evidence, verifiers, signer, now, tell } = options;
  await using opened = new AsyncDisposableStack();
  const failed = (what: string) => (error: unknown) =>
    tell(`${what}: ${error instanceof Error ? error.message : String(error)}`);

  const rules = await loadRules(join(operator, 'rules.yaml'));
  const policy = await loadPolicy(join(operator, 'policy'));
  const database = opened.adopt(await openDatabase(options.database), (each) => each.close());
  await migrate(database);
  const writer = opened.adopt(await openLogWriter({ directory: evidence, ...options.log }), (each) =>
    each.close(),
  );
  const register = openRegister({
    writer,
    signer,
    verifiers,
    rules,
    projection: storeProjection(database, options.log.origin),
    now,
  });
  await register.catchUp();
  const log = await openLog(evidence, verifiers.log, verifiers.witnesses);

  const gate = opened.adopt(
    await openLiveGate({ source: storeStandings(database), policy, rules, now, onError: failed('store') }),
    (each) => each.close(),
  );
  const connectorsFile = join(operator, 'connectors.yaml');
  const configured = existsSync(connectorsFile) ? await loadConnectors(connectorsFile) : [];
  const connectors = await Promise.all(
    configured.map(async (each) =>
      opened.adopt(await each.open({ database, now }), (connector) => connector.close()),
    ),
  );
  const enforcement = openEnforcement({
    database,
    connectors,
    decide: accessBy(policy, rules),
    now,
    random: options.random,
    report: (event) => tell(sentenceOf(event)),
  });

  const publicServer = opened.adopt(createServer(failed('public')), (each) => each.close());
  addLog(publicServer, evidence);
  addStatements(publicServer, async (envelope) => {
    const settled = await register.settle(envelope);
    await Promise.all([log.refresh(), gate.refresh()]);
    return { ...settled, proof: await log.proof(settled.index) };
  });
  const issuer = await loadIssuer(join(operator, 'publication.yaml'), signer);
  if (issuer)
    await addPublication(publicServer, {
      issuer,
      standing: async (id) => {
        const standing = gate.standing(id);
        return standing && effective(standing, rules, now().toISOString());
      },
      standings: async () => gate.standings().map((each) => effective(each, rules, now().toISOString())),
      keys: async () => statusKeys(await mentionsOf(database)),
      now,
    });
  for (const transmitter of await addSignals(publicServer, configured, { base: operator, database, now }))
    opened.use(transmitter);
  const gateServer = opened.adopt(createServer(failed('gate')), (each) => each.close());
  const publicUrl = await listen(publicServer, options.public);
  addGate(gateServer, telling(gate, tell), {
    signer,
    issuer: issuer?.id ?? options.log.origin,
    lifetime: tokenLifetime,
    standing: (integration) => gate.standing(integration),
  });
  const gateUrl = await listen(gateServer, options.gate);

  const stopping = new AbortController();
  const enforcing = enforcement.run(stopping.signal).catch(failed('enforcement'));
  // What falls due with time: expired evidence, deadlines, waivers.
  let recording: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    const at = now();
    if (gate.standings().every((each) => lapses(each, rules, at.toISOString()).length === 0)) return;
    recording = recording.then(() => register.lapse(at)).catch(failed('clock'));
  }, tick);
  opened.defer(async () => {
    clearInterval(timer);
    stopping.abort();
    await Promise.all([recording, enforcing]);
  });
  const running = opened.move();
  return { gate, gateUrl, publicUrl, close: () => running.disposeAsync() };
}

/** Tells what shadow mode lets pass, once for each decision that is another one than before. */
function telling(gate: Gate, tell: (line: string) => void): Gate {
  const told = new Map<string, string>();
  return {
    async ask(question) {
      const decision = await gate.ask(question);
      const { integration, environment, action, rule, mode } = decision;
      if (mode === 'enforce' || told.size > 10_000) return decision;
      const what = `${integration} ${environment} ${action}`;
      const said = `${decision.decision} ${rule}`;
      if (decision.decision === 'deny' && told.get(what) !== said)
        tell(
          `shadow: would deny ${action} of ${integration} in ${environment}: ${decision.reasons.join('; ')}`,
        );
      told.set(what, said);
      return decision;
    },
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

/** What enforcement did, as one line. */
function sentenceOf(event: EnforcementEvent): string {
  if (event.kind === 'interrupted')
    return `enforcement was interrupted: ${event.error instanceof Error ? event.error.message : String(event.error)}`;
  const { integration, environment, access, revision, reason } = event.desired;
  const what = `${integration} in ${environment} ${access} (revision ${revision})`;
  switch (event.kind) {
    case 'decided':
      return `decided: ${what}: ${reason}`;
    case 'delivered':
    case 'repaired':
      return `${event.kind}: ${event.connector} made ${what} after ${event.seconds.toFixed(3)} s`;
    case 'drifted':
      return `drifted: ${event.connector} has ${integration} ${event.observed}, not ${access}`;
    default:
      return `${event.kind}: ${event.connector}: ${what}: ${event.error.message}`;
  }
}

async function listen(server: FastifyInstance, { host, port }: Address): Promise<string> {
  return server.listen({ host, port });
}
