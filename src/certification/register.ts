import { seal } from '../evidence/envelope.ts';
import { EvidenceError } from '../evidence/error.ts';
import { entryOf, printEntry } from '../evidence/entry.ts';
import type { ExclusiveWriter, LogWriter } from '../evidence/log-writer.ts';
import type { Signer } from '../evidence/signing.ts';
import type { Verifiers } from '../evidence/verifiers.ts';
import type { Act, Transition } from './act.ts';
import { environments } from './certification.ts';
import { CertificationError } from './error.ts';
import { consequences, everyone, lapses } from './fold.ts';
import { Building, identityOf } from './change.ts';
import type { AccessKey, Projection } from './projection.ts';
import { readLogged, type Read } from './read.ts';
import type { Rules } from './rules.ts';
import { unknownStanding, type Standing } from './standing.ts';
import { transitionStatement } from './transition.ts';

/** What a register keeps, and with what. */
export interface RegisterOptions {
  readonly writer: LogWriter;
  /** Signs transitions; its key must be entitled to them. */
  readonly signer: Signer;
  readonly verifiers: Verifiers;
  readonly rules: Rules;
  readonly projection: Projection;
  readonly now: () => Date;
}

/** What became of an envelope that was accepted, now or before. */
export interface Settlement {
  readonly digest: string;
  readonly index: number;
  /** What it caused now; empty for an envelope that the log had already. */
  readonly transitions: readonly Transition[];
}

/** The one who decides what becomes part of the log, and keeps the projection at its side. */
export interface Register {
  /**
   * Takes a test result or an act: verifies it, appends it with the transitions that it causes as one batch, and projects them.
   * What is taken survives a crash. The same envelope again changes nothing.
   * @throws EvidenceError as `readLogged` does; CertificationError `not-accepted`, `from-the-future`, `duplicate`, `key-taken`
   */
  settle(envelope: string): Promise<Settlement>;
  /** Records what time has caused before an instant, of all integrations. */
  lapse(now: Date): Promise<readonly Transition[]>;
  /** Brings the projection to the size of the log, after a crash or behind another writer. */
  catchUp(): Promise<void>;
  /** What the projection says of an integration; what time has caused since is for `effective` to tell. */
  standing(integration: string): Promise<Standing>;
}

/** How far clocks may be apart, in milliseconds. */
const tolerance = 5 * 60_000;

/** Entries that are projected at once, when there are many. */
const portion = 500;

/**
 * Opens a register over a log and its projection.
 * @throws EvidenceError `key-not-entitled` when the signer's key does not count for transitions.
 */
