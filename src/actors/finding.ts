import type { X509Certificate } from 'node:crypto';
import { faults, type Fault } from '../verdict/verdict.ts';

/** One thing that was looked at before, or instead of, a run. */
export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'warning' | 'problem';
  /** Who can mend it; absent where all is well. */
  readonly fault?: Fault;
  readonly detail: string;
  readonly advice?: string;
}

const day = 86_400_000;

/** A finding that all is well. */
export const ok = (what: string, detail: string): Finding => ({ what, state: 'ok', detail });

/** The finding, or the error that kept it from being made. */
export async function found(
  what: string,
  look: () => Promise<Finding | undefined>,
): Promise<Finding | undefined> {
  try {
    return await look();
  } catch (error) {
    const fault =
      error instanceof Error && 'fault' in error ? faults.find((each) => each === error.fault) : undefined;
    return {
      what,
      state: 'problem',
      fault: fault ?? 'harness',
      detail: error instanceof Error ? error.message : String(error),
    };
  }
}

/** For how long a certificate is valid yet. */
export function validity(what: string, { validFromDate, validToDate }: X509Certificate, now: Date): Finding {
  const left = Math.floor((validToDate.getTime() - now.getTime()) / day);
  const problem = (detail: string, advice: string): Finding => ({
    what,
    state: 'problem',
    fault: 'configuration',
    detail,
    advice,
  });
  if (now > validToDate)
    return problem(
      `expired on ${validToDate.toISOString().slice(0, 10)}`,
      'Have it renewed and register the new one.',
    );
  if (now < validFromDate)
    return problem(`is not valid before ${validFromDate.toISOString()}`, 'Wait, or compare the clocks.');
  const detail = `valid for ${left} more days, until ${validToDate.toISOString().slice(0, 10)}`;
  return left < 30
    ? { what, state: 'warning', fault: 'configuration', detail, advice: 'Have it renewed soon.' }
    : ok(what, detail);
}
