import { canonical, digestOf } from '../evidence/canonical.ts';
import type { Statement, Subject } from '../evidence/statement.ts';
import { actType, transitionType, type Act, type Transition } from './act.ts';
import type { Certification } from './certification.ts';
import type { Event } from './event.ts';

/**
 * The record of a change.
 * @param evidence Digest of the envelope that caused it; none for what the clock did.
 */
export function transition(
  integration: string,
  before: Certification,
  event: Event,
  after: Certification,
  evidence?: string,
): Transition {
  return {
    integration,
    from: before.state,
    event: event.kind,
    because: because(before, event, after),
    ...(evidence === undefined ? {} : { evidence }),
    actor: event.actor,
    at: event.at,
    certification: after,
  };
}

/** The statement of an act, to be sealed by its actor. */
export const actStatement = (act: Act): Statement<Act> => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [subjectOf(act.integration, act)],
  predicateType: actType,
  predicate: act,
});

/** The statement of a transition, to be sealed by the keeper of the log. */
export const transitionStatement = (made: Transition): Statement<Transition> => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [subjectOf(made.integration, made)],
  predicateType: transitionType,
  predicate: made,
});

/** in-toto demands a subject with a digest: that of the predicate itself. */
const subjectOf = (name: string, predicate: Act | Transition): Subject => ({
  name,
  digest: { sha256: digestOf(canonical(predicate)) },
});

/** One sentence: what happened, and what it led to. */
function because(before: Certification, event: Event, after: Certification): string {
  const outcome =
    before.state !== after.state
      ? ` It was ${before.state}, and is ${after.state}${after.deadline === undefined ? '' : ` until ${after.deadline}`}.`
      : after.suspicion !== undefined && after.suspicion !== before.suspicion
        ? ` It stays ${after.state} under suspicion until ${after.suspicion.until}.`
        : after.stale !== undefined && after.stale !== before.stale
          ? ` It stays ${after.state}, and opens nothing.`
          : ` It stays ${after.state}.`;
  return `${happened(before, event)}${outcome}`;
}

function happened(before: Certification, event: Event): string {
  switch (event.kind) {
    case 'passed':
      return `Run ${event.run.run} passed${excepted(event.run)}.`;
    case 'failed-critical':
      return `Run ${event.run.run} failed critical requirements: ${event.requirements.join(', ')}.`;
    case 'failed-minor':
      return `Run ${event.run.run} failed minor requirements: ${event.requirements.join(', ')}.`;
    case 'failed-disputed':
      return `Run ${event.run.run} failed nothing but what is disputed${excepted(event.run)}.`;
    case 'inconclusive':
      return `Run ${event.run.run} could not be judged. ${event.reason}`;
    case 'evidence-expired':
      return `Run ${before.basis?.run ?? ''} shows nothing after ${before.basis?.expires ?? ''}.`;
    case 'fingerprint-changed':
      return `The fingerprint is ${event.fingerprint}, and not that of run ${before.basis?.run ?? ''}.`;
    case 'waiver-granted':
      return `${event.actor} waived ${event.requirement}.`;
    case 'waiver-withdrawn':
      return `${event.actor} withdrew the waiver of ${event.requirement}.`;
    case 'waiver-expired':
      return `The waiver of ${event.requirement} expired.`;
    case 'suspended':
    case 'revoked':
    case 'reinstated':
    case 'offboarded':
    case 'registered':
      return `${event.actor} ${event.kind} it: ${event.reason}.`;
    case 'edition-retired':
      return `${event.actor} retired the edition: ${event.reason}.`;
    case 'deadline-passed':
      return `No run passed before the deadline ${before.deadline ?? ''}.`;
    case 'confirmation-lapsed':
      return `Reruns neither confirmed nor refuted a critical failure until ${before.suspicion?.until ?? ''}.`;
    case 'inconclusive-too-long':
      return `No run had an answer since ${before.inconclusive_since ?? ''}.`;
    case 'disputed':
      return `${event.actor} disputed the check of ${event.requirement}: ${event.reason}.`;
    case 'dispute-settled':
      return `${event.actor} settled the dispute about ${event.requirement}: ${event.reason}.`;
  }
}

function excepted({
  waived,
  disputed,
}: {
  readonly waived: readonly string[];
  readonly disputed: readonly string[];
}): string {
  const parts = [
    ...(waived.length > 0 ? [`waived: ${waived.join(', ')}`] : []),
    ...(disputed.length > 0 ? [`disputed: ${disputed.join(', ')}`] : []),
  ];
  return parts.length > 0 ? ` (${parts.join('; ')})` : '';
}
