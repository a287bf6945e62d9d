import type { Requirement } from '../../requirements/specification.ts';
import type { TestResult, TestResultStatement } from '../statement.ts';

/** A statement of a run that somebody has verified, and the digest of its envelope. */
export interface Verified {
  readonly statement: TestResultStatement;
  readonly digest: string;
}

/** What the catalogue says of a requirement; undefined where it does not know it. */
export type Describe = (id: string) => Pick<Requirement, 'text' | 'why' | 'link'> | undefined;

/** What became of a requirement in a run, as every export shows it. */
export interface Outcome {
  readonly id: string;
  readonly level: TestResult['requirements'][number]['level'];
  /** `waived` is a failure that somebody accepted for a while. It is no pass. */
  readonly result: 'pass' | 'fail' | 'waived' | 'warn' | 'inconclusive' | 'not-applicable';
  readonly text: string;
  readonly why: string;
  readonly link?: string | undefined;
  readonly fault?: string | undefined;
  readonly waiver?: TestResult['waivers'][number] | undefined;
}

/** The outcomes of a run, in the order of its requirements. */
export function outcomesOf({ statement }: Verified, describe: Describe): readonly Outcome[] {
  const { requirements, waivers } = statement.predicate;
  return requirements.map(({ id, level, verdict, fault }) => {
    const known = describe(id);
    const waiver = verdict === 'fail' ? waivers.find(({ requirement }) => requirement === id) : undefined;
    return {
      id,
      level,
      result: waiver === undefined ? verdict : 'waived',
      text: known?.text ?? id,
      why: known?.why ?? 'The catalogue does not know this requirement.',
      link: known?.link,
      fault,
      waiver,
    };
  });
}

/** Statements in the order of time, each once: an export is the same for the same statements. */
export function inOrder(statements: readonly Verified[]): readonly [Verified, ...Verified[]] {
  const unique = [...new Map(statements.map((each) => [each.digest, each])).values()];
  const key = ({ statement, digest }: Verified): string => `${statement.predicate.run.finished} ${digest}`;
  const [first, ...rest] = unique.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
  if (first === undefined) throw new RangeError('expected at least one statement to export, got none');
  return [first, ...rest];
}
