import type { Transition } from '../certification/act.ts';
import type { Standing } from '../certification/standing.ts';
import type { EnforcementEvent } from '../enforcement/event.ts';
import type { Gate } from '../gate/gate.ts';

/** A change of a certification, as one line. */
export const sentenceOfTransition = ({ integration, from, because, certification }: Transition): string =>
  `certification: ${integration} in ${certification.environment} under ${certification.edition}: ${from} -> ${certification.state}: ${because}`;

/** What enforcement did, as one line. */
export function sentenceOf(event: Exclude<EnforcementEvent, { readonly kind: 'interrupted' }>): string {
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

/** Tells of break-glass: whoever opened it, until when, and that it ended. Whoever calls it again is told what is new. */
export function announcer(tell: (line: string) => void) {
  let living = new Map<string, string>();
  return (standings: readonly Standing[], now: Date): void => {
    const at = now.toISOString();
    const found = new Map(
      standings.flatMap(({ integration, break_glass: opened }) =>
        opened
          .filter(({ until }) => until > at)
          .map(({ statement, environment, actor, until, reason }) => [
            statement,
            { what: `${integration} in ${environment}`, how: `by ${actor} until ${until}: ${reason}` },
          ]),
      ) as readonly (readonly [string, { readonly what: string; readonly how: string }])[],
    );
    for (const [statement, { what, how }] of found)
      if (!living.has(statement)) tell(`break-glass: ${what} was opened ${how}`);
    for (const [statement, what] of living)
      if (!found.has(statement)) tell(`break-glass: that of ${what} is over`);
    living = new Map([...found].map(([statement, { what }]) => [statement, what]));
  };
}

/** How many parties shadow mode remembers what it told of. */
const remembered = 10_000;

/** A gate that tells what shadow mode lets pass, once for each decision that is another one than before. */
export function telling(gate: Gate, tell: (line: string) => void): Gate {
  const told = new Map<string, string>();
  return {
    async ask(question) {
      const decision = await gate.ask(question);
      const { integration, environment, action, rule, mode } = decision;
      if (mode === 'enforce') return decision;
      const what = `${integration} ${environment} ${action}`;
      const said = `${decision.decision} ${rule}`;
      if (told.get(what) === said) return decision;
      told.set(what, said);
      // Callers may name themselves anew without end: the oldest is forgotten.
      const [oldest] = told.size > remembered ? told.keys() : [];
      if (oldest !== undefined) told.delete(oldest);
      if (decision.decision === 'deny')
        tell(
          `shadow: would deny ${action} of ${integration} in ${environment}: ${decision.reasons.join('; ')}`,
        );
      return decision;
    },
  };
}
