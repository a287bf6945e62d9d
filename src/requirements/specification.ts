/** Who a requirement speaks to: one role, both kinds of servers, or everybody. */
export type Party = Role | 'servers' | 'all';

/** What an integration can be tested as. */
export type Role = 'authorization-server' | 'resource-server' | 'client';

/** RFC 2119's levels, in the words of the OpenID specifications. */
export type Level = 'shall' | 'should' | 'may';

/** One normative item of a specification, paraphrased. */
export interface Requirement {
  readonly party: Party;
  readonly level: Level;
  /** What is demanded, as a sentence about the party. */
  readonly text: string;
  /** The attack or the failure that the item prevents. */
  readonly why: string;
  /** The item in the published text, as a URL. */
  readonly link: string;
  /** The reason why no check exercises the item; absent where one does. */
  readonly untested?: string;
}

/** A requirement before it has its place in the text. */
export type Row = Omit<Requirement, 'link'>;

const at =
  (level: Level) =>
  (party: Party, text: string, why: string, untested?: string): Row => ({
    party,
    level,
    text,
    why,
    ...(untested === undefined ? {} : { untested }),
  });

/** A row of each level: the party, what it must do, why, and the reason if nothing tests it. */
export const shall = at('shall');
export const should = at('should');
export const may = at('may');

/** Names the rows of a specification, `<name>/<clause>-<position>`, and links each to its place in the text. */
export function specification<const Name extends string, const Clause extends string>(
  name: Name,
  link: (clause: string) => string,
  rows: Readonly<Record<Clause, Row>>,
): Readonly<Record<`${Name}/${Clause}`, Requirement>> {
  const named = Object.entries<Row>(rows).map(([clause, row]) => [
    `${name}/${clause}`,
    { ...row, link: link(clause) },
  ]);
  return Object.fromEntries(named) as Record<`${Name}/${Clause}`, Requirement>;
}

/** An RFC's rows: `<rfc>/<section>-<position among our rows of that section>`. */
export const rfc = <const Name extends string, const Clause extends string>(
  name: Name,
  rows: Readonly<Record<Clause, Row>>,
) =>
  specification(
    name,
    (item) => `https://www.rfc-editor.org/rfc/${name}.html#section-${item.slice(0, item.lastIndexOf('-'))}`,
    rows,
  );

/** Whether the party that a requirement speaks to includes a role. */
export function speaksTo(party: Party, role: Role): boolean {
  return party === 'all' || party === role || (party === 'servers' && role !== 'client');
}