export function openRegister(options: RegisterOptions): Register {
  const { writer, signer, verifiers, rules, projection, now } = options;
  if (!verifiers.keys.some(({ id, may }) => id === signer.id && may.includes('transition')))
    throw new EvidenceError(
      'key-not-entitled',
      `expected a signer whose key may transition, got ${signer.id} of ${signer.holder}; enter it in verifiers.json`,
    );

  const starting = async (integration: string): Promise<Standing> => {
    const known = await projection.standing(integration);
    if (known !== undefined) return known;
    const { retired } = (await projection.standing(everyone)) ?? unknownStanding(everyone);
    return { ...unknownStanding(integration), retired };
  };

  /** Those whom a statement is about; for all integrations, what is done to all, too. */
  const concerned = async (integration: string): Promise<readonly string[]> =>
    integration === everyone ? [everyone, ...(await projection.integrations())] : [integration];

  const catchUp = async (log: ExclusiveWriter): Promise<void> => {
    const applied = await projection.applied();
    if (applied > log.size)
      throw new CertificationError(
        'gap',
        `expected a log of at least ${applied} entries, got ${log.size}: the log lost entries, or the database is another log's`,
      );
    for (let from = applied; from < log.size; from += portion) {
      const change = new Building(from, starting);
      for await (const { index, entry } of log.entries(from, Math.min(from + portion, log.size))) {
        const text = await log.envelope(entry.digest);
        if (printEntry(entryOf(text)) !== printEntry(entry))
          throw new EvidenceError(
            'inconsistent',
            `entry ${index} of the log says something else than its envelope ${entry.digest}`,
          );
        const read = readLogged(text, verifiers);
        await change.add(index, read, await concerned(read.predicate.integration));
      }
      await projection.apply(change.done());
    }
  };

  /** Seals transitions, appends them behind what caused them, and projects the whole. */
  const record = async (
    log: ExclusiveWriter,
    cause: { readonly text: string; readonly read: Read } | undefined,
    transitions: readonly Transition[],
  ): Promise<number> => {
    const texts = await Promise.all(transitions.map((each) => seal(transitionStatement(each), [signer])));
    const change = new Building(log.size, starting);
    const reads = [...(cause ? [cause.read] : []), ...texts.map((text) => readLogged(text, verifiers))];
    const indexes = await log.append([...(cause ? [cause.text] : []), ...texts]);
    for (const [at, read] of reads.entries())
      await change.add(indexes[at] ?? 0, read, await concerned(read.predicate.integration));
    await projection.apply(change.done());
    return indexes[0] ?? 0;
  };

  return {
    async settle(text) {
      // Before the log is locked: who may not write holds up nobody.
      const read = readLogged(text, verifiers);
      return await writer.exclusively(async (log) => {
        await catchUp(log);
        const known = await projection.find(read.digest);
        if (known !== undefined) return { digest: read.digest, index: known, transitions: [] };
        await accept(read, projection, now());
        const ids = (await concerned(read.predicate.integration)).filter((id) => id !== everyone);
        const standings = await Promise.all(ids.map(starting));
        const transitions = standings.flatMap((standing) => consequences(standing, read, rules));
        const index = await record(log, { text, read }, transitions);
        return { digest: read.digest, index, transitions };
      });
    },
    lapse: (until) =>
      writer.exclusively(async (log) => {
        await catchUp(log);
        const standings = await Promise.all((await projection.integrations()).map(starting));
        const transitions = standings.flatMap((standing) => lapses(standing, rules, until.toISOString()));
        if (transitions.length > 0) await record(log, undefined, transitions);
        return transitions;
      }),
    catchUp: () => writer.exclusively(catchUp),
    standing: starting,
  };
}

async function accept(read: Read, projection: Projection, now: Date): Promise<void> {
  if (read.kind === 'transition')
    throw new CertificationError(
      'not-accepted',
      'expected a test result or an act, got a transition: the register makes those itself',
    );
  if (Date.parse(read.at) > now.getTime() + tolerance)
    throw new CertificationError(
      'from-the-future',
      `expected a statement of the past, got one of ${read.at}, and now is ${now.toISOString()}; set the clocks right`,
    );
  // What a key signed goes on to count after its end; what is new then may be backdated by who found it.
  if (read.keys.every(({ until }) => until !== undefined && until < now.toISOString()))
    throw new EvidenceError(
      'key-not-entitled',
      `expected a key that counts at ${now.toISOString()}, got ${read.keys.map(({ id, until }) => `${id} until ${until}`).join(', ')}; sign it with the key that came after`,
    );
  const index = await projection.find(identityOf(read) ?? '');
  if (index !== undefined)
    throw new CertificationError(
      'duplicate',
      `expected what the log does not have, got what entry ${index} says already in another envelope`,
    );
  if (read.kind === 'test-result') {
    const { integration, partner } = read.predicate;
    const { registrations } = (await projection.standing(integration)) ?? unknownStanding(integration);
    const owners = registrations.map(({ registration }) => registration.partner);
    // Ids are unique within a directory; another partner's own may have the same one.
    if (owners.length > 0 && !owners.includes(partner))
      throw new CertificationError(
        'not-accepted',
        `expected a run of ${integration} of ${owners.join(' or ')}, as it is registered, got one of ${partner}; correct the integration file, or register it anew`,
      );
  }
  if (read.kind === 'act' && read.predicate.deed.kind === 'register')
    for (const key of keysOf(read.predicate)) {
      const holder = await projection.holder(key);
      if (holder !== undefined && holder !== read.predicate.integration)
        throw new CertificationError(
          'key-taken',
          `expected a ${key.kind} that is ${read.predicate.integration}'s own in ${key.environment}, got ${key.value}, which ${holder} is registered with`,
        );
    }
}

function keysOf({ deed, environment }: Act): readonly AccessKey[] {
  if (deed.kind !== 'register') return [];
  const { clients, certificates } = deed.registration;
  return (environment === undefined ? environments : [environment]).flatMap((within) => [
    ...clients.map((value) => ({ environment: within, kind: 'client', value }) as const),
    ...certificates.map((value) => ({ environment: within, kind: 'certificate', value }) as const),
  ]);
}
