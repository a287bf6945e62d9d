import { actions, type Action } from './decision.ts';
import { environments, type Environment } from '../certification/certification.ts';
import { editionIds } from '../profiles/editions.ts';
import type { Path } from './condition.ts';
import {
  atPath,
  factAt,
  isUnknown,
  profilesWith,
  unknownProfile,
  unknownRegistration,
  type Facts,
} from './facts.ts';
import { evaluate, type Condition, type Policy } from './policy.ts';

/** Two sets of facts of which the weaker one is allowed and the stronger one is denied. */
export interface Counterexample {
  readonly rule: string;
  readonly environment: Environment;
  readonly action: Action;
  readonly integration: string;
  /** What it takes away to be let in: the facts that differ. */
  readonly denied: Readonly<Record<string, unknown>>;
  readonly allowed: Readonly<Record<string, unknown>>;
  /** The other facts that the rule looks at. */
  readonly others: Readonly<Record<string, unknown>>;
}

/** What was tried: `every` combination of the values at which the comparisons of a rule can change, or `some`. */
export interface Search {
  readonly counterexample: Counterexample | undefined;
  readonly tried: number;
  readonly extent: 'every' | 'some';
}

/**
 * Looks for a rule to which a missing fact is an advantage. If each condition loses by losing facts, so does every rule, and
 * all of them together: only a rule with another condition is tried as a whole.
 * @param random Yields numbers from 0 up to 1; used only where a rule has more combinations than `limit`.
 * @param limit Combinations to try for one rule.
 */
export function findCounterexample(policy: Policy, random: () => number, limit = 3000): Search {
  const search = { tried: 0, extent: 'every' as Search['extent'] };
  for (const environment of environments)
    for (const action of actions)
      for (const rule of policy.rules) {
        const integration = rule.integration ?? 'any';
        const ask = (paths: readonly Path[], point: readonly unknown[]): Answer | undefined => {
          search.tried += 1;
          const facts = factsAt(paths, point);
          const { allowed, asked } = evaluate(policy, { integration, environment, action, facts });
          const met = asked.find((each) => each.rule === rule)?.met;
          return met === undefined ? undefined : { met, allowed: allowed !== undefined };
        };
        if (ask([], []) === undefined) continue;
        const isSafe = rule.conditions.every((condition, part) => {
          const [paths, axes] = spaceOf([condition]);
          const isMet = (point: readonly unknown[]): boolean => ask(paths, point)?.met[part] ?? false;
          return (
            size(axes) <= limit && firstGain(combinations(axes), paths, axes, isMet, isMet) === undefined
          );
        });
        if (isSafe) continue;
        const [paths, axes] = spaceOf(rule.conditions);
        if (size(axes) > limit) search.extent = 'some';
        const gain = firstGain(
          size(axes) <= limit ? combinations(axes) : samples(axes, random, limit),
          paths,
          axes,
          (point) => ask(paths, point)?.met.every(Boolean) ?? false,
          (point) => ask(paths, point)?.allowed ?? false,
        );
        if (gain !== undefined)
          return {
            ...search,
            counterexample: { rule: rule.id, environment, action, integration, ...differences(paths, gain) },
          };
      }
  return { ...search, counterexample: undefined };
}

interface Answer {
  readonly met: readonly boolean[];
  readonly allowed: boolean;
}

/** Values of facts, in the order of their paths. */
type Point = readonly unknown[];

/** The first point that is met and that can be made of one that is not let in. */
function firstGain(
  points: readonly Point[],
  paths: readonly Path[],
  axes: readonly Point[],
  isMet: (point: Point) => boolean,
  isLetIn: (point: Point) => boolean,
): { readonly weaker: Point; readonly stronger: Point } | undefined {
  for (const weaker of points) {
    if (!isMet(weaker)) continue;
    for (const stronger of strengthened(weaker, paths, axes))
      if (!isLetIn(stronger)) return { weaker, stronger };
  }
  return undefined;
}

function differences(
  paths: readonly Path[],
  { weaker, stronger }: { readonly weaker: Point; readonly stronger: Point },
): Pick<Counterexample, 'denied' | 'allowed' | 'others'> {
  const pick = (values: Point, keep: (at: number) => boolean): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      paths.flatMap((path, at) =>
        keep(at) ? [[path.join('.'), isUnknown(values[at]) ? 'unknown' : values[at]]] : [],
      ),
    );
  const differs = (at: number): boolean => weaker[at] !== stronger[at];
  return {
    denied: pick(stronger, differs),
    allowed: pick(weaker, differs),
    others: pick(weaker, (at) => !differs(at)),
  };
}

