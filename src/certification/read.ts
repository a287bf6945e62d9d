import { canonical } from '../evidence/canonical.ts';
import { openEnvelope, readStatement } from '../evidence/envelope.ts';
import { EvidenceError } from '../evidence/error.ts';
import { shaped } from '../evidence/shape.ts';
import {
  testResultType,
  TestResultStatement,
  type Statement,
  type TestResult,
} from '../evidence/statement.ts';
import type { Entitlement, VerifierKey, Verifiers } from '../evidence/verifiers.ts';
import {
  ActStatement,
  actType,
  longestGlass,
  TransitionStatement,
  transitionType,
  type Act,
  type Deed,
  type Transition,
} from './act.ts';
import { everyone, type Logged } from './fold.ts';
import { later } from './next.ts';
import { actStatement, transitionStatement } from './transition.ts';

/** A statement that counts: its form, its signatures and the rights of who signed it are verified. */
export type Read = Logged & { readonly at: string; readonly keys: readonly VerifierKey[] } & (
    | { readonly kind: 'test-result'; readonly predicate: TestResult }
    | { readonly kind: 'act'; readonly predicate: Act }
    | { readonly kind: 'transition'; readonly predicate: Transition }
  );

/**
 * Reads an envelope of any kind that the log holds.
 * @throws EvidenceError as `readStatement` and `checkAct` do; `wrong-subject` when the subject is not that of the predicate.
 */
export function readLogged(text: string, verifiers: Verifiers): Read {
  // The signatures first: nothing that a stranger wrote is looked into.
  const { statement: signed } = openEnvelope(text, verifiers);
  checkText(signed);
  switch (signed.predicateType) {
    case testResultType:
      return readTestResult(text, verifiers);
    case actType:
      return readAct(text, shaped(ActStatement, signed, 'an act').predicate, verifiers);
    case transitionType: {
      const at = ({ predicate }: { readonly predicate: Transition }): string => predicate.at;
      const { statement, digest, keys } = readStatement(text, TransitionStatement, verifiers, {
        may: 'transition',
        at,
        // A deadline passes, and a run ends, before it is recorded: a new key records what the old one had not.
        told: 'late',
      });
      checkSubject(statement, transitionStatement(statement.predicate));
      return {
        kind: 'transition',
        statement,
        digest,
        keys,
        predicate: statement.predicate,
        at: at(statement),
      };
    }
    default:
      throw new EvidenceError(
        'malformed',
        `expected a test result, an act or a transition, got a statement of type ${signed.predicateType}`,
      );
  }
}

function readTestResult(text: string, verifiers: Verifiers): Read {
  const { statement, digest, keys } = readStatement(text, TestResultStatement, verifiers, {
    may: 'run',
    at: ({ predicate }) => predicate.run.finished,
  });
  const { predicate } = statement;
  const { partner, integration, environment, run, expires } = predicate;
  const [subject] = statement.subject;
  const name = `${partner}/${integration}/${environment}`;
  if (subject?.name !== name || subject.digest['sha256'] === undefined)
    throw new EvidenceError(
      'wrong-subject',
      `expected ${name} and the digest of its fingerprint as the first subject, got ${subject?.name ?? 'none'}`,
    );
  checkInstants([run.started, run.finished, expires]);
  if (run.started > run.finished || run.finished >= expires)
    throw new EvidenceError(
      'malformed',
      `expected a run that ended after it started at ${run.started}, and evidence that expires after both, got ${run.finished} and ${expires}`,
    );
  return { kind: 'test-result', statement, digest, keys, predicate, at: run.finished };
}

function readAct(text: string, { deed, actor }: Act, verifiers: Verifiers): Read {
  const rights = rightsTo(deed);
  // Who watches signs with the key of runs or of an operator: the one that this actor has.
  const may =
    rights.find((right) =>
      verifiers.keys.some(({ holder, may }) => holder === actor && may.includes(right)),
    ) ?? 'operate';
  const at = ({ predicate }: { readonly predicate: Act }): string => predicate.at;
  const { statement, digest, keys } = readStatement(text, ActStatement, verifiers, { may, at });
  checkSubject(statement, actStatement(statement.predicate));
  checkAct(statement.predicate, keys);
  return { kind: 'act', statement, digest, keys, predicate: statement.predicate, at: at(statement) };
}

/** What a key must be entitled to, one of them, for a deed. */
const rightsTo = ({ kind }: Deed): readonly Entitlement[] =>
  kind === 'waive' ? ['approve'] : kind === 'observe' ? ['run', 'operate'] : ['operate'];

/**
 * Checks what the schema of an act cannot: that its actor signed it and may do it, and that its members agree.
 * @param keys Those that signed it.
 * @throws EvidenceError `key-not-entitled`, `malformed`
 */
export function checkAct(act: Act, keys: readonly VerifierKey[]): void {
  const { deed, actor, at, integration, environment } = act;
  const rights = rightsTo(deed);
  const own = keys.filter(({ holder }) => holder === actor);
  if (!own.some(({ may }) => rights.some((right) => may.includes(right))))
    throw new EvidenceError(
      'key-not-entitled',
      `expected the signature of a key of ${actor} that may ${rights.join(' or ')}, got ${keys.map(({ holder, may }) => `one of ${holder} that may ${may.join(', ')}`).join('; ') || 'none'}`,
    );
  const wrong = (message: string): EvidenceError => new EvidenceError('malformed', message);
  if ((deed.kind === 'retire-edition') !== (integration === everyone))
    throw wrong(
      `expected ${everyone} as the integration of retire-edition, and of nothing else, got ${integration} for ${deed.kind}`,
    );
  if (deed.kind === 'retire-edition' && environment !== undefined)
    throw wrong(`expected an edition to retire in all environments, got ${environment}; leave it out`);
  checkInstants([at]);
  switch (deed.kind) {
    case 'waive':
      checkInstants([deed.expires]);
      if (deed.expires <= at) throw wrong(`expected a waiver that expires after ${at}, got ${deed.expires}`);
      if (folded(deed.owner) === folded(actor))
        throw wrong(`expected somebody else than the owner to approve the waiver, got ${actor} for both`);
      return;
    case 'break-glass':
      checkInstants([deed.until]);
      if (deed.until <= at || deed.until > later(at, longestGlass))
        throw wrong(
          `expected break-glass that ends within ${longestGlass} hours after ${at}, got ${deed.until}`,
        );
      return;
    case 'register':
      checkInstants(
        deed.registration.credentials_expire === undefined ? [] : [deed.registration.credentials_expire],
      );
      return;
    default:
  }
}

const folded = (name: string): string => name.trim().toLowerCase();

/**
 * PostgreSQL holds every text but one with U+0000. A log with an entry that cannot be projected stands still for ever: nobody
 * could be suspended any more.
 */
function checkText(value: unknown): void {
  if (typeof value === 'string' && value.includes('\0'))
    throw new EvidenceError('malformed', 'expected text without U+0000, which no database could hold');
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    checkText(name);
    checkText(member);
  }
}

/** The pattern of the schema lets days pass that no calendar has. */
function checkInstants(instants: readonly string[]): void {
  for (const instant of instants) {
    const time = Date.parse(instant);
    if (Number.isNaN(time) || new Date(time).toISOString() !== instant)
      throw new EvidenceError('malformed', `expected a day and time that exist, got ${instant}`);
  }
}

function checkSubject({ subject }: Statement, expected: Statement): void {
  if (canonical(subject) !== canonical(expected.subject))
    throw new EvidenceError(
      'wrong-subject',
      `expected the subject ${canonical(expected.subject)}, got ${canonical(subject)}`,
    );
}