/** The single facts that conditions look at, and the values of each that matter. */
function spaceOf(conditions: readonly Condition[]): readonly [readonly Path[], readonly Point[]] {
  const found = conditions.flatMap(({ paths }) => paths.flatMap(expand));
  const paths = [...new Map(found.map((path) => [path.join('.'), path])).values()];
  return [paths, paths.map((path) => candidates(conditions, path))];
}

const size = (axes: readonly Point[]): number => axes.reduce((product, axis) => product * axis.length, 1);

const samples = (axes: readonly Point[], random: () => number, count: number): readonly Point[] =>
  Array.from({ length: count }, () => axes.map((axis) => axis[Math.floor(random() * axis.length)]));

/** A whole record stands for each of its members. */

function expand(path: Path): readonly Path[] {
  const value = atPath(nothing, path);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.keys(value).flatMap((name) => expand([...path, name]))
    : [path];
}

const nothing: Facts = {
  sandbox: profilesWith({}),
  production: profilesWith({}),
  ...unknownRegistration,
};

const worstOf = (path: Path): unknown => atPath(nothing, path);

/** The values of a fact at which conditions can change, the worst first. */
function candidates(conditions: readonly Condition[], path: Path): Point {
  const name = path.join('.');
  const literals = conditions
    .filter(({ paths }) =>
      paths.some((each) => name === each.join('.') || name.startsWith(`${each.join('.')}.`)),
    )
    .flatMap((condition) => condition.literals);
  const worst = worstOf(path);
  switch (typeof worst) {
    case 'boolean':
      return [false, true];
    case 'number': {
      const direction = Math.sign(worst);
      const numbers = literals.filter((literal) => typeof literal === 'number');
      const around = numbers.flatMap((number) => [number - 1, number, number + 1]);
      const values = [...new Set([worst, ...around, factAt(path)?.best ?? 0])] as number[];
      return values.toSorted((one, other) => (other - one) * direction);
    }
    default: {
      const texts = [...new Set(literals.filter((literal) => typeof literal === 'string'))];
      return [[], ...texts.map((text) => [text]), texts, [...texts, 'something else']];
    }
  }
}

function combinations(axes: readonly Point[]): readonly Point[] {
  return axes.reduce<readonly Point[]>(
    (points, axis) => points.flatMap((point) => axis.map((value) => [...point, value])),
    [[]],
  );
}

/**
 * The points that a point can be made from by taking something away: by lowering one fact; and, where it knows nothing of
 * a profile, by losing all of that at once. What a registration lists is no evidence: a list is only lost as a whole, and
 * then the integration is not registered.
 */
function* strengthened(point: Point, paths: readonly Path[], axes: readonly Point[]): Iterable<Point> {
  for (const [at, axis] of axes.entries()) {
    if (Array.isArray(point[at])) continue;
    for (const better of axis.slice(axis.indexOf(point[at]) + 1)) yield point.with(at, better);
  }
  for (const environment of environments)
    for (const edition of editionIds) {
      const own = paths.flatMap((path, at) => (path[0] === environment && path[1] === edition ? [at] : []));
      const gone = own.every((at) => isWorst(point[at], worstOf(paths[at] ?? [])));
      if (own.length === 0 || !gone) continue;
      for (const known of combinations(own.map((at) => axes[at] ?? [])))
        yield point.map((value, at) => (own.includes(at) ? known[own.indexOf(at)] : value));
    }
}

const isWorst = (value: unknown, worst: unknown): boolean =>
  value === worst || (Array.isArray(value) && value.length === 0);

function factsAt(paths: readonly Path[], point: Point): Facts {
  const valueOf = (path: Path, fallback: unknown): unknown => {
    const at = paths.findIndex((each) => each.join('.') === path.join('.'));
    return at === -1 ? fallback : point[at];
  };
  const fill = <R extends object>(record: R, before: Path): R =>
    Object.fromEntries(
      Object.entries(record).map(([name, worst]) => [name, valueOf([...before, name], worst)]),
    ) as R;
  const profiles = (environment: Environment): Facts[Environment] =>
    Object.fromEntries(editionIds.map((edition) => [edition, fill(unknownProfile, [environment, edition])]));
  return {
    sandbox: profiles('sandbox'),
    production: profiles('production'),
    ...fill(unknownRegistration, []),
  };
}
